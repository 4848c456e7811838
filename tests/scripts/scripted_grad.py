# expect: series RecursiveScriptModule-1; steps 2; status 0; losses printed
# TorchScript compiles a call of torch.autograd.grad, and of backward.
from typing import List

import torch
from torch import nn


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def forward(self, place):
        energies: List[torch.Tensor] = [torch.tanh(self.fc(place)).sum()]
        force = torch.autograd.grad(energies, [place], create_graph=True)[0]
        assert force is not None
        return -force


torch.manual_seed(0)
net = torch.jit.script(Energy())
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    loss = net(torch.randn(4, 3, requires_grad=True)).square().mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
