# expect: series Linear-1; steps 1; tensors 13; status 0
# A mode that prints every function which is called on tensors.
import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class Log(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        print(getattr(function, "__name__", function))
        return function(*args, **(kwargs or {}))


torch.manual_seed(0)
net = nn.Linear(4, 2)
optimizer = torch.optim.Adam(net.parameters())
with Log():
    net(torch.randn(2, 4)).sum().backward()
    optimizer.step()
