# expect: series Linear-1 Linear-2; steps 1; status 0
# Models that end with the function that made them.
import weakref

import torch
from torch import nn


def fold(k):
    net = nn.Linear(3, 1)
    weakref.finalize(net, print, "freed", k)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.randn(4, 3)).mean().backward()
    optimizer.step()
    print("validated", net(torch.randn(4, 3)).mean().item())


torch.manual_seed(0)
for k in range(2):
    fold(k)
    print("after", k)
