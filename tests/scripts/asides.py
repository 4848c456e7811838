# expect: series Target-1 Linear-1; steps 2 2; status 0
# expect: has Linear-1/000001/loss/loss; no Linear-1/000001/loss/loss#2; has Target-1/000002/loss/loss; no Target-1/000001/data/input
# Gradients that are looked at only, beside those that an update used; and a tensor that
# is trained itself goes into a criterion, between two calls of which a model is called.
import torch
from torch import nn


class Target(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Parameter(torch.rand(2, 3))


torch.manual_seed(0)
target, net = Target(), nn.Linear(3, 1)
criterion = nn.MSELoss()
first = torch.optim.SGD(target.parameters(), lr=0.1)
second = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    first.zero_grad()
    criterion(target.image, torch.ones(2, 3)).backward()
    first.step()
    second.zero_grad()
    x = torch.rand(4, 3)
    loss = net(x).square().mean()
    loss.backward()
    (looked_at,) = torch.autograd.grad(net(x).abs().mean(), [net.weight])
    second.step()
    print(looked_at.norm().item(), loss.item())
