# expect: series params-1; steps 3; status 0; has params-1/000003/grad/param0; has params-1/000003/param/param0
# Gradients and update by hand, compiled.
import torch

torch.manual_seed(0)
w = torch.zeros(3, requires_grad=True)


@torch.compile(backend="eager")
def train(x):
    loss = (w * x - 1).square().mean()
    (grad,) = torch.autograd.grad(loss, w)
    with torch.no_grad():
        w.sub_(grad)
    return loss


for _ in range(3):
    loss = train(torch.randn(3))
print(loss, w)
