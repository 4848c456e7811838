"""Names of the tensors in arguments, outputs and optimizers' states."""

import contextlib
import dataclasses
import enum
import functools
import inspect
import numbers
import types
from collections import deque
from collections.abc import Mapping

import torch

WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
}
# What is gone into no further. Not all that can be called: a graph of PyTorch
# Geometric can be.
NO_CONTENT = (
    torch.nn.Module,
    torch.optim.Optimizer,
    type,
    functools.partial,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
)
MOST_NESTED = 100  # containers within each other, of an argument or an output


def word(key, place):
    """A key as a part of a name; its place instead of what may be named otherwise
    in the next run."""
    parts = key if isinstance(key, tuple) else (key,)
    kinds = str, bytes, numbers.Number, enum.Enum, type(None)
    return key if all(isinstance(part, kinds) for part in parts) else place


def fields(value):
    """The names of a tuple's places, as named tuples have them, and what `torch.max`
    returns; others have none."""
    names = getattr(type(value), "__match_args__", ())
    return names if len(names) == len(value) else ()


def attributes(value):
    """An object's own, by the first of their names: a Categorical has its logits
    twice."""
    held = {}
    named = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        for name, slot in vars(cls).items():
            if inspect.ismemberdescriptor(slot) and name != "__dict__":
                with contextlib.suppress(AttributeError):  # it is not set
                    named[name] = slot.__get__(value)
    for key, part in named.items():
        held.setdefault(id(part), (key, part))
    return held.values()


def is_new(value, seen):
    """Whether it is no object that was seen before, and may hold tensors."""
    if value is None or isinstance(value, (str, bytes, numbers.Number)):
        return False
    if isinstance(value, (torch.Tensor, Mapping, list, tuple, deque)):
        return True
    if id(value) in seen:
        return False
    seen[id(value)] = value  # lives on, so that no other one gets its id
    return True


def tensors(value, name, within=(), objects=3, seen=None):
    """The tensors of an argument or an output, each with its name: `name`, or
    `name.0`, `name.key`, `name.field` of one in a container or an object, and in
    those that are in there, too. An object is gone through once, by its shortest name."""
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    seen = {} if seen is None else seen
    if isinstance(value, Mapping):
        keyed = enumerate(value.items())
        parts = ((word(key, place), part) for place, (key, part) in keyed)
    elif isinstance(value, tuple) and (names := fields(value)):
        parts = zip(names, value, strict=True)
    elif isinstance(value, (list, tuple, deque)):
        parts = enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        parts = ((name, getattr(value, name, None)) for name in names)
    elif isinstance(value, NO_CONTENT) or not objects:
        return
    else:
        parts, objects = attributes(value), objects - 1
    if id(value) not in within and len(within) < MOST_NESTED:
        within = (*within, id(value))
        parts = [part for part in parts if is_new(part[1], seen)]
        for key, part in parts:
            yield from tensors(part, f"{name}.{key}", within, objects, seen)


def unwrap(module):
    """The model inside of DistributedDataParallel, torch.compile and the like."""
    while (inner := WRAPPERS.get(type(module).__name__)) is not None:
        module = getattr(module, inner)
    return module


def plain(name):
    """A name without what torch.compile puts into it."""
    return name.replace("_orig_mod.", "")


@functools.lru_cache(maxsize=1000)
def argument_names(function, is_method):
    """The names of a function's positional arguments, and of its `*args`."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], "input"
    names = [p.name for p in parameters if p.kind in (0, 1)]
    if is_method and inspect.isfunction(function):  # the first one is the module
        del names[:1]
    return names, next((p.name for p in parameters if p.kind == 2), "input")


def arguments(function, args, kwargs):
    """A call's tensors, each with the name that the function gives it; a module is
    its `forward`."""
    if is_module := isinstance(function, torch.nn.Module):
        function = getattr(type(unwrap(function)), "forward", None)
    names, more = argument_names(function, is_module)
    found = []
    for i, value in enumerate(args):
        name = names[i] if i < len(names) else f"{more}.{i - len(names)}"
        if isinstance(value, torch.Tensor):
            found.append((name, value))
        else:
            found += tensors(value, name)
    for name, value in kwargs.items():
        found += tensors(value, name)
    return found


def state_of(state):
    """An optimizer's tensors for one parameter, but for the count of steps,
    which the key tells."""
    found = []
    for name, value in (state or {}).items():
        if name == "step" and getattr(value, "ndim", 1) == 0:
            continue
        if isinstance(value, torch.Tensor):
            found.append((str(name), value))
        else:
            found += tensors(value, str(name))
    return found


def parameters(model):
    """Its parameters, also where it has another method of that name; one that it has
    in several places, as often. Most callers need the first only, which is why this
    is not PyTorch's method."""
    seen, waiting = set(), [model]
    while waiting:
        module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield from (p for p in module._parameters.values() if p is not None)
        parts = [part for part in module._modules.values() if part is not None]
        waiting += reversed(parts)


def first_parameter(model, depth=0):
    """The first of them; None where it has none."""
    for param in model._parameters.values():
        if param is not None:
            return param
    if depth > MOST_NESTED:  # parts that contain each other
        return next(parameters(model), None)
    for part in model._modules.values():
        if part is not None and (found := first_parameter(part, depth + 1)) is not None:
            return found
    return None


def ids_of(model):
    """Which parameters it has."""
    return {id(p) for p in parameters(model)}
