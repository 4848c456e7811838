"""Steps: updates of parameters, by an optimizer or by hand.

The rule: an optimizer's step is an update of all that it holds. An update by hand is a
change of what no optimizer holds, after a backward pass that reached it and before the
next call or backward pass. What an optimizer holds may change by hand, too, but only for
a while, as in SAM's first half or an attack on embeddings: it is put back before the
step, and its first values are those from which this begins.
"""

import sys
import traceback
from inspect import isfunction

import torch

from . import passes
from .asleep import Asleep, tensors_in
from .batch import Batch
from .by_identity import ByIdentity
from .inference import Inference
from .models import Models
from .names import state_of, unwrap
from .rows import Rows
from .settings import Groups, settings_of
from .tensors import apart, piece, whole


def running():
    """The optimizers whose step is running here, the innermost first. Of frames of
    the script, not even the local variables are looked at: that alone would change
    what its `locals()` returned."""
    file = torch.optim.Optimizer.profile_hook_step.__code__.co_filename
    frames = (frame for frame, _ in traceback.walk_stack(sys._getframe()))
    hooked = (f for f in frames if f.f_code.co_filename == file)
    return [f.f_locals.get("self") for f in hooked if f.f_code.co_name == "wrapper"]


def state_within(optimizer, within):
    """What it remembers of each parameter, and those whose step was a part of its own:
    a wrapper may leave that to them."""
    if not within:
        return optimizer.state
    state = {}
    for each in (*within, optimizer):
        for param, named in each.state.items():
            if isinstance(param, torch.Tensor):  # others count by names of their own
                state[param] = {**state.get(param, {}), **named}
    return state


class Plan:
    """What an optimizer updates."""

    def __init__(self, ids, parts):
        self.ids = ids  # of all its parameters
        self.parts = parts  # (series, its parameters by name)
        self.groups = Groups()


class Steps:
    """What is going on, from call to update."""

    def __init__(self, record):
        self.record = record
        self.phases = record.options.phases
        self.passes = passes.Passes(record.options)
        self.models = Models(record, self.passes)
        self.batch = Batch(record, self.passes, self.models.owner)
        self.inference = Inference(record, self.models, self.passes)
        self.batch.led_nowhere = self.inference.led_nowhere
        self.asleep = Asleep(self)
        self.stepping = []  # optimizers whose step is running
        self.within = []  # those whose step was a part of that one's
        self.grads = None  # from before it
        self.rows = Rows(record.file)
        self.groups = []  # what it is set to
        self.plans = ByIdentity()  # optimizer -> its plan
        self.watched = {}  # id -> parameter, value and gradient after backward
        self.to_step = None  # ids of what optimizers held after backward
        self.held = {}  # id -> parameter that changed by hand, whose optimizer took no step
        self.spawned = 0  # processes of torch.multiprocessing
        self.watch_forward = None  # of a class of modules

    # -------- calls and backward passes

    def before_call(self, module, args, kwargs):
        """Notes what goes into an outermost module. The call is `asleep` where it
        need not be looked at."""
        self.models.ends.write_gone()
        self.notice_updates()
        inner = unwrap(module)
        if torch.is_grad_enabled() and not isinstance(inner, passes.Criterion):
            self.models.note_call(inner)
        if self.asleep.calls():
            found = tensors_in((*args, *kwargs.values()))
            if self.asleep.call(inner, found):
                return self.asleep
        return self.passes.begin(inner, args, kwargs)

    def inside(self, made, module, result):
        """Notes what came out of a module inside of the outermost one."""
        if made is not self.asleep:
            self.passes.inside(made, module, result)

    def after_call(self, made, result):
        """Notes what came out."""
        if made is self.asleep:
            if not self.asleep.over(tensors_in((result,))):
                self.inference.over_unseen()
            return
        self.passes.end(made, result, self.inference.trains)
        self.inference.over(made)

    def before_backward(self, roots, retained, inputs=None):
        """The event that this backward pass is; none where it need not be looked
        at."""
        self.notice_updates()
        roots = [roots] if isinstance(roots, torch.Tensor) else roots
        roots = [root for root in roots if isinstance(root, torch.Tensor)]
        if self.batch.events:
            self.batch.let_go(self.in_step())
        if inputs is None and self.asleep.all() and self.asleep.backward(roots):
            return None
        return self.batch.before_backward(roots, retained, inputs)

    def after_backward(self, event, grads=None):
        """Keeps the values of parameters that may be updated by hand."""
        self.batch.backwards += 1
        owner = self.models.owner
        for i, ref in enumerate(event.leaves):
            leaf = ref()
            series = owner.get(id(leaf))
            if leaf is None or (series is not None and series.by_optimizer):
                continue
            if self.held.get(id(leaf)) is ref:
                continue
            if (content := piece(leaf)) is None:
                continue  # FSDP frees the parameters that it had gathered
            grad = leaf.grad if grads is None else grads[i]
            grad = piece(grad) if grad is not None and "grad" in self.phases else None
            self.watched[id(leaf)] = (ref, content, grad)
        self.to_step = self.inference.held_now() if self.watched else set()
        self.inference.after_backward(event, self.watched)

    def within_loss(self, event, gradients):
        """Gradients of `torch.autograd.grad` that a loss may be made of."""
        if any(g is not None and g.requires_grad for g in gradients):
            self.passes.lead_to(gradients, event.passes)

    def look_into_forward(self, series):
        """Nothing went into this model: its `forward` may be called directly."""
        cls = type(series.model())
        forward = getattr(cls, "forward", None)
        if isfunction(forward) and forward is not torch.nn.Module.forward:
            self.watch_forward(cls)

    # -------- updates

    def before_step(self, optimizer, args, kwargs):
        """Notes gradients, and what is not seen any more after the update."""
        if optimizer not in self.inference.optimizers:
            self.inference.training(optimizer)
        if self.in_step(besides=1):
            self.stepping.append(optimizer)  # is part of that one's step
            self.within.append(optimizer)
            return
        plan = self.plan_of(optimizer)
        wanted = any(self.record.wants(s.steps + 1) for s, _ in plan.parts)
        self.groups = plan.groups.of(optimizer) if wanted else []
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        self.grads = None
        if wanted and not closure:
            self.grads = [self.grads_of(*part) for part in plan.parts]

    def plan_of(self, optimizer):
        """What it updates, in its step that begins."""
        params = []
        for group in optimizer.param_groups:
            params += group["params"]
        ids = list(map(id, params))
        watched = {}
        for id_ in ids if self.watched else ():
            kept = self.watched.pop(id_, None)
            if kept is not None and kept[0]() is not None:
                watched[id_] = kept
        self.stepping.clear()  # of a step that raised
        self.within.clear()
        self.notice_updates()
        self.stepping.append(optimizer)
        known = self.plans.get(optimizer)
        if known is not None and known.ids == ids:
            return known
        plan = self.plans[optimizer] = Plan(ids, self.by_series(params, watched))
        for id_ in ids if self.held else ():
            self.held.pop(id_, None)
        for series, _ in plan.parts:
            series.by_optimizer = True
            if known is None:
                series.optimizers.append(settings_of(optimizer))
                self.models.awake[series] = None  # it may have to wake earlier
        return plan

    def grads_of(self, series, named):
        """The gradients of parameters that have one."""
        if "grad" not in self.phases:
            return []
        grads = [(name, p.grad) for name, p in named]
        grads = [(name, grad) for name, grad in grads if grad is not None]
        return self.rows.read(series.name, "grad", grads, keep=True)

    def in_step(self, besides=0):
        """Whether an optimizer's step is running here, besides so many innermost
        ones; one that raised is not."""
        if not self.stepping:
            return False
        return any(o is self.stepping[0] for o in running()[besides:])

    def after_step(self, optimizer, args, kwargs):
        """Records the step of every model that it updated."""
        if len(self.stepping) > 1:
            del self.stepping[len(running()) :]  # of steps within that raised
        if self.stepping.pop() is not optimizer or self.stepping:
            return
        grads, self.grads = self.grads, None
        state, self.within = state_within(optimizer, self.within), []
        for i, (series, named) in enumerate(self.plans[optimizer].parts):
            of_series = grads[i] if grads else None
            if grads is None and self.record.wants(series.steps + 1):
                of_series = self.grads_of(series, named)
            self.end_step(series, named, of_series, state, i > 0, self.groups)

    def notice_updates(self):
        """Finds parameters that changed since the backward pass though no
        optimizer took a step."""
        if not self.watched or self.in_step():
            return
        watched = {id_: w for id_, w in self.watched.items() if w[0]() is not None}
        self.watched = watched
        changed = {id_ for id_, (ref, old, _) in watched.items() if piece(ref()) != old}
        for id_ in changed & self.to_step:
            self.held[id_] = watched.pop(id_)[0]
        changed -= self.to_step
        if not changed:
            return
        params = [ref() for ref, _, _ in watched.values()]
        bare = any(self.models.is_bare(p) for p in params if id(p) in changed)
        params = [
            p for p in params if id(p) in changed or (bare and self.models.is_bare(p))
        ]
        plan = self.by_series(params, watched)
        for place, (series, _) in enumerate(plan):
            ids = {i for i in watched if self.models.owner.get(i) is series}
            named = [(n, ref()) for n, ref in series.named if id(ref()) in ids]
            grads = [(n, watched[id(p)][2]) for n, p in named]
            grads = [grad for grad in grads if grad[1] is not None]
            self.end_step(series, named, grads, {}, place > 0)
            for id_ in ids:
                del self.watched[id_]

    def finish(self, whole):
        """Nothing comes any more; it is `whole` where the script reached its end."""
        self.notice_updates()
        if whole:
            for event in self.batch.events:
                if not event.taken:
                    self.inference.led_nowhere(event)
            self.inference.finish()
            self.models.ends.finish()

    def by_series(self, params, watched):
        """The series that these parameters are of, each with its own of them."""
        return self.models.by_series(params, watched, self.batch.events)

    def end_step(self, series, named, grads, state, same, groups=()):
        """Records a step of a model, after its update; the `same` update as the last,
        where one is of several models. The optimizer's `groups` were set to this."""
        self.inference.before_update(series)
        self.passes.updates += 1
        series.steps += 1
        step = series.steps
        if series.seed is None:
            series.seed = torch.initial_seed()
        keep = self.record.wants(step)
        if keep:
            self.record.events.step(series.name, step, self.passes.updates - 1, same)
            numbers = whole(torch.default_generator.get_state())
            self.record.note_generator(series.name, step, numbers)
            self.record.note_groups(series.name, step, groups)
        size = self.record.file.size
        if keep or not self.slept(series):
            unseen = self.batch.take(series, {id(p) for _, p in named}, step, keep)
            if unseen and step == 1:
                self.look_into_forward(series)
            self.passes.forget_old(series)
        self.asleep.after_step(series)
        awake = series in self.models.awake
        changed = self.models.changed_buffers(series) if awake else []
        self.batch.let_models_go()
        if self.models.fresh:
            self.models.fresh = False
            self.models.ends.watch_others()
        if not keep:
            series.forget(named)
            return
        self.write(series, named, grads, state, changed)
        self.record.say_size(series.name, self.record.file.size - size)

    def slept(self, series):
        """Whether it did, and there is nothing that its step could be made of."""
        return not (
            series in self.models.awake or self.batch.events or self.passes.pending
        )

    def write(self, series, named, grads, state, changed):
        """What an update used and left behind, in this order."""
        place = series.name, series.steps
        self.record.write_all(*place, "grad", grads)
        if "state" in self.phases:
            states = []
            for name, param in named:
                for part, tensor in state_of(state.get(param)):
                    states += apart(f"{name}.{part}", tensor)
            states = self.rows.read(series.name, "state", states)
            self.record.write_all(*place, "state", states)
            self.record.write_all(*place, "state", changed)
        if "param" in self.phases:
            values = self.rows.read(series.name, "param", named)
            series.last.update(self.record.write_all(*place, "param", values))
