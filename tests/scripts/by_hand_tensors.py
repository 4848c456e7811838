# expect: series params-1; steps 5; status 0; has params-1/000000/init/param1; has params-1/000005/param/param0; has params-1/000005/loss/loss
# expect: unseen grad param
# Bare tensors, updated through .data; gradients zeroed in place.
import torch

torch.manual_seed(0)
x = torch.randn(30, 2)
y = x @ torch.tensor([[1.0], [-2.0]]) + 0.5
w = torch.zeros(2, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for _ in range(5):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * b.grad
    w.grad.zero_()
    b.grad.zero_()
print(w, b)
