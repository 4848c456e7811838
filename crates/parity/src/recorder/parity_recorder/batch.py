"""The batch: which passes, losses and data a step is made of."""

import weakref
from collections import Counter

import torch

from .graph import MOST_NODES, OF_LOGITS, is_leaf, leaves_of, walk
from .tensors import piece, read

MOST_EVENTS = 1000


class Event:
    """A backward pass: its losses, and the calls that it went back through."""

    def __init__(self, losses, leaves, passes, graph, accumulates):
        self.losses = losses  # pieces
        self.leaves = [weakref.ref(leaf) for leaf in leaves]
        self.passes = passes
        # An update by hand is noticed later: till then no model of it may end.
        self.models = [made.module() for made in passes]
        self.graph = graph  # names of autograd's nodes
        self.accumulates = accumulates  # into .grad: not so torch.autograd.grad
        self.taken = set()  # by the updates of these series

    @property
    def ids(self):
        """Of its leaves that are there still: others may get the id of one gone."""
        return {id(leaf) for ref in self.leaves if (leaf := ref()) is not None}

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
        self.backwards = 0

    def before_backward(self, roots, retained, inputs, in_step):
        """The event that this backward pass is. Where its graph is `retained`,
        another one may go through it. With `inputs`, its gradients go to these
        alone, and not into `.grad`."""
        for event in self.events:
            event.models = []
        roots = [roots] if isinstance(roots, torch.Tensor) else list(roots)
        roots = [root for root in roots if isinstance(root, torch.Tensor)]
        if not in_step:  # a closure's passes are all of one step
            self.events = [
                e for e in self.events if e.accumulates and e.holds(self.owner)
            ]
        nodes = walk(roots)
        passes = self.passes.behind(nodes, retained)
        leaves = leaves_of(nodes) if inputs is None else inputs
        graph = []
        if any(getattr(self.owner.get(id(p)), "graph", None) is None for p in leaves):
            names = (n.name() for n in nodes if not is_leaf(n))
            graph = list(names)[:MOST_NODES]
        losses = [piece(root) for root in roots]
        return Event(losses, leaves, passes, graph, inputs is None)

    def after_backward(self, event):
        """It has run."""
        self.backwards += 1
        self.events.append(event)
        del self.events[:-MOST_EVENTS]

    def take(self, series, ids, step, keep):
        """Records the batches, outputs and losses that led to this update."""
        mine = [e for e in self.events if series not in e.taken and e.ids & ids]
        if any(e.accumulates for e in mine):
            mine = [e for e in mine if e.accumulates]
        for event in self.events:
            if event.ids & ids:
                event.taken.add(series)
        passes = dict.fromkeys(made for event in mine for made in event.passes)
        for made in passes:
            if made in self.passes.pending and not made.learns:
                self.passes.forget(made)
        if series.graph is None and mine:
            series.graph = mine[0].graph
            of_logits = any(name.startswith(OF_LOGITS) for name in series.graph)
            if series.output is None:
                series.output = "logits" if of_logits else "output"
        counts = Counter()

        def numbered(phase, name):
            counts[phase, name] += 1
            return f"{name}#{n}" if (n := counts[phase, name]) > 1 else name

        if not keep:
            return
        for made in passes:
            for name, content in data_of(series, made):
                self.record.write_data(
                    series.name, step, numbered("data", name), content
                )
        for made in passes:
            for name, content in outputs_of(series, made):
                self.record.write(
                    series.name, step, "forward", numbered("forward", name), content
                )
        for content in (loss for event in mine for loss in event.losses):
            self.record.write(
                series.name, step, "loss", numbered("loss", "loss"), content
            )

    def let_models_go(self, taken=False):
        """Of all events, or of those that an update has taken."""
        for event in self.events:
            if event.taken or not taken:
                event.models = []


def path_of(series, made):
    """Where the called module is in the model; None where it is not, or is
    but a criterion that the model keeps."""
    path = series.path(made.module())
    return None if path and not made.has_parameters else path


def data_of(series, made):
    """What went into a call, as far as it is this series' to record: all
    that went into the model, and the targets that a criterion got."""
    path = path_of(series, made)
    if path == "":
        return [(name, content) for name, content, _ in made.inputs]
    most = 1 if path is None else 2
    given = [(name, content) for name, content, is_ in made.inputs if is_ < most]
    if path is not None:
        return [(f"{path}.{name}", content) for name, content in given]
    return [] if made.learns else given


def outputs_of(series, made):
    """What came out of the model and, if asked for, of the modules in it."""
    path = path_of(series, made)
    if path is None:
        return []
    inner = []
    for module, suffix, content in made.inner:
        if inside := series.path(module()):
            inner.append((inside + suffix, content))
    if path:
        return inner + [(path + suffix, p) for suffix, p in made.outputs]
    single = series.named_output or "" in dict(made.outputs)
    base = series.output if single else "output"
    return inner + [(base + suffix, content) for suffix, content in made.outputs]
