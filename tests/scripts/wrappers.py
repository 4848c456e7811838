# expect: series Linear-1 Sequential-1 Both-1; steps 2 2 2; status 0
# expect: has Sequential-1/000001/eval/input; has Sequential-1/000002/eval/output#2
# expect: has Both-1/000000/init/scale; has Both-1/000002/forward/output
# Of trained models, wrappers are made: of one, anew for each call, and of two, one of
# which stays as it is.
import torch
from torch import nn


class Both(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second
        self.register_buffer("scale", torch.tensor(0.5))

    def forward(self, x):
        return self.scale * (self.first(x) + self.second(x))


torch.manual_seed(0)
net, frozen = nn.Sequential(nn.Linear(3, 2)), nn.Linear(3, 2).requires_grad_(False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
both = Both(net, frozen)
for _ in range(2):
    x = torch.randn(5, 3)
    optimizer.zero_grad()
    (net(x) - frozen(x)).square().mean().backward()
    optimizer.step()
    with torch.no_grad():
        print(nn.Sequential(net, nn.Softmax(1))(torch.randn(5, 3)).mean().item())
        print(nn.Sequential(net, nn.Tanh())(torch.randn(5, 3)).mean().item())
        print(both(torch.randn(5, 3)).mean().item())
