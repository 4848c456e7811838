# expect: series Linear-1; steps 4; tensors 54; status 0; has Linear-1/000001/eval/loss; no Linear-1/000004/eval/loss
# expect: unrecorded loss
# A first backward pass whose gradients are measured, then zeroed or dropped: it is no
# part of the step, and its call an evaluation.
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step in range(4):
    probe, x, y = torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 1)
    net(probe).square().mean().backward()
    print(step, net.weight.grad.norm().item())
    optimizer.zero_grad(set_to_none=step % 2 == 1)
    nn.functional.mse_loss(net(x), y).backward()
    optimizer.step()
    optimizer.zero_grad()
