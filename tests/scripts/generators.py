# expect: series Linear-1 Linear-2; steps 2; tensors 34; status 0
# expect: unseen loss grad param
# Roots and inputs of autograd that can be gone through once only.
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
for _ in range(2):
    loss = net(torch.randn(4, 3)).square().mean()
    grads = torch.autograd.grad(loss, net.parameters())
    print(len(grads))
    with torch.no_grad():
        for p, grad in zip(net.parameters(), grads, strict=True):
            p -= 0.1 * grad

net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    out = net(torch.randn(4, 3))
    optimizer.zero_grad()
    torch.autograd.backward(loss for loss in (out.square().mean(), out.mean()))
    optimizer.step()
print(net.weight.sum().item())
