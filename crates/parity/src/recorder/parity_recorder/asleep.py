"""Steps that nobody asked for: what need not be looked at meanwhile.

The rule: a series sleeps, where neither its last step nor the next is recorded, and
where what the metadata say of its first is known. While all series do, and nothing was
made that may be a new one,

1. a call of a trained model is not looked at, whose arguments autograd did not make,
   but for outputs of such calls;
2. nor one of a module that learns nothing, such as a criterion, that gets such outputs;
3. nor a backward pass that goes back to nothing but such calls.

So whatever is trained from now on is seen from its first call on. Where nothing of
calls is recorded, neither data nor outputs, 1 and 2 hold in recorded steps as well: what
a backward pass reached, and what it began at, its own graph says.

Most often all this is told at once, by the `skips_` methods, which need no guard: they
ask plain tensors alone, where no mode of the script's could see it, and read nothing.
"""

import torch

from .graph import Leaf
from .names import tensors
from .passes import Criterion, learns_nothing
from .tensors import PLAIN

MOST_OUTPUTS = 1000
modes = torch._C._len_torch_function_stack


def tensors_in(values):
    """The tensors of arguments or an output."""
    return [tensor for value in values for _, tensor in tensors(value, "")]


class Asleep:
    """Which series sleep, and the calls that were not looked at."""

    def __init__(self, steps):
        self.steps = steps
        self.record, self.models = steps.record, steps.models
        self.outputs = set()  # where those of such calls are in autograd's graph

    def after_step(self, series):
        """Decides whether it sleeps now."""
        awake = self.models.awake
        if series not in awake and series.steps < series.wakes:
            return
        # So many steps before, since one backward pass may be followed by as many.
        ahead = 1 + len(series.optimizers)
        series.wakes = self.record.next_wanted(series.steps) - ahead
        known = series.by_optimizer and series.graph is not None
        if known and not series.gathers:
            self.models.unknown.pop(series, None)
        if known and series.steps < series.wakes:
            awake.pop(series, None)
        else:
            awake[series] = None

    def all(self):
        """Whether nothing that is trained is looked at."""
        models = self.models
        if models.awake or models.fresh or self.record.options.explain:
            return False
        return bool(models.series)

    def calls(self):
        """Whether no call of what is trained is."""
        if self.steps.passes.reads_outputs:
            return self.all()
        return not (self.models.unknown or self.models.fresh or not self.models.series)

    def call(self, module, found):
        """Whether this call need not be looked at, into which these tensors go."""
        made = False
        for tensor in found:
            if tensor.requires_grad:
                if (node := tensor.grad_fn) is None or not self.is_output(node):
                    return False
                made = True
        if self.models.series_of(module) is not None:
            return True
        return made and learns_nothing(module)

    def is_output(self, node):
        """Whether such a call led to it."""
        return node._sequence_nr() in self.outputs

    def over(self, found):
        """Such a call is over, and these tensors came out; returns whether autograd
        followed it."""
        if len(self.outputs) > MOST_OUTPUTS:
            self.outputs.clear()
        is_followed = False
        for tensor in found:
            if (node := tensor.grad_fn) is not None:
                self.outputs.add(node._sequence_nr())
                is_followed = True
        return is_followed

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

    # -------- what is told at once

    def skips_call(self, module, args, kwargs):
        """Whether a call need not be looked at."""
        if kwargs or self.steps.watched or not self.calls() or modes():
            return False
        if type(module) is not Criterion and module not in self.models.called:
            return False
        for value in args:
            if type(value) not in PLAIN:
                return False
        return not self.models.ends.gone and self.call(module, args)

    def skipped(self, result):
        """Notes that such a call is over; returns whether that is all."""
        return type(result) is torch.Tensor and self.over((result,))

    def skips_backward(self, root):
        """Whether a backward pass need not be looked at, since it begins at what such
        a call led to."""
        if type(root) is not torch.Tensor or modes() or not self.all():
            return False
        if self.steps.watched or self.steps.batch.events:
            return False
        return (node := root.grad_fn) is not None and self.is_output(node)

    def skips_start(self, optimizer):
        """Whether a step that begins need not be looked at: that it runs is noted."""
        steps, plan = self.steps, self.steps.plans.get(optimizer)
        if plan is None or steps.stepping or steps.watched or not self.all():
            return False
        ids = [id(p) for group in optimizer.param_groups for p in group["params"]]
        if ids != plan.ids:
            return False
        steps.stepping.append(optimizer)
        steps.within.clear()
        steps.grads = None
        return True

    def skips_end(self, optimizer):
        """Whether its end need not be, either: it is counted."""
        steps, (running, *others) = self.steps, self.steps.stepping or (None,)
        waits = steps.passes.pending or steps.batch.events or steps.inference.waiting
        if running is not optimizer or others or waits or not self.all():
            return False
        parts = steps.plans[optimizer].parts
        if any(s.steps + 1 >= s.wakes or s.last for s, _ in parts):
            return False
        steps.stepping.clear()
        for series, _ in parts:
            series.steps += 1
            steps.passes.updates += 1
        return True
