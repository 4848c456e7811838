# expect: series Linear-1; steps 2; status 1; says until the script raised ValueError
# Raises midway, from inside of a module.
import torch
from torch import nn


class Picky(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        if self.calls > 2:
            raise ValueError("enough")
        return x


torch.manual_seed(0)
picky, net = Picky(), nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    picky(net(torch.ones(2))).sum().backward()
    optimizer.step()
    print("step", step)
