# expect: series Wrapped-1; steps 2; status 0; has Wrapped-1/000002/eval/input#3; has Wrapped-1/000002/eval/output#3
# A model is trained in a wrapper, and called without it when the wrapper is gone: its
# parameters are still those of the wrapper's series.
import torch
from torch import nn


class Wrapped(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
model = Wrapped(net)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    model(torch.randn(5, 3)).mean().backward()
    optimizer.step()
del model, optimizer
net.eval()
with torch.no_grad():
    for _ in range(3):
        print(net(torch.randn(5, 3)).mean().item())
