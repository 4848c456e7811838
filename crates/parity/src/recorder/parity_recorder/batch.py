"""The batch: which backward passes, calls, losses and data a step is made of.

The rule: a step of a model is an update of its parameters, and its batch is what
the gradients came from that the update used.

1. A step takes every backward pass whose gradients reached one of the parameters
   that were updated, which no step of this model took before, and whose gradients
   were there still when the next backward pass began: else they were zeroed. It may
   run still, where its hooks have an optimizer step.
   Gradients of `torch.autograd.grad`, which go nowhere by themselves, are taken
   only where none are in `.grad`. Where a step has none at all, it takes those that
   went through its model to parameters of no optimizer, as FSDP gathers them.
2. It takes the calls of outermost modules that these passes went back through, or
   through gradients of theirs, as those of a gradient penalty and of an inner loss.
3. Of a call's tensors it takes as data: all that went into the model; of what went
   into a part of the model that was called alone, what autograd did not make; of
   what went into a module that learns nothing, such as a criterion or a copy whose
   parameters autograd made, what has no gradient. Nothing of what went into another
   model that learns.
4. Data that was recorded last under its name, or by another series under any, is
   not written again.
5. Outputs are those of the model and of its parts; losses, what the passes began at.

Each decision returns its reason, which `--explain` prints.
"""

import weakref

import torch

from . import lacks
from .graph import MOST_NODES, OF_LOGITS, uses_inner_losses, walk
from .record import again
from .tensors import UNREAD, piece, read, scalar

MOST_EVENTS = 1000


class Event:
    """A backward pass: its losses, and the calls that it went back through."""

    inner = None  # whether it has gradients of other losses, where its graph is noted

    def __init__(self, losses, leaves, passes, graph, accumulates, judged):
        self.losses = losses  # pieces
        self.leaves = [weakref.ref(leaf) for leaf in leaves]
        self.passes = passes
        # An update by hand is noticed later: till then no model of it may end.
        self.models = [made.module() for made in passes]
        self.graph = graph  # names of autograd's nodes
        self.accumulates = accumulates  # into .grad: not so torch.autograd.grad
        self.judged = judged  # the call that found its loss, or losses that it sums
        self.taken = set()  # by the updates of these series
        self.is_spent = False  # whether one of these updated all of its leaves

    @property
    def ids(self):
        """Of its leaves that are there still: others may get the id of one gone."""
        return {id(leaf) for ref in self.leaves if (leaf := ref()) is not None}

    def is_of(self, series, leaves, owner):
        """Whether it went through this model, to parameters that an optimizer does
        not know, such as those that FSDP gathers; no update took it yet."""
        through = (series.path(made.module()) is not None for made in self.passes)
        new = not self.taken and self.accumulates
        return new and leaves.isdisjoint(owner) and any(through)

    def holds(self, owner):
        """Whether a gradient is still there that no update has taken: of its
        parameters, or where it has none, of its other leaves."""
        leaves = [leaf for ref in self.leaves if (leaf := ref()) is not None]
        trained = [
            leaf
            for leaf in leaves
            if isinstance(leaf, torch.nn.Parameter) or id(leaf) in owner
        ]
        left = [
            leaf
            for leaf in trained or leaves
            if (
                owner[id(leaf)] not in self.taken
                if id(leaf) in owner
                else not self.taken
            )
        ]
        pieces = (read(leaf.grad) for leaf in left if leaf.grad is not None)
        return any(p is None or p.data.strip(b"\0") for p in pieces)


class Batch:
    """The backward passes that no update has taken yet."""

    def __init__(self, record, passes, owner):
        self.record, self.passes, self.owner = record, passes, owner
        self.events = []
        self.backwards = 0  # that ran to their end
        self.led_nowhere = lambda event: None  # what becomes of one that no step took

    def before_backward(self, roots, retained, inputs):
        """The event that this backward pass is. Where its graph is `retained`,
        another one may go through it. With `inputs`, its gradients go to these
        alone, and not into `.grad`."""
        nodes, leaves = walk(roots)
        passes, judged = self.passes.behind(nodes, retained)
        leaves = leaves if inputs is None else inputs
        graph, inner, owner = [], None, self.owner
        for leaf in leaves:
            if (series := owner.get(id(leaf))) is None or series.graph is None:
                graph = [node.name() for node in nodes[:MOST_NODES]]
                inner = uses_inner_losses(nodes)
                break
        read_loss = piece if self.passes.reads_losses else scalar
        losses = [read_loss(root) for root in roots]
        losses = [loss for loss in losses if loss is not UNREAD]
        event = Event(losses, leaves, passes, graph, inputs is None, judged)
        event.inner = inner
        self.events.append(event)
        del self.events[:-MOST_EVENTS]
        return event

    def let_go(self, in_step):
        """Another backward pass begins: lets go of what no step can take any more."""
        for event in self.events:
            event.models = []
        if in_step:  # a closure's passes are all of one step
            return
        events, self.events = self.events, []
        for event in events:
            if not (why := self.over(event)):
                self.events.append(event)
            elif not event.taken:
                self.record.explain("no step", None, "a backward pass", False, why)
                self.led_nowhere(event)

    def failed(self, event):
        """It raised: nobody knows which gradients it left, if any."""
        self.events = [other for other in self.events if other is not event]

    def over(self, event):
        """Why no step can take it any more, when another backward pass begins."""
        if not event.accumulates:
            return "its gradients went to the script, which updated nothing by them"
        if event.is_spent or not event.holds(self.owner):
            return "its gradients were zeroed before an update"
        return None

    def of_step(self, series, ids, step):
        """The backward passes that this step takes."""
        each = [(event, event.ids) for event in self.events]
        found = [(e, *led_to(e, of_event, series, ids)) for e, of_event in each]
        if not any(taken for _, taken, _ in found):
            found = [
                (e, True, GATHERED) if e.is_of(series, of, self.owner) else (e, t, w)
                for (e, t, w), (_, of) in zip(found, each, strict=True)
            ]
            series.gathers |= any(taken for _, taken, _ in found)
        if any(e.accumulates for e, taken, _ in found if taken):
            found = [
                (e, t, w) if e.accumulates or not t else (e, False, ASIDE)
                for e, t, w in found
            ]
        if self.record.options.explain:
            for event, taken, why in found:
                self.record.explain(series.name, step, "a backward pass", taken, why)
        taken = [event for event, taken, _ in found if taken]
        for event, of_event in each:
            if event in taken or not of_event.isdisjoint(ids):
                event.taken.add(series)
                event.is_spent |= of_event <= ids
        return taken

    def take(self, series, ids, step, keep):
        """Records the batches, outputs and losses that led to this update; returns
        whether nothing was seen to go into the model."""
        mine = self.of_step(series, ids, step)
        passes = list(dict.fromkeys([made for e in mine for made in e.passes]))
        for made in passes:
            made.taken = True
            if made in self.passes.pending and not made.learns:
                self.passes.forget(made)
        if series.graph is None and mine:
            series.graph, series.inner = mine[0].graph, mine[0].inner
            if series.output is None:
                series.output = "logits" if of_logits(series, mine[0]) else "output"
        if not keep:
            return step == 1 and self.is_unseen(series, mine, passes)
        missing, why = self.write(series, step, mine, passes)
        if not mine and self.was_taken(series, ids):
            missing = ()  # another optimizer's step, by the same backward pass
        if missing:
            wanted = lacks.wanted(self.record)
            missing = tuple(what for what in missing if what in wanted)
        series.note_lacking(missing, why)
        return why in lacks.UNSEEN

    def is_unseen(self, series, mine, passes):
        """The same of a step that is not kept; where its calls are not followed, it is
        the later ones that lack their data."""
        called = [made for made in passes if not made.is_criterion]
        data = [
            each for made in called for each in data_of(path_of(series, made), made)
        ]
        inputs = [name for name, _, taken, _ in data if taken]
        return lacks.of_step(series, mine, passes, inputs, ())[1] in lacks.UNSEEN

    def write(self, series, step, events, passes):
        """Writes data, outputs and losses, in this order; returns what the step lacks,
        and why."""
        record, counts = self.record, {}
        explains, phases = record.options.explain, record.options.phases
        inputs, targets, outputs = [], [], []
        for made in passes:
            path = path_of(series, made)
            for name, content, taken, why in data_of(path, made):
                if taken:
                    (targets if made.is_criterion else inputs).append(name)
                    n = counts[name] = counts.get(name, 0) + 1
                    why += record.write_data(series.name, step, name, n, content)
                if explains:
                    what = f"data {name} of {made.class_name}"
                    record.explain(series.name, step, what, taken, why)
            if "forward" in phases:
                outputs += outputs_of(series, path, made)
        losses = [("loss", loss) for event in events for loss in event.losses]
        record.write_all(series.name, step, "forward", numbered(outputs))
        record.write_all(series.name, step, "loss", numbered(losses))
        return lacks.of_step(series, events, passes, inputs, targets)

    def was_taken(self, series, ids):
        """Whether a step of this model took what reached these parameters, too."""
        taken = (event for event in self.events if series in event.taken)
        return any(not event.ids.isdisjoint(ids) for event in taken)

    def let_models_go(self):
        """Of events that an update has taken."""
        for event in self.events:
            if event.taken:
                event.models = []


def of_logits(series, event):
    """Whether the loss is computed from logits, and these are the model's output, not
    that of another model, or of a part called alone, which comes behind it, as behind a
    GAN's generator; nor the loss, which a model may find itself."""
    models = [made for made in event.passes if made.has_parameters]
    paths = [path_of(series, made) for made in models]
    own = not paths or paths[-1] == "" or (paths[-1] and "" not in paths)
    if models and (
        models[-1] is event.judged or set(models[-1].nodes) <= set(models[-1].numbers)
    ):
        own = own and any(made.is_criterion for made in event.passes)
    return bool(own) and any(name.startswith(OF_LOGITS) for name in event.graph)


def path_of(series, made):
    """Where the called module is in the model; None where it is not, or is
    but a criterion that the model keeps."""
    path = series.path(made.module())
    return None if path and not made.has_parameters else path


GATHERED = "it went through the model, to parameters gathered for that alone"
ASIDE = "others left their gradients in .grad, this one did not"


def led_to(event, of_event, series, ids):
    """Whether a backward pass, of these leaves, led to an update of these parameters,
    and why."""
    if of_event.isdisjoint(ids):
        return False, "it reached none of the parameters that were updated"
    if series in event.taken:
        return False, "an earlier step of this model took it"
    return True, "its gradients reached parameters that were updated"


def is_data(path, made, gradient):
    """Whether an input of a call is this series' data, and why."""
    if path == "":
        return True, "it went into the model"
    if path is None and made.learns:
        return False, "it went into another model that learns"
    if gradient == 2:
        return False, "autograd made it, of what is recorded"
    if path is not None:
        return True, "it went into a part of the model that was called alone"
    if gradient:
        return False, "it has a gradient of its own, as no target has"
    return True, "it went into a module that learns nothing, as targets do"


def data_of(path, made):
    """What went into a call of what is at this path of the series' model: name,
    content, whether it is this series', and why."""
    for name, content, gradient in made.inputs:
        yield (
            f"{path}.{name}" if path else name,
            content,
            *is_data(path, made, gradient),
        )


def numbered(named):
    """What comes in a step under one name, the second `#2`."""
    if len(named) < 2:
        return named
    counts, found = {}, []
    for name, content in named:
        n = counts[name] = counts.get(name, 0) + 1
        found.append((again(name, n), content))
    return found


def outputs_of(series, path, made):
    """What came out of the model, which has this path in the series', and if asked
    for, of the modules in it."""
    if path is None:
        return []
    inner = []
    for module, suffix, content in made.inner:
        if inside := series.path(module()):
            inner.append((inside + suffix, content))
    if path:
        return inner + [(path + suffix, p) for suffix, p in made.outputs]
    single = series.named_output or "" in dict(made.outputs)
    base = (series.output if single else None) or "output"
    return inner + [(base + suffix, content) for suffix, content in made.outputs]
