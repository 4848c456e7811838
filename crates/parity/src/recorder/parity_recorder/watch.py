"""The wrappers around PyTorch's functions, while something is recorded."""

import functools
import threading
from collections.abc import Iterator

import torch
import torch.optim.optimizer as optim
from torch.nn.modules import module as modules

from . import passes


class Local(threading.local):
    """The outermost module's call that is running in this thread."""

    made = None


def install(recorder):
    """Lets the recorder watch PyTorch, until `recorder.finish()`."""
    # torch.compile does not trace the recorder, and all else as without it. This is
    # torch.compiler.disable, but imports torch._dynamo at the first call only.
    untraced = torch._disable_dynamo
    recorder.attempt = untraced(lambda *args: recorder.guard(*args))
    recorder.local, recorder.backward_running = Local(), False
    steps = recorder.steps

    def swap(owner, name, watched):
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(watched(recorder, original)))
        recorder.undo.append(lambda: setattr(owner, name, original))

    # Not through PyTorch's global hooks of modules: with any of them, each call
    # takes a slower way, and torch.compile warns.
    swap(torch.nn.Module, "__call__", watched_call)
    swap(torch.nn.Module, "__setstate__", watched_setstate)
    swap(torch.optim.Optimizer, "__init__", watched_optimizer)
    swap(torch.autograd, "backward", watched_backward)
    swap(torch.autograd, "grad", watched_grad)

    # TorchScript knows them by their identity.
    for name in ("backward", "grad"):
        as_builtin(recorder, getattr(torch.autograd, name), f"aten::{name}")

    def hook(register, note):
        recorder.undo.append(register(note).remove)

    def before(*args):
        recorder.guard(steps.before_step, *args)

    def after(*args):
        recorder.guard(steps.after_step, *args)

    def made(owner, _, part):
        steps.models.modules[owner] = steps.passes.updates

    hook(optim.register_optimizer_step_pre_hook, untraced(before))
    hook(optim.register_optimizer_step_post_hook, untraced(after))
    hook(modules.register_module_parameter_registration_hook, made)
    hook(modules.register_module_module_registration_hook, made)


def as_builtin(recorder, function, operator):
    """Has TorchScript compile calls of a function as calls of an operator."""
    known = torch.jit._builtins._get_builtin_table()
    known[id(function)] = operator
    recorder.undo.append(lambda: known.pop(id(function)))


def watched_call(recorder, original):
    """A module's call: the outermost ones are passes."""
    compiling = torch.compiler.is_compiling

    def __call__(module, /, *args, **kwargs):
        if compiling() or not recorder.on:
            return original(module, *args, **kwargs)
        if not (recorder.options.inference or torch.is_grad_enabled()):
            return original(module, *args, **kwargs)
        local = recorder.local
        # Within a backward pass, a checkpoint's forward pass is run again.
        if recorder.backward_running or torch._C._get_tracing_state():
            return original(module, *args, **kwargs)
        if local.made is not None:
            result = original(module, *args, **kwargs)
            if recorder.options.forward:
                recorder.attempt(passes.inside, local.made, module, result)
            return result
        local.made = recorder.attempt(recorder.steps.before_call, module, args, kwargs)
        try:
            result = original(module, *args, **kwargs)
        finally:
            made, local.made = local.made, None
        if made is not None:
            recorder.attempt(recorder.steps.after_call, made, result)
        return result

    return __call__


def watched_setstate(recorder, original):
    """A module that is copied or unpickled is made without registering its parts."""

    def __setstate__(module, state):
        original(module, state)
        steps = recorder.steps
        updates = steps.passes.updates
        recorder.attempt(steps.models.modules.__setitem__, module, updates)

    return __setstate__


def watched_optimizer(recorder, original):
    """What an optimizer holds is to be trained."""

    def __init__(optimizer, *args, **kwargs):
        original(optimizer, *args, **kwargs)
        recorder.attempt(recorder.steps.inference.training, optimizer)

    return __init__


def twice(given):
    """The same, to be gone through more than once: generators cannot be."""
    return tuple(given) if isinstance(given, Iterator) else given


def watched_backward(recorder, original):
    """A backward pass into `.grad`."""

    def backward(tensors, grad_tensors=None, retain_graph=None, *args, **kwargs):
        tensors = twice(tensors)
        given = (tensors, grad_tensors, retain_graph, *args)
        if not recorder.on or recorder.backward_running:
            return original(*given, **kwargs)
        created = args[0] if args else kwargs.get("create_graph")
        retained = created if retain_graph is None else retain_graph
        event = recorder.attempt(recorder.steps.before_backward, tensors, retained)
        recorder.backward_running = True
        try:
            result = original(*given, **kwargs)
        finally:
            recorder.backward_running = False
        if event is not None:
            recorder.attempt(recorder.steps.after_backward, event)
        return result

    return torch._disable_dynamo(backward, recursive=False)


def watched_grad(recorder, original):
    """Gradients that may be for an update by hand."""

    def grad(outputs, inputs, *args, **kwargs):
        outputs, inputs = twice(outputs), twice(inputs)
        whole = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        if not recorder.on or recorder.backward_running or not all_leaves(whole):
            return original(outputs, inputs, *args, **kwargs)
        # A gradient penalty's calls may be of the backward pass that follows.
        event = recorder.attempt(recorder.steps.before_backward, outputs, True, whole)
        recorder.backward_running = True
        try:
            result = original(outputs, inputs, *args, **kwargs)
        finally:
            recorder.backward_running = False
        if event is not None:
            recorder.attempt(recorder.steps.after_backward, event, result)
        return result

    return torch._disable_dynamo(grad, recursive=False)


def all_leaves(inputs):
    """Whether these are tensors that could be updated by hand."""
    return all(isinstance(t, torch.Tensor) and t.is_leaf for t in inputs)
