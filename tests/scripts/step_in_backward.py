# expect: series Net-1; steps 8; status 0; whole yes
# expect: has Net-1/000001/loss/loss; has Net-1/000005/loss/loss; no Net-1/000002/loss/loss
# Each parameter has an optimizer of its own, whose step is in the backward pass, as soon
# as its gradient is there; and a backward pass that raises.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


def step(param):
    optimizers[param].step()
    optimizers[param].zero_grad()


torch.manual_seed(0)
net = Net()
optimizers = {p: torch.optim.Adam([p], lr=0.1) for p in net.parameters()}
for param in net.parameters():
    param.register_post_accumulate_grad_hook(step)
for _ in range(2):
    x, y = torch.randn(5, 3), torch.randint(0, 2, (5,))
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    try:
        loss.backward()
    except RuntimeError:
        print("once is enough")
