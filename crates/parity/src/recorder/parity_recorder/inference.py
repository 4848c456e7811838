"""Calls that lead to no update: inference, and what a training evaluates.

The rule: a call of an outermost module that leads to no update is

1. an evaluation, where the module is one that is trained, a part of one, or a wrapper
   of nothing else: its inputs and outputs stand in the phase `eval` of the step that
   it follows;
2. a step of a series of its own, where nothing is trained, or not this module: its
   inputs are `data`, its outputs `forward`, and before the first come its parameters
   and buffers as `init`; where a backward pass goes through it, what this began at is
   `loss`, and what it found for inputs and parameters `grad`. Where it is trained
   later, alone or as a part of another, that is another series;
3. a part of the call before, where the module is a criterion: its targets, and its
   output as `loss`. What had a gradient as a training called it is no target.

A call that a backward pass went through which no step took led to no update either: an
attack's, one of a batch that was skipped, an inner step of first-order meta-learning.

A call with gradients waits for a backward pass, and while nothing was trained, for an
update by hand after that; one of a module that an optimizer holds, for its first
update.
"""

from collections import Counter

import torch

from .batch import data_of, outputs_of, path_of
from .by_identity import ByIdentity
from .names import ids_of, plain
from .record import again
from .tensors import piece

MOST_WAITING = 16  # calls, where no optimizer was made and nothing called backward
MOST_BEFORE = 100  # calls, where something called backward, before the first update
MOST_BYTES = 256 << 20  # of them
MOST_KEPT = 1000  # calls before the first update of their module


class Inference:
    """What becomes of calls that lead to no update."""

    def __init__(self, record, models, passes):
        self.record, self.models, self.passes = record, models, passes
        self.on = record.options.inference
        self.optimizers = ByIdentity()
        self.held = None  # ids of the parameters that these hold
        self.trains = False  # whether there was an optimizer or an update
        self.undecided = {}  # calls before that -> their modules
        self.bytes = 0  # of these
        self.backward = False  # whether there was a backward pass before that
        self.turn = False  # whether one came after the last of these calls
        self.untrained = False  # whether they were too many to go on waiting
        self.waiting = []  # calls without, of modules that are to be trained
        self.counts = {}  # series -> step, and how often each name was there
        self.bare = False  # whether something was called that has no parameters
        self.judged_names = {}  # criterion -> what it judges, as a training called it
        self.last = None  # series, step, phases and outputs of the last such call
        self.waits = None  # that call, where it waits
        self.followed = None  # the last call that autograd followed

    def training(self, optimizer=None):
        """There is an optimizer, or an update."""
        self.trains = True
        if optimizer is not None:
            self.optimizers[optimizer] = self.held = None
        undecided, self.undecided = self.undecided, {}
        for made, module in undecided.items():
            if not made.nodes:
                self.unreached(made, module)

    def after_backward(self, event, watched):
        """What a backward pass found, as long as nothing is trained: `watched` has
        each leaf with its value and its gradient."""
        if self.trains:
            return
        self.backward = self.turn = True
        mine = [m for m in event.passes if m in self.undecided and m.has_parameters]
        leaves = [id(leaf) for ref in event.leaves if (leaf := ref()) is not None]
        grads = [(leaf, *watched[leaf][1:]) for leaf in leaves if leaf in watched]
        for made in mine:
            made.found.append((event.losses if made is mine[-1] else [], grads))

    def held_now(self):
        """The ids of the parameters that optimizers hold."""
        groups = (g for o in list(self.optimizers) for g in o.param_groups)
        return {id(p) for group in groups for p in group["params"]}

    def is_held(self, module):
        """Whether an optimizer holds a parameter of it that had no update yet."""
        if self.held is None:
            self.held = self.held_now()
        new = ids_of(module) - self.models.owner.keys()
        return not new.isdisjoint(self.held)

    def over_unseen(self):
        """An evaluation is over that need not be looked at, nor what comes behind."""
        self.last = None

    def over(self, made):
        """A call is over."""
        module = made.module()
        if not self.on or module is None:
            return
        if not self.trains and (made.nodes or self.backward):
            self.wait(made, module)
        elif not made.nodes:
            self.unreached(made, module)
        elif made.has_parameters:
            self.followed = made
            if series := self.models.series_of(module):
                made.after = series.steps
        elif made.is_criterion:
            made.judged = self.followed
            if made.class_name not in self.judged_names:
                names = {name for name, _, kind in made.inputs if kind}
                self.judged_names[made.class_name] = names

    def unreached(self, made, module):
        """A call is over that no backward pass can go through."""
        series = self.models.series_of(module) if made.has_parameters else None
        made.after = series.steps if series else 0
        if not made.has_parameters:
            self.beside(made)
        elif series is not None and not series.by_call:
            self.evaluation(series, made)
        elif series is None and self.is_held(module):
            self.waiting.append(made)
            self.waits = made
            del self.waiting[:-MOST_KEPT]
        else:
            self.decide()  # as long as nothing trains, in their order
            self.step(module, made)

    def wait(self, made, module):
        """Nothing was trained yet, so that this may lead to the first update."""
        most = MOST_BEFORE if self.backward else MOST_WAITING
        full = len(self.undecided) >= most or self.bytes + made.size > MOST_BYTES
        self.untrained |= full
        if full or (self.turn and self.untrained):
            self.decide()  # but for this one, which a backward pass may follow
        self.turn = False
        self.undecided[made] = module
        self.bytes += made.size
        if self.untrained and not self.backward:
            self.decide()

    def decide(self):
        """These calls were for inference: nothing was trained."""
        undecided, self.undecided, self.bytes = self.undecided, {}, 0
        for made, module in undecided.items():
            if made in self.passes.pending:
                self.passes.forget(made)
            if made.has_parameters:
                self.step(module, made)
            else:
                self.beside(made)

    def led_nowhere(self, event):
        """No step took this backward pass: its calls led to no update."""
        calls = [made for made in event.passes if not made.taken]
        mine = [made for made in calls if made.has_parameters]
        if not (self.on and self.trains and mine):
            return
        mine[-1].judges = [made for made in calls if made.is_criterion]
        mine[-1].began = event.losses
        for made in mine:
            if made in self.passes.pending:
                made.reached = False
            else:
                self.waiting.append(made)
        del self.waiting[:-MOST_KEPT]

    def before_update(self, series):
        """Calls of this model that led to no update of it were evaluations."""
        if not self.trains:
            self.training()
        if not (self.passes.pending or self.waiting):
            return
        if self.on:
            self.settle(series)

    def finish(self):
        """The script is at its end, so nothing waits any more."""
        if self.on:
            self.decide()
            self.settle()

    def settle(self, of=None):
        """Calls that led to no update, of this series or of all; and what judged them."""
        written = None
        for made in [m for m in self.passes.pending if not m.reached] + self.waiting:
            module = made.module()
            if module is None or not made.has_parameters:
                if written is not None and made.judged is written:
                    self.beside(made)
                    self.passes.forget(made)
                continue
            series = self.models.series_of(module)
            if of is not None and series is not of:
                continue
            written = made
            if made in self.passes.pending:
                self.passes.forget(made)
            else:
                self.waiting.remove(made)
            if series is not None:
                self.evaluation(series, made)
            elif not made.reached:
                self.step(module, made)

    # -------- what is written

    def count(self, series, step, phase, name):
        """How often this was there in the step."""
        if self.counts.get(series, (None,))[0] != step:
            self.counts[series] = step, Counter()
        counts = self.counts[series][1]
        counts[phase, name] += 1
        return counts[phase, name]

    def evaluation(self, series, made):
        """In the phase `eval` of the step that it follows."""
        latest = self.counts.get(series.name, (0,))[0]
        series.evaluated = max(made.after, latest)
        place = series.name, series.evaluated
        path = path_of(series, made)
        for name, content, taken, _ in data_of(path, made):
            if taken:
                self.write_data(*place, "eval", name, content)
        outputs = outputs_of(series, path, made)
        if path is None:  # it wraps what is trained
            outputs = [("output" + suffix, content) for suffix, content in made.outputs]
        for name, content in outputs:
            self.write(*place, "eval", name, content)
        self.written(made, *place, ("eval", "eval"))

    def step(self, module, made):
        """A step of a model that is called only."""
        series = self.models.series_of(module)
        if series is None or not series.by_call:
            series = self.models.start(module, by_call=True)
            # It has steps, where its parameters are those of another series.
            if not series.steps and self.record.wants(0):
                for name, buffer in module.named_buffers():
                    name = plain(name)
                    self.record.write(series.name, 0, "init", name, piece(buffer))
        if series.seed is None:
            series.seed = torch.initial_seed()
        series.steps += 1
        place = series.name, series.steps
        if self.record.wants(series.steps):
            self.record.events.step(*place, self.passes.updates, False)
            path = path_of(series, made)
            for name, content, taken, _ in data_of(path, made):
                if taken:
                    self.write_data(*place, "data", name, content)
            for name, content in outputs_of(series, path, made):
                self.write(*place, "forward", name, content)
            self.backwards(series, made)
        self.written(made, *place, ("data", "loss"))

    def backwards(self, series, made):
        """What the backward passes through this call began at, and what they found."""
        for losses, grads in made.found:
            for loss in losses:
                self.write(series.name, series.steps, "loss", "loss", loss)
            named = {id(ref()): name for name, ref in series.named}
            inputs = [(name, content) for name, content, kind in made.inputs if kind]
            for leaf, value, grad in grads:
                if leaf not in named:
                    names = (name for name, content in inputs if content == value)
                    named[leaf] = next(names, None)
                if named[leaf] and grad:
                    self.write(series.name, series.steps, "grad", named[leaf], grad)

    def written(self, made, series, step, phases):
        """A call is; so is what judged it meanwhile."""
        self.last = series, step, phases, [content for _, content in made.outputs]
        self.waits = None
        for judge in made.judges:
            self.beside(judge)
        for loss in made.began:
            self.write(series, step, phases[1], "loss", loss)

    def beside(self, made):
        """What a criterion got and found, of the call before it."""
        self.bare |= not made.is_criterion
        if made.is_criterion and self.waits is not None:
            self.waits.judges = [*self.waits.judges, made]
            return
        if not made.is_criterion or self.last is None:
            return
        series, step, (data, loss), outputs = self.last
        judged = self.judged_names.get(made.class_name, ())
        for name, content, kind in made.inputs:
            if not (kind or name in judged or content in outputs):
                self.write_data(series, step, data, name, content)
        for suffix, content in made.outputs if not made.reached else ():
            self.write(series, step, loss, "loss" + suffix, content)

    def write_data(self, series, step, phase, name, content):
        if self.record.wants(step):
            n = self.count(series, step, phase, name)
            self.record.write_data(series, step, name, n, content, phase)

    def write(self, series, step, phase, name, content):
        if self.record.wants(step):
            name = again(name, self.count(series, step, phase, name))
            self.record.write(series, step, phase, name, content)
