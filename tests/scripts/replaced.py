# expect: series Net-1; steps 6; status 0
# expect: has Net-1/000000/init/fc2.weight#2; has Net-1/000003/grad/fc2.weight#2
# expect: has Net-1/000004/param/fc2.weight; has Net-1/000004/param/fc2.weight#2
# expect: has Net-1/000000/init/fc2.bias#3; has Net-1/000006/param/fc2.weight#3
# A layer is replaced, twice, and the old ones are still the optimizer's.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())


def fit():
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(5, 4)).square().mean().backward()
        optimizer.step()


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
fit()
for size in (5, 6):
    net.fc2 = nn.Linear(8, size)
    optimizer.add_param_group({"params": net.fc2.parameters(), "lr": 0.01})
    fit()
print(net.fc2.weight.sum().item())
