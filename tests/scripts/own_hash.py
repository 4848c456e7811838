# expect: series Net-1 Net-2; steps 2; status 0
# Modules that are equal by a width that they get late.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(3, width)
        self.width = width

    def __hash__(self):
        return hash(self.width)

    def __eq__(self, other):
        return isinstance(other, Net) and other.width == self.width

    def forward(self, x):
        return self.fc(x)


torch.manual_seed(0)
nets = [Net(2), Net(2)]
for net in nets:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
