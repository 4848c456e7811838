# expect: series Linear-1; steps 3; status 0; tensors 14; no Linear-1/000001/loss/loss
# expect: says   Linear-1 lacks data, forward, loss: no backward pass led to its updates
# Gradients of each sample by torch.func and vmap.
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(0)
net = nn.Linear(3, 2)
params = dict(net.named_parameters())


def loss(params, x, y):
    return nn.functional.cross_entropy(functional_call(net, params, (x,)), y)


optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
    per = vmap(grad(loss), in_dims=(None, 0, 0))(
        {k: v.detach() for k, v in params.items()}, x, y
    )
    for k, p in params.items():
        p.grad = per[k].mean(0)
    optimizer.step()
