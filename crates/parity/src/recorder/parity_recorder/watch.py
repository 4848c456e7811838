"""The wrappers around PyTorch's functions, while something is recorded."""

import functools
import threading
from collections.abc import Iterator

import torch
import torch.optim.optimizer as optim
from torch.nn.modules import module as modules

from . import passes
from .untraced import skip, untraced

# Criteria as functions, of torch.nn.functional; some versions have not all of them.
CRITERIA = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "linear_cross_entropy",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


class Local(threading.local):
    """The outermost module's call that is running in this thread."""

    made = None


def install(recorder):
    """Lets the recorder watch PyTorch, until `recorder.finish()`."""
    # torch.compile does not trace the recorder, and all else as without it.
    recorder.local, recorder.backward_running = Local(), False
    steps, guarded = recorder.steps, recorder.guarded
    steps.models.ends.attempt = guarded(steps.models.ends.note_gone)

    def swap(owner, name, watched):
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(watched(recorder, original)))
        recorder.undo.append(lambda: setattr(owner, name, original))

    # Not through PyTorch's global hooks of modules: with any of them, each call
    # takes a slower way, and torch.compile warns.
    swap(torch.nn.Module, "__call__", watched_call)
    swap(torch.nn.Module, "__setstate__", watched_setstate)
    swap(torch.optim.Optimizer, "__init__", watched_optimizer)
    swap(torch.multiprocessing.ProcessContext, "__init__", watched_processes)
    for name in CRITERIA:
        if hasattr(torch.nn.functional, name):
            swap(torch.nn.functional, name, watched_criterion)
    steps.watch_forward = lambda of: swap(of, "forward", watched_forward)
    swap(torch.autograd, "backward", watched_backward)
    swap(torch.autograd, "grad", watched_grad)

    # TorchScript knows them by their identity.
    for name in ("backward", "grad"):
        as_builtin(recorder, getattr(torch.autograd, name), f"aten::{name}")

    def hook(register, note):
        recorder.undo.append(register(note).remove)

    def made(owner, _, part):
        steps.models.note_made(owner)

    def registered(owner, _, buffer):
        steps.models.registered += 1

    def of_step(skips, note):
        note = guarded(note)

        def hook(optimizer, args, kwargs):
            if not skips(optimizer):
                note(optimizer, args, kwargs)

        return untraced(hook)

    before = of_step(steps.asleep.skips_start, steps.before_step)
    hook(optim.register_optimizer_step_pre_hook, before)
    after = of_step(steps.asleep.skips_end, steps.after_step)
    hook(optim.register_optimizer_step_post_hook, after)
    hook(modules.register_module_parameter_registration_hook, made)
    hook(modules.register_module_module_registration_hook, made)
    hook(modules.register_module_buffer_registration_hook, registered)


def as_builtin(recorder, function, operator):
    """Has TorchScript compile calls of a function as calls of an operator."""
    known = torch.jit._builtins._get_builtin_table()
    known[id(function)] = operator
    recorder.undo.append(lambda: known.pop(id(function)))


def not_watched(recorder):
    """Whether what is called now is no part of a step."""
    if not (recorder.options.inference or torch.is_grad_enabled()):
        return True
    # Within a backward pass, a checkpoint's forward pass is run again.
    return recorder.backward_running or torch._C._get_tracing_state()


def outermost(recorder):
    """Calls an outermost module, which is a pass; `given` to it besides."""
    local, steps = recorder.local, recorder.steps
    asleep, skips = steps.asleep, steps.asleep.skips_call
    before_call = recorder.guarded(steps.before_call)
    after_call = recorder.guarded(steps.after_call)

    def call(module, original, args, kwargs, *given):
        skipped = skips(module, args, kwargs)
        local.made = asleep if skipped else before_call(module, args, kwargs)
        try:
            result = original(*given, *args, **kwargs)
        finally:
            made, local.made = local.made, None
        if made is not None and not (skipped and asleep.skipped(result)):
            after_call(made, result)
        return result

    return call


def watched_call(recorder, original):
    """A module's call: the outermost ones are passes."""
    compiling, local = torch.compiler.is_compiling, recorder.local
    call, inside = outermost(recorder), recorder.guarded(recorder.steps.inside)
    forward = recorder.options.forward

    def __call__(module, /, *args, **kwargs):
        if compiling() or not recorder.on:
            return original(module, *args, **kwargs)
        made = local.made
        if made is None:
            if not_watched(recorder):
                return original(module, *args, **kwargs)
            return call(module, original, args, kwargs, module)
        result = original(module, *args, **kwargs)
        if forward and not not_watched(recorder):
            inside(made, module, result)
        return result

    return __call__


def watched_forward(recorder, original):
    """A module's `forward`, called by the script itself."""
    compiling, call = torch.compiler.is_compiling, outermost(recorder)

    def forward(module, /, *args, **kwargs):
        if compiling() or not recorder.on or recorder.local.made is not None:
            return original(module, *args, **kwargs)
        if not_watched(recorder):
            return original(module, *args, **kwargs)
        return call(module, original, args, kwargs, module)

    return forward


def watched_criterion(recorder, original):
    """A criterion that is a function: as a module, where it is called outermost."""
    compiling, stands = torch.compiler.is_compiling, passes.Criterion(original)
    call = outermost(recorder)

    def criterion(*args, **kwargs):
        if compiling() or not recorder.on or recorder.local.made is not None:
            return original(*args, **kwargs)
        if not_watched(recorder):
            return original(*args, **kwargs)
        return call(stands, original, args, kwargs)

    # TorchScript compiles the function itself.
    criterion.__script_if_tracing_wrapper = True
    criterion.__original_fn = original
    return criterion


def watched_setstate(recorder, original):
    """A module that is copied or unpickled is made without registering its parts."""

    note_made = untraced(recorder.guarded(recorder.steps.models.note_made))

    def __setstate__(module, state):
        original(module, state)
        note_made(module)

    return __setstate__


def watched_optimizer(recorder, original):
    """What an optimizer holds is to be trained."""

    training = untraced(recorder.guarded(recorder.steps.inference.training))

    def __init__(optimizer, *args, **kwargs):
        original(optimizer, *args, **kwargs)
        training(optimizer)

    return __init__


def watched_processes(recorder, original):
    """Processes that are started to train, not to load data; they are not recorded."""

    def __init__(context, processes, *args, **kwargs):
        original(context, processes, *args, **kwargs)
        recorder.steps.spawned += len(processes)

    return __init__


def twice(given):
    """The same, to be gone through more than once: generators cannot be."""
    return tuple(given) if isinstance(given, Iterator) else given


def noted(recorder, original):
    """Runs a backward pass that is an event, or none, and notes how it ends."""
    after_backward = recorder.guarded(recorder.steps.after_backward)
    failed = recorder.guarded(recorder.steps.batch.failed)

    def run(event, *args, **kwargs):
        recorder.backward_running = True
        try:
            result = original(*args, **kwargs)
        except BaseException:
            failed(event)
            raise
        finally:
            recorder.backward_running = False
        if event is not None:
            after_backward(event, result)
        return result

    skip(run.__code__)
    return run


def watched_backward(recorder, original):
    """A backward pass into `.grad`."""
    skips, run = recorder.steps.asleep.skips_backward, noted(recorder, original)
    before_backward = recorder.guarded(recorder.steps.before_backward)

    def backward(tensors, grad_tensors=None, retain_graph=None, *args, **kwargs):
        tensors = twice(tensors)
        given = (tensors, grad_tensors, retain_graph, *args)
        if not recorder.on or recorder.backward_running:
            return original(*given, **kwargs)
        event = None
        if not skips(tensors):
            created = args[0] if args else kwargs.get("create_graph")
            retained = created if retain_graph is None else retain_graph
            event = before_backward(tensors, retained)
        return run(event, *given, **kwargs)

    return torch._disable_dynamo(backward, recursive=False)


def watched_grad(recorder, original):
    """Gradients that may be for an update by hand."""
    before_backward = recorder.guarded(recorder.steps.before_backward)
    within = recorder.guarded(recorder.steps.within_loss)
    run = noted(recorder, original)

    def grad(outputs, inputs, *args, **kwargs):
        outputs, inputs = twice(outputs), twice(inputs)
        whole = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        if not recorder.on or recorder.backward_running:
            return original(outputs, inputs, *args, **kwargs)
        # A gradient penalty's calls may be of the backward pass that follows.
        leaves = whole if all_leaves(whole) else []
        event = before_backward(outputs, True, leaves)
        found = run(event, outputs, inputs, *args, **kwargs)
        if event is not None:
            within(event, found)
        return found

    return torch._disable_dynamo(grad, recursive=False)


def all_leaves(inputs):
    """Whether these are tensors that could be updated by hand."""
    return all(isinstance(t, torch.Tensor) and t.is_leaf for t in inputs)
