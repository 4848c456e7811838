"""Passes: calls of outermost modules that a backward pass may go through."""

import weakref

import torch
from torch._C import _functorch as functorch

from .graph import is_reduced
from .names import arguments, first_parameter, parameters, tensors
from .tensors import piece, scalar

# How long passes wait that no backward pass goes through, so that a model which
# is run with gradients, but not trained, does not fill the memory.
MOST_UPDATES = 100
MOST_PENDING = 1000
MOST_BYTES = 256 << 20


class Criterion(torch.nn.modules.loss._Loss):
    """Stands for a criterion that is a function, such as `cross_entropy`."""

    def __init__(self, function):
        super().__init__()
        self.function = function


class Pass:
    """A call of an outermost module that autograd followed."""

    learns = False  # until it is kept
    reached = False  # by a backward pass
    taken = False  # by a step
    judges, began = (), ()  # criteria and losses, where that pass led to no step
    judged = None  # the call before that of a criterion
    after = 0  # the step of its model that it follows
    size = 0  # of all these pieces, once it is over
    numbers = ()  # nodes of outputs that are single numbers, such as losses
    gradients = ()  # where gradients are that went back through it, and their names
    within = False  # whether a backward pass reached it by these alone

    def __init__(self, module, what, inputs):
        self.class_name = what.__name__
        self.module = weakref.ref(module)  # it ends when the script lets go of it
        self.is_criterion = isinstance(module, torch.nn.modules.loss._Loss)
        self.has_parameters = first_parameter(module) is not None
        self.found = []  # (losses, gradients), where it led to no update
        self.inputs = inputs  # (name, piece, 1 if it has a gradient, 2 if it was made)
        self.inner = []  # (reference to a module inside, suffix, piece)
        self.outputs = []  # (suffix, piece)
        self.nodes = []  # where these are in autograd's graph

    def over(self):
        """It is whole."""
        module = self.module()
        if (first := first_parameter(module)) is not None:
            self.learns = learns(first) or not learns_nothing(module)
        size = 0
        for _, content, _ in self.inputs:
            size += len(content.data)
        for _, content in self.outputs:
            size += len(content.data)
        for _, _, content in self.inner:
            size += len(content.data)
        self.size = size


def learns(param):
    """Whether it is one to be trained: autograd did not make it of others."""
    return param.requires_grad and param.is_leaf


def learns_nothing(module):
    """Whether it has no such parameters, now."""
    if not (module._parameters or module._modules):
        return True
    return not any(map(learns, parameters(module)))


def unbatched(tensor):
    """All of it, where vmap has a function see one after the other."""
    while functorch.is_batchedtensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor


class Passes:
    """Those that no backward pass reached yet."""

    def __init__(self, options):
        # What is not to be recorded is not read, but for what a loss is found by.
        phases = {"data", "eval"} & {*options.phases} or options.explain
        self.reads_inputs = bool(phases)
        self.reads_outputs = bool(phases) or "forward" in options.phases
        self.reads_losses = self.reads_outputs or "loss" in options.phases
        self.pending = {}  # each -> the updates by then
        self.by_node = {}  # places in autograd's graph -> these passes, as keys
        self.by_gradient = {}  # likewise, by where gradients are and their names
        self.bytes = 0
        self.updates = 0  # of all models so far

    def begin(self, module, args, kwargs):
        """Notes what goes into an outermost module, or a criterion as a function."""
        what, called = type(module), module
        if isinstance(module, Criterion):
            what = called = module.function
        inputs = []
        for name, tensor in arguments(called, args, kwargs):
            gradient = tensor.requires_grad + (tensor.grad_fn is not None)
            # What gets a gradient of its own is known by its values.
            read = piece if self.reads_inputs or gradient == 1 else scalar
            content = read(tensor)
            if content is None:
                content = read(unbatched(tensor))
            if content is not None:
                inputs.append((name, content, gradient))
        return Pass(module, what, inputs)

    def inside(self, made, module, result):
        """Notes what came out of a module inside of the outermost one."""
        read = piece if self.reads_outputs else scalar
        inner = [(weakref.ref(module), n, read(t)) for n, t in tensors(result, "")]
        made.inner += [i for i in inner if i[2] is not None]

    def end(self, made, result, trained):
        """Notes what came out, if a backward pass can go through it. Where something
        is trained, that begins at what a criterion found, and reads it then."""
        reads = self.reads_losses if made.is_criterion else self.reads_outputs
        read = piece if reads else scalar
        is_loss = trained and made.is_criterion and not made.has_parameters
        for name, tensor in tensors(result, ""):
            if (node := tensor.grad_fn or unbatched(tensor).grad_fn) is not None:
                # Not the node itself, which would keep the graph alive.
                made.nodes.append(place := node._sequence_nr())
                if not tensor.ndim:
                    made.numbers += (place,)
                if is_loss:
                    continue
            if (content := read(tensor)) is not None:
                made.outputs.append((name, content))
        if not made.nodes:
            return
        made.over()
        self.pending[made] = self.updates
        for node in made.nodes:
            self.by_node.setdefault(node, {})[made] = None
        self.bytes += made.size
        while self.bytes > MOST_BYTES and len(self.pending) > 64:
            self.forget(next(iter(self.pending)))

    def forget(self, made):
        """Takes a pass from those that no backward pass reached."""
        del self.pending[made]
        self.bytes -= made.size
        for node in set(made.nodes):
            passes = self.by_node[node]
            del passes[made]
            if not passes:
                del self.by_node[node]
        for gradient in made.gradients:
            passes = self.by_gradient[gradient]
            del passes[made]
            if not passes:
                del self.by_gradient[gradient]

    def lead_to(self, gradients, passes):
        """Notes that gradients went back through these, which autograd followed: what
        comes of them comes of these passes."""
        nodes = [g.grad_fn for g in gradients if g is not None and g.grad_fn]
        # Those of another thread, as a GPU's, count their places anew.
        places = {(node._sequence_nr(), node.name()) for node in nodes}
        for made in passes:
            if made in self.pending:
                made.gradients = places.union(made.gradients)
                for place in places:
                    self.by_gradient.setdefault(place, {})[made] = None

    def behind(self, nodes, retained):
        """Those whose outputs a backward pass from these nodes goes through; and
        the first that it comes to, where that found a loss: a single number, or several
        of which the mean or the sum is taken. Where its graph is `retained`, another one
        may go through them, too."""
        if not self.by_node:
            return [], None
        passes, by_node, judged = {}, self.by_node, None
        for i, node in enumerate(nodes):
            if (found := by_node.get(place := node._sequence_nr())) is not None:
                if not passes:
                    reduced = is_reduced(place, nodes[:i])
                    losses = (m for m in found if reduced or place in m.numbers)
                    judged = next(losses, None)
                passes.update(found)
        if self.by_gradient:
            self.add_within(nodes, passes)
        passes = [made for made in self.pending if made in passes]
        for made in passes:
            made.reached = True
            if not retained:
                self.forget(made)
        return passes, judged

    def add_within(self, nodes, passes):
        """Adds those that these nodes lead to by gradients of theirs alone."""
        for made in passes:
            made.within = False
        for node in nodes:
            for made in self.by_gradient.get((node._sequence_nr(), node.name()), ()):
                if made not in passes:
                    made.within, passes[made] = True, None

    def forget_old(self, series):
        """After an update of this series: its own calls led to none, and others have
        waited long."""
        for made, updates in list(self.pending.items()) if self.pending else ():
            old = updates < self.updates - MOST_UPDATES
            old = old and len(self.pending) > MOST_PENDING
            if old or series.path(made.module()) is not None:
                self.forget(made)
