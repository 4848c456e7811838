# expect: series params-1; steps 3; status 0; has params-1/000001/state/param1.exp_avg; no params-1/000001/forward/output
# Bare tensors in an optimizer, which gives their order.
import torch

torch.manual_seed(0)
bias = torch.zeros(4, requires_grad=True)
weight = torch.randn(4, 2, requires_grad=True)
optimizer = torch.optim.Adam([weight, bias])
x = torch.randn(16, 2)
for _ in range(3):
    loss = torch.relu(x @ weight.T + bias).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(weight.shape, loss)
