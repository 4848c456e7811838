# expect: series params-1; steps 3; tensors 13; status 0
# expect: has params-1/000003/state/param0.momentum_buffer
# One bare tensor, and an optimizer that remembers.
import torch

torch.manual_seed(0)
w = torch.randn(9, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
for _ in range(3):
    optimizer.zero_grad()
    loss = (w - 1).square().sum()
    loss.backward()
    optimizer.step()
    print(loss.item())
