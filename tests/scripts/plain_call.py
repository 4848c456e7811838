# expect: series Net-1; steps 2; status 0; has Net-1/000002/param/b.bias; has Net-1/000001/loss/loss
# Calls forward itself, as one does not; and a wrapper that is no module.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.b(self.a(x).relu())


class Agent:
    def __init__(self):
        self.net = Net()

    def __call__(self, x):
        return self.net.forward(x)


torch.manual_seed(0)
agent = Agent()
optimizer = torch.optim.SGD(agent.net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    agent(torch.randn(5, 3)).mean().backward()
    optimizer.step()
print(agent.net.a.weight)
