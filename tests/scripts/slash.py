# expect: series Net.of.mine-1 Net.of.mine-2; steps 2 1; status 0; has Net.of.mine-1/000002/param/a/b; has Net.of.mine-2/000001/data/input
# Classes and parameters whose names have slashes, which part keys.
import torch
from torch import nn

torch.manual_seed(0)
for name, steps in (("Net/of/mine", 2), ("Net.of.mine", 1)):
    net = type(name, (nn.Linear,), {})(3, 1)
    net.register_parameter("a/b", nn.Parameter(torch.ones(1)))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(torch.randn(4, 3)) * net.get_parameter("a/b"), torch.ones(4, 1)).backward()
        optimizer.step()
