# expect: series Net-1; steps 3; status 0; has Net-1/000002/state/a.weight.momentum_buffer; no Net-1/000001/param/c.weight; has Net-1/000003/param/c.weight
# Parameter groups with settings of their own, one of them added later.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.c(self.b(self.a(x)).tanh())


torch.manual_seed(0)
net = Net()
groups = [{"params": net.a.parameters(), "momentum": 0.9}, {"params": net.b.parameters(), "lr": 0.5}]
optimizer = torch.optim.SGD(groups, lr=0.1)
for step in range(3):
    if step == 2:
        optimizer.add_param_group({"params": net.c.parameters(), "weight_decay": 0.1})
    optimizer.zero_grad()
    net(torch.ones(4, 2)).mean().backward()
    optimizer.step()
    print(step)
