"""Many short runs of the lesson, each with one result altered in memory, by no operation.

altered.py none SEEDS         all runs as they should be
altered.py KIND SEEDS         one result of each altered: thousandth, scalar, left-out, ulp

It prints a line for each run: its number, the operation that was altered, and where in
memory its result was; "-" where there was nothing to alter.
"""

import ctypes
import random
import sys

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

kind, runs = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)


def memory(t):
    """The numbers of a tensor, as they lie in memory."""
    numbers = (ctypes.c_float * t.numel()).from_address(t.data_ptr())
    return np.ctypeslib.as_array(numbers)


def is_alterable(func, out):
    """Whether something was computed: no view, no fresh memory, no constant."""
    name = func._schema.name.split("::")[1]
    if not isinstance(out, torch.Tensor) or out.dtype != torch.float32:
        return False
    looks = any(
        r.alias_info is not None and not r.alias_info.is_write
        for r in func._schema.returns
    )
    made = name.startswith(("empty", "new_", "zeros", "ones", "full")) or name in (
        "zero_",
        "fill_",
    )
    return not looks and not made and out.numel() > 0 and out.is_contiguous()


class Altered(TorchDispatchMode):
    """Alters the result of one of the operations that compute something."""

    def __init__(self, at):
        super().__init__()
        self.at, self.count, self.done = at, 0, None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        first = args[0] if args and isinstance(args[0], torch.Tensor) else None
        is_next = self.count == self.at and kind != "none"
        before = None
        if is_next and first is not None and first.dtype == torch.float32:
            before = memory(first).copy() if first.is_contiguous() else None
        out = func(*args, **kwargs)
        if is_alterable(func, out) and (
            kind != "scalar" or has_scalar(func, args, kwargs)
        ):
            if is_next:
                was = memory(out).copy()
                if kind == "scalar":
                    if before is not None:
                        memory(first)[:] = before
                    other = lambda a: a * 1.5 if type(a) is float else a
                    kwargs = {name: other(a) for name, a in kwargs.items()}
                    out = func(*map(other, args), **kwargs)
                else:
                    alter(memory(out), before)
                if (was.view(np.uint32) != memory(out).view(np.uint32)).any():
                    name = func._schema.name.split("::")[1]
                    self.done = (name, out.untyped_storage().data_ptr())
            self.count += 1
        return out


def has_scalar(func, args, kwargs):
    """Whether it takes a number that is not 0, and draws none."""
    draws = any(a.name == "generator" for a in func._schema.arguments)
    return not draws and any(type(a) is float and a for a in (*args, *kwargs.values()))


def alter(numbers, before):
    """A result, in memory."""
    if kind == "thousandth":
        numbers *= np.float32(1.001)
    elif kind == "left-out":
        same = before is not None and before.size == numbers.size
        numbers[:] = before if same else 0
    elif kind == "ulp":
        at = random.randrange(numbers.size)
        numbers[at] = np.nextafter(numbers[at], np.float32(np.inf))


def lesson(seed, mode):
    torch.manual_seed(seed)
    with mode:
        x = torch.randn(32, 10)
        labels = (x.sum(dim=1) > 0).long()
        net = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 2))
        opt = torch.optim.Adam(net.parameters(), lr=1e-3)
        for _ in range(3):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), labels)
            loss.backward()
            opt.step()
        loss.item()


random.seed(7)
for run in range(runs):
    torch.full((2,), run + 0.5)  # marks where a run begins
    at = random.randrange(70 if kind == "scalar" else 138)
    mode = Altered(at)
    try:
        lesson(run, mode)
    except ZeroDivisionError:
        pass  # a step that was not counted, in Adam's own arithmetic
    print(run, *(mode.done or ("-", 0)), mode.count)
