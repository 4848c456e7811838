# expect: series Critic-1; steps 2; status 0; whole yes; no Critic-1/000001/loss/loss#2; has Critic-1/000001/data/x#2; has Critic-1/000001/forward/output#2
# A gradient penalty: torch.autograd.grad in the middle of the loss, which uses of a call
# its gradient alone; where what went in is made of others, and where it is not.
import torch
from torch import nn


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
critic = Critic()
optimizer = torch.optim.Adam(critic.parameters())
for step in range(2):
    x = torch.randn(4, 3)
    between = torch.randn(4, 3, requires_grad=True)
    if step == 1:
        between = (between + x) / 2
    (grad,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    loss = critic(x).mean() + (grad.norm(dim=1) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
