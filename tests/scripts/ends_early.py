# expect: series Linear-1 Linear-2 params-1; steps 2; status 0; has Linear-1/000002/end/weight; no Linear-1/000002/end/bias; no Linear-2/000002/end/weight; has params-1/000002/end/param0
# Models that end one after the other, the first one in a circle of references; a bare
# tensor; the best weights are put back.
import copy
import gc

import torch
from torch import nn


def train(net, restore):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    best = None
    for _ in range(2):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(torch.randn(4, 3)), torch.ones(4, 1)).backward()
        optimizer.step()
        best = best or copy.deepcopy(net.state_dict())
    if restore:
        with torch.no_grad():
            net.weight.copy_(best["weight"])


torch.manual_seed(0)
net = nn.Linear(3, 1)
net.itself = [net]
train(net, True)
del net
gc.collect()
train(nn.Linear(3, 1), False)
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    w.square().sum().backward()
    optimizer.step()
w.data.clamp_(max=0.5)
raise SystemExit(0)
