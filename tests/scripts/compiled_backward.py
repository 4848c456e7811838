# expect: series params-1; steps 3; status 0; has params-1/000003/grad/param0; has params-1/000003/param/param0
# What the backward pass of a compiled step calls is compiled as well.
import logging

import torch

torch._logging.set_logs(dynamo=logging.ERROR)  # warnings that tell the time
calls = []


def counted(graph, _):
    def run(*args):
        calls.append(1)
        return graph(*args)

    return run


def back(x, grad):
    return 2 * x * grad


class Square(torch.autograd.Function):
    @staticmethod
    @torch._dynamo.disable(recursive=False)
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return back(x, grad)


w = torch.ones(3, requires_grad=True)


@torch.compile(backend=counted)
def train():
    loss = Square.apply(w).sum()
    torch._dynamo.graph_break()
    loss.backward()
    with torch.no_grad():
        w.sub_(0.1 * w.grad)
    w.grad = None


for _ in range(3):
    train()
print(w, len(calls), "calls of compiled code")
