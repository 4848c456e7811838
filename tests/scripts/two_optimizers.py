# expect: series Net-1; steps 6; status 0; whole yes; has Net-1/000001/param/a.weight; no Net-1/000001/param/b.weight; has Net-1/000002/param/b.weight
# Two optimizers over two halves of one network, one after the other.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.b(self.a(x).tanh())


torch.manual_seed(0)
net = Net()
opts = [torch.optim.SGD(net.a.parameters(), lr=0.1), torch.optim.Adam(net.b.parameters())]
for _ in range(3):
    for opt in opts:
        opt.zero_grad()
    nn.functional.mse_loss(net(torch.randn(4, 3)), torch.ones(4, 3)).backward()
    for opt in opts:
        opt.step()
print(net.b.bias)
