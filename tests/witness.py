"""Sees what a script computes by hooks of its own, and knows nothing of the recorder.

What it saw is held against what was recorded. It can also alter one gradient: the
record has to part from the right one just there.
"""

import pickle
from pathlib import Path

import torch
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)


class Witness:
    """Hooks into every optimizer's step, every backward pass and every call.

    `seen` holds the bytes of what passed, by the phase in which a record has it.
    With `alter`, that gradient of all that optimizers were given becomes another.
    """

    def __init__(self, alter=None):
        self.seen = {"forward": [], "loss": [], "grad": [], "param": []}
        self.grads = 0
        self.alter, self.altered = alter, None
        register_module_forward_hook(self.after_call)
        register_optimizer_step_pre_hook(self.before_step)
        register_optimizer_step_post_hook(self.after_step)
        backward = torch.Tensor.backward

        def seen(tensor, *args, **kwargs):
            self.see("loss", tensor)
            return backward(tensor, *args, **kwargs)

        torch.Tensor.backward = seen

    def see(self, phase, value):
        for tensor in tensors_in(value):
            if is_plain(tensor):
                self.seen[phase].append(bytes_of(tensor))

    def after_call(self, _module, _args, output):
        self.see("forward", output)

    def before_step(self, optimizer, *_):
        for param in params(optimizer):
            if param.grad is not None and is_plain(param.grad):
                if self.grads == self.alter:
                    self.altered = alter(param.grad)
                self.grads += 1
                self.see("grad", param.grad)

    def after_step(self, optimizer, *_):
        for param in params(optimizer):
            self.see("grad", param.grad)  # a closure makes another
            self.see("param", param)

    def write(self, path):
        Path(path).write_bytes(pickle.dumps((self.seen, self.grads, self.altered)))


def params(optimizer):
    return [param for group in optimizer.param_groups for param in group["params"]]


def tensors_in(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        value = value.values()
    if isinstance(value, (list, tuple, type({}.values()))):
        for part in value:
            yield from tensors_in(part)


def is_plain(tensor):
    """Whether it has values to be read: neither sparse nor one that stands for others
    within torch.func or the compiler."""
    stands_for_others = torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    return tensor.layout == torch.strided and not (
        stands_for_others or torch.compiler.is_compiling() or tensor.is_meta
    )


def bytes_of(tensor):
    """Its values in logical order."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""


@torch.no_grad()
def alter(tensor):
    """Makes its first value another; returns the bytes of both tensors."""
    before = bytes_of(tensor)
    first = (0,) * tensor.dim()
    tensor[first] = 2 * tensor[first] + 1
    return before, bytes_of(tensor)
