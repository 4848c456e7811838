# expect: series Pinn-1; steps 2; status 0; has Pinn-1/000001/data/net.input; has Pinn-1/000002/data/net.input; has Pinn-1/000001/grad/lam
# Points at which a derivative is wanted, given to a part of the model.
import torch
from torch import nn


class Pinn(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
        self.lam = nn.Parameter(torch.ones(1))

    def residual(self, t):
        y = self.net(t)
        (slope,) = torch.autograd.grad(y.sum(), t, create_graph=True)
        return (slope + self.lam * y).square().mean()


torch.manual_seed(0)
model = Pinn()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    model.residual(torch.rand(6, 1, requires_grad=True)).backward()
    optimizer.step()
