# expect: series Linear-1; steps 3; no Linear-1/000001/loss/loss#2; status 0
# expect: unrecorded loss
# An optimizer's step raises; another one goes on.
import torch
from torch import nn

torch.manual_seed(0)
net, x = nn.Linear(3, 1), torch.randn(5, 3)
first, calls = torch.optim.LBFGS(net.parameters()), []


def closure():
    calls.append(1)
    if len(calls) > 4:
        raise ArithmeticError("enough")
    first.zero_grad()
    loss = net(x).square().mean()
    loss.backward()
    return loss


try:
    first.step(closure)
except ArithmeticError as error:
    print(error)
optimizer = torch.optim.Adam(net.parameters())
for _ in range(3):
    optimizer.zero_grad()
    net(x).square().mean().backward()
    optimizer.step()
print(net.weight.sum().item())
