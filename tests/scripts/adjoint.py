# expect: series Ode-1; steps 2; status 0; has Ode-1/000000/eval/y; has Ode-1/000001/eval/y#2
# expect: says   Ode-1 lacks data, forward: autograd followed none of its calls
# A solver as adjoint methods have it: an operation of its own, which calls the model
# without autograd, and again in its backward pass.
import torch
from torch import nn


class Ode(nn.Linear):
    def forward(self, y):
        return super().forward(y).tanh()


class Solve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, ode, y, *params):
        ctx.ode = ode
        with torch.no_grad():
            y = y + 0.5 * ode(y)
            ctx.save_for_backward(y, *params)
            return y + 0.5 * ode(y)

    @staticmethod
    def backward(ctx, grad):
        y, *params = ctx.saved_tensors
        with torch.enable_grad():
            grads = torch.autograd.grad(0.5 * ctx.ode(y), params, grad)
        return None, grad, *grads


torch.manual_seed(0)
ode = Ode(2, 2)
optimizer = torch.optim.SGD(ode.parameters(), lr=0.1)
for _ in range(2):
    y, target = torch.randn(5, 2), torch.randn(5, 2)
    optimizer.zero_grad()
    (Solve.apply(ode, y, *ode.parameters()) - target).abs().mean().backward()
    optimizer.step()
print(ode.weight.sum().item())
