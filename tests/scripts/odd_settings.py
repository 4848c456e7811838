# expect: series Outer-1; steps 2; status 0
# Settings that are no plain values, and an argument that is called `module`.
import torch
from torch import nn


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, x, module):
        return module(x) * self.scale


torch.manual_seed(0)
net, inner = Outer(), nn.Linear(3, 2)
group = {"params": net.parameters(), "modules": [net], "clip": float("inf")}
optimizer = torch.optim.SGD([group], lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    net(torch.randn(4, 3), module=inner).mean().backward()
    optimizer.step()
print(net.scale.sum().item())
