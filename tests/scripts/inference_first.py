# expect: series Linear-1 Net-1; steps 4 2; status 0; has Net-1/000000/eval/x; has Net-1/000000/eval/output
# expect: has Linear-1/000001/data/input; has Linear-1/000004/forward/output; no Linear-1/000000/eval/input
# expect: no Net-1/000002/eval/x; has Net-1/000002/eval/output#2
# Evaluates before it trains; a frozen model is only called.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def forward(self, x):
        return self.fc(x)


torch.manual_seed(0)
net, frozen = Net(), nn.Linear(4, 3).requires_grad_(False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
held = torch.randn(5, 3)


@torch.no_grad()
def validate():
    return net(held).mean().item()


print(validate())
for _ in range(2):
    for _ in range(2):
        features = frozen(torch.randn(6, 4))
    optimizer.zero_grad()
    net(features).square().mean().backward()
    optimizer.step()
    print(validate(), validate())
