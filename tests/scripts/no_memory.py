# expect: series Linear-1; steps 2; status 0; has Linear-1/000001/grad/weight; no Linear-1/000001/state/cache; no Linear-1/000001/data/input#2
# Tensors whose memory was given back, or that never had any.
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

torch.manual_seed(0)
net = nn.Linear(3, 2)
net.register_buffer("cache", torch.zeros(1000), persistent=False)
net.cache.untyped_storage().resize_(0)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    net(torch.randn(4, 3)).square().mean().backward()
    optimizer.step()
with FakeTensorMode():
    fake = nn.Linear(100, 2)
    fake(torch.randn(100, 100)).sum().backward()
print(fake.weight.grad.shape, net.weight.sum().item())
del fake, net.cache
