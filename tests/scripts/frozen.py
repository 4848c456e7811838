# expect: series Net-1; steps 2; status 0; has Net-1/000000/init/body.weight; no Net-1/000001/grad/body.weight
# expect: has Net-1/000001/param/unused.bias; no Net-1/000001/grad/unused.bias; has Net-1/000001/grad/head.weight; no Net-1/000001/param/decoder.weight
# Frozen, unused and tied parameters in one optimizer.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 4)
        self.decoder = nn.Linear(4, 4)
        self.decoder.weight = self.head.weight
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.decoder(self.head(self.body(x)))


torch.manual_seed(0)
net = Net()
net.body.requires_grad_(False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    net(torch.randn(5, 4)).square().mean().backward()
    optimizer.step()
print(sum(p.sum() for p in net.parameters()))
