"""What a series' steps lack that others have, and why.

A step is watched from outside: what reaches a loss by way of no module and no
criterion of PyTorch's is not seen. The record says so of each series. Where a module
found the loss, or losses that are added up or of which the mean is taken at once, what
it judged by went into it.
"""

import sys

INNER_TARGET = "target of inner losses"
DATA = "data", "target", INNER_TARGET
NO_PASS = "no backward pass led to its updates"
NO_CALL = "no module was called"
COMPILED = "no module was called outside of what is compiled"
NO_INPUT = "what its modules got, autograd made"
NOT_ITSELF = "other modules were called, not this one"
NOT_FOLLOWED = "autograd followed none of its calls"
UNSEEN = NO_CALL, NO_INPUT, NOT_ITSELF, NOT_FOLLOWED
SPAWNED = "start them by torchrun, whose processes record themselves"
UNSTEPPED = "they changed by hand, and an optimizer that holds them took no step"
INNER = "its loss uses their gradients alone"
NO_CRITERION = "its loss is no criterion of PyTorch's"


def of_step(series, events, passes, inputs, targets):
    """What the step has not, and why; its data are what went into its modules, and
    into criteria."""
    if not events:
        return ("data", "forward", "loss"), NO_PASS
    called = [made for made in passes if not made.is_criterion]
    its_own = any(series.path(made.module()) is not None for made in called)
    if not inputs:
        if its_own:
            return ("data",), NO_INPUT
        missing = ("data",) if series.class_name is None else ("data", "forward")
        why = NOT_FOLLOWED if series.evaluated == series.steps - 1 else NO_CALL
        return missing, COMPILED if compiles() else why
    if series.class_name is not None and not its_own:
        return ("forward",), NOT_ITSELF
    if not targets and len(called) == len(passes) and not any(e.judged for e in events):
        outputs = [content for made in called for _, content in made.outputs]
        if not any(loss in outputs for event in events for loss in event.losses):
            return ("target",), NO_CRITERION
    if series.inner and not any(judges_within(made) for made in passes):
        return (INNER_TARGET,), INNER
    return (), None


def judges_within(made):
    """Whether this call found a loss that the step's uses the gradients of."""
    return made.within and bool(made.is_criterion or made.numbers)


def wanted(record):
    """What a step of this record is to have: of the phases that are recorded, and no data
    where the script names its own."""
    phases = record.options.phases
    data = DATA if "data" in phases and not record.shared else ()
    return *data, *(phase for phase in ("forward", "loss") if phase in phases)


def compiles():
    """Whether torch.compile compiled something."""
    compiler = getattr(sys.modules.get("torch._dynamo"), "utils", None)
    return compiler is not None and bool(compiler.counters["frames"])


def words(steps):
    """A line for each thing that the steps of some series lack, or the record does."""
    yield from of_series(steps.models.series.values())
    if n := steps.spawned:
        yield f"the record lacks {n:,} spawned process{'es' * (n > 1)}: {SPAWNED}"
    if n := len(steps.held):
        who = f"{n:,} parameters lack" if n > 1 else "1 parameter lacks"
        yield f"{who} steps: {UNSTEPPED}"


def of_series(models):
    """Of these series."""
    found = {}
    for series in models:
        for (missing, why), steps in series.lacks.items():
            some = f" in {steps:,} of {series.noted:,} steps" * (steps < series.noted)
            found.setdefault((", ".join(missing) + some, why), []).append(series.name)
    for (what, why), (name, *more) in found.items():
        who = f"{name} and {len(more):,} more lack" if more else f"{name} lacks"
        yield f"{who} {what}: {why}"
