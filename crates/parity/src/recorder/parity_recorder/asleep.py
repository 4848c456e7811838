"""Steps that nobody asked for: what need not be looked at meanwhile.

The rule: a series sleeps, where neither its last step nor the next is recorded, and
where what the metadata say of its first is known. While all series do, and nothing was
made that may be a new one,

1. a call of a trained model is not looked at, whose arguments autograd did not make,
   but for outputs of such calls;
2. nor one of a module without parameters, such as a criterion, that gets such outputs;
3. nor a backward pass that goes back to nothing but such calls.

So whatever is trained from now on is seen from its first call on.
"""

import torch

from .graph import Leaf
from .names import tensors

MOST_OUTPUTS = 1000


def tensors_in(value):
    """The tensors of an argument or an output: most often it is one itself."""
    if isinstance(value, torch.Tensor):
        return (value,)
    return [tensor for _, tensor in tensors(value, "")]


class Asleep:
    """Which series sleep, and the calls that were not looked at."""

    def __init__(self, record, models):
        self.record, self.models = record, models
        self.outputs = set()  # where those of such calls are in autograd's graph

    def after_step(self, series):
        """Decides whether it sleeps now."""
        # As many steps more as one backward pass may be followed by.
        ahead = range(series.steps, series.steps + 2 + len(series.optimizers))
        sleeps = series.by_optimizer and series.graph is not None
        if sleeps and not self.record.wants_any(ahead):
            self.models.awake.pop(series, None)
        else:
            self.models.awake[series] = None

    def all(self):
        """Whether nothing that is trained is looked at."""
        models = self.models
        if models.awake or models.fresh or self.record.options.explain:
            return False
        return bool(models.series)

    def call(self, module, args, kwargs):
        """Whether this call need not be looked at."""
        made = False
        for tensor in (t for v in (*args, *kwargs.values()) for t in tensors_in(v)):
            if tensor.requires_grad:
                if (node := tensor.grad_fn) is None or not self.is_output(node):
                    return False
                made = True
        return made or self.models.series_of(module) is not None

    def is_output(self, node):
        """Whether such a call led to it."""
        return node._sequence_nr() in self.outputs

    def over(self, result):
        """Such a call is over; returns whether autograd followed it."""
        nodes = [tensor.grad_fn for tensor in tensors_in(result)]
        nodes = [node._sequence_nr() for node in nodes if node is not None]
        if len(self.outputs) > MOST_OUTPUTS:
            self.outputs.clear()
        self.outputs.update(nodes)
        return bool(nodes)

    def backward(self, roots):
        """Whether a backward pass goes back to such calls alone."""
        found = [root.grad_fn for root in roots]
        if None in found or not self.outputs:
            return False
        seen = set(found)
        for node in found:  # which grows
            if type(node) is Leaf:
                return False
            if not self.is_output(node):
                behind = {next_one for next_one, _ in node.next_functions} - {None}
                found += behind - seen
                seen |= behind
        return True
