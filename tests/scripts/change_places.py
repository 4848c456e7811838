# expect: series Linear-1; steps 3; status 0; has Linear-1/000002/data/input; has Linear-1/000002/data/input#2; has Linear-1/000003/data/input; no Linear-1/000004/data/input
# Two batches that a model gets in turn, each once as the first.
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
one, other = torch.randn(4, 3), torch.randn(4, 3)
for _ in range(3):
    optimizer.zero_grad()
    (net(one) - 2 * net(other)).square().mean().backward()
    optimizer.step()
    one, other = other, one
