"""Models: whose a parameter is, and what a series is called."""

import functools
import weakref
from collections import Counter

import torch

from .by_identity import ByIdentity
from .ends import Ends
from .file import digest_of
from .names import ids_of, parameters, plain, unwrap
from .options import Trouble
from .tensors import piece, version


class Series:
    """What is recorded of one model."""

    def __init__(self, name, class_name, model, named, output):
        self.name, self.class_name, self.output = name, class_name, output
        self.model = weakref.ref(model) if model is not None else lambda: None
        self.named = [(name, weakref.ref(param)) for name, param in named]
        self.named_output = output is not None
        self.steps = 0
        self.by_optimizer = False  # else its parameters are watched
        self.by_call = False  # its steps are calls
        self.gathers = False  # whether its passes are known by their calls alone
        self.inner = None  # whether its loss uses gradients of others
        self.evaluated = None  # the step that its last evaluation follows
        self.wakes = 0  # the step by which it sleeps no more
        self.seed, self.optimizers, self.graph = None, [], None
        self.last = {}  # name of a parameter -> what of it was recorded last
        self.buffers = {}  # as last seen
        self.registered = -1  # buffers of all modules, when these were looked at
        self.noted, self.lacks = 0, {}  # steps; what they lack, and why -> of how many
        self.path_of = None

    def path(self, module):
        """Where a module is inside of the model; None where it is not."""
        model = self.model()
        if model is None:
            return None
        if self.path_of is None:
            self.path_of = {id(m): plain(path) for path, m in model.named_modules()}
        return self.path_of.get(id(unwrap(module)))

    def forget(self, named):
        """These parameters have changed, and are not recorded."""
        for name, _ in named if self.last else ():
            self.last.pop(name, None)

    def note_lacking(self, missing, why):
        """A step is noted that has not all that others have."""
        self.noted += 1
        if missing:
            self.lacks[missing, why] = self.lacks.get((missing, why), 0) + 1

    def about(self):
        about = {"series": self.name, "class": self.class_name, "steps": self.steps}
        about |= {"seed": self.seed, "optimizer": next(iter(self.optimizers), None)}
        if len(self.optimizers) > 1:
            about["optimizers"] = self.optimizers
        return about | {"graph": self.graph or []}


class Models:
    """All that were made, and the series of those that are trained."""

    def __init__(self, record, passes):
        self.record, self.passes = record, passes
        # Dictionaries, since sets have no fixed order
        self.series = {}  # by name
        self.awake = {}  # those of which a step is wanted that may come
        self.unknown = {}  # those of which calls tell something yet
        self.counts = Counter()  # of models by class
        self.owner = {}  # id of a parameter -> its Series
        # Module -> its Series, or None. A module's stays the same until a series gets
        # parameters, a parameter or its model ends, or a module is given a part.
        self.found = ByIdentity()
        self.modules = ByIdentity()  # each that was made -> the updates by then
        self.called = ByIdentity()  # as outermost ones
        self.buffers = ByIdentity()  # module -> buffers as last seen
        self.ends = Ends(record, self)
        self.registered = 0  # buffers of all modules
        self.fresh = False  # whether modules were made since the last step

    def note_made(self, module):
        """It is made, or is given a part."""
        self.modules[module] = self.passes.updates
        self.fresh = True
        self.found.clear()

    def note_call(self, module):
        """An outermost module is called."""
        if module in self.called:
            return
        self.called[module] = None
        if module not in self.buffers:
            self.buffers[module] = buffers_of(module)

    def changed_buffers(self, series):
        """Buffers such as BatchNorm's running_mean that are not as they were."""
        model = series.model()
        before = self.buffers.get(model) if model is not None else None
        if before is None or not (before or series.registered < self.registered):
            return []
        series.registered = self.registered
        changed = []
        for name, buffer in model.named_buffers():
            name = plain(name)
            old = before.get(name)
            # The kernels of BatchNorm write without counting, so that only of a
            # large buffer, such as a mask, an unchanged count is proof enough.
            large = buffer.numel() > 1 << 16
            if old and large and old[:2] == (id(buffer), version(buffer)):
                continue
            content = piece(buffer)
            digest = content and digest_of(content)
            before[name] = (id(buffer), version(buffer), digest)
            if old is None or old[2] != digest:
                changed.append((name, content))
        return changed

    def series_of(self, module):
        """The series of the model that this is, or is a part of; or where all its
        parameters are trained ones, that of the first: it wraps these, and may be
        made anew for each call."""
        found = self.found.get(module, self)
        if found is self or (found is not None and found.model() is None):
            self.found[module] = found = self.look_for(module)
        return found

    def look_for(self, module):
        """Likewise, worked out."""
        owners = [self.owner.get(id(p)) for p in parameters(module)]
        for series in owners:
            if series is not None and series.path(module) is not None:
                return series
        trained = bool(owners) and all(s is not None and not s.by_call for s in owners)
        return owners[0] if trained else None

    def is_bare(self, param):
        """Whether it is a tensor of no module."""
        if owner := self.owner.get(id(param)):
            return owner.class_name is None
        return not any(id(param) in ids_of(m) for m in list(self.modules))

    def is_free(self, param):
        """Whether it is of no series that is trained."""
        return (owner := self.owner.get(id(param))) is None or owner.by_call

    def by_series(self, params, watched, events):
        """The series that these parameters are of, each with its own of them;
        those of no series yet get one, or of one that was called only."""
        if new := [p for p in params if self.is_free(p)]:
            self.adopt(new, watched, events)
        ids = {id(p) for p in params}
        owners = dict.fromkeys(self.owner[id(p)] for p in params)
        plan = []
        for series in owners:
            named = [(n, ref()) for n, ref in series.named]
            mine = [
                (n, p) for n, p in named if id(p) in ids and self.owner[id(p)] is series
            ]
            plan.append((series, mine))
        return plan

    def adopt(self, params, watched, events):
        """Starts the series of these parameters: of an outermost module that has
        them all, else of any module that has, else of the fewest that do."""
        left = {id(p): p for p in params}
        events = [e for e in events if not e.ids.isdisjoint(left)]
        trained = [made.module() for e in events for made in e.passes]
        trained = [m for m in trained if m is not None]
        called = [m for m in trained if m in self.called] + list(self.called)
        models = list({id(m): m for m in [*called, *self.modules]}.values())
        has = {id(m): ids_of(m) for m in models}
        for known in (trained, called, models):
            if whole := [m for m in known if left.keys() <= has.get(id(m), set())]:
                # Of models that are called, the one that uses the others; else
                # the smallest, but not the one layer that is all of it.
                sign = -1 if known is models else 1
                models = [
                    max(whole, key=lambda m: (sign * len(has[id(m)]), breadth(m)))
                ]
                break
        else:
            ids = {id(m) for m in called}
            models.sort(
                key=lambda m: (id(m) not in ids, -len(has[id(m)] & left.keys()))
            )
        for model in models:
            own = has[id(model)]
            if not own.isdisjoint(left):
                self.start(model, watched=watched)
                left = {i: p for i, p in left.items() if i not in own}
        if left:
            self.counts["params"] += 1
            name = f"params-{self.counts['params']}"
            self.series[name] = Series(name, None, None, [], None)
            self.record.events.start(name, self.passes.updates)
            self.own(self.series[name], list(left.values()), watched)

    def next_name(self, class_name):
        """The name of the next series of this class."""
        word = class_name.replace("/", ".")  # which parts a key
        self.counts[word] += 1
        return f"{word}-{self.counts[word]}"

    def start(self, model, name=None, output=None, watched=None, by_call=False):
        """A new series, with the values from which its model starts; one that is
        trained, or called only."""
        model = unwrap(model)
        named = [(plain(n), p) for n, p in torch.nn.Module.named_parameters(model)]
        for series in self.series.values():
            if series.model() is model and series.by_call == by_call:  # has new parts
                known = [ref() for _, ref in series.named]
                new = [(n, p) for n, p in named if not any(p is k for k in known)]
                series.path_of = None
                self.own(series, new, watched or {})
                self.ends.watch(series, model)
                return series
        class_name = type(model).__name__
        if name is None:
            name = self.next_name(class_name)
        if "/" in name:
            raise Trouble(f"a series cannot be called {name}: leave out the /")
        if name in self.series:
            raise Trouble(f"two models are to be series {name}")
        self.series[name] = series = Series(name, class_name, model, [], output)
        series.by_call = by_call
        self.record.events.start(name, self.modules.get(model, 0))
        if model not in self.buffers:
            self.buffers[model] = buffers_of(model)
            for path, part in model.named_modules():  # as before it was called
                for buffer, seen in self.buffers.get(part, {}).items() if path else ():
                    self.buffers[model][f"{plain(path)}.{buffer}"] = seen
        series.buffers = self.buffers[model]
        self.own(series, named, watched or {})
        self.ends.watch(series, model)
        return series

    def own(self, series, params, watched):
        """Gives a series parameters, with names or, bare ones, numbers. Where one
        is put in another's place, and both are trained, the later one is `#2`."""
        self.awake[series] = self.unknown[series] = None
        self.found.clear()
        names = {name for name, _ in series.named}
        taken = {name for name, ref in series.named if ref() is not None}
        for param in params:
            if series.class_name is None:
                param = (f"param{len(series.named)}", param)
            name, param = param
            whole, n = name, 1
            while name in taken:
                n += 1
                name = f"{whole}#{n}"
            taken.add(name)
            place = id(param)
            forget = functools.partial(forget_owner, self.owner, self.found, place)
            series.named.append((name, weakref.ref(param, forget)))
            if place in self.owner and self.is_free(param) and not series.by_call:
                called = self.owner.pop(place)  # it is trained now
                self.awake.pop(called, None)
                self.unknown.pop(called, None)
                self.ends.let_go(called)
            self.owner.setdefault(place, series)
            if self.record.wants(0) and name not in names:
                old = watched.get(place)
                content = piece(param) if old is None else old[1]
                series.last[name] = self.record.write(
                    series.name, 0, "init", name, content
                )


def buffers_of(model):
    """Buffers by name: version and digest, to see which of them change."""
    found = {}
    for name, buffer in model.named_buffers():
        content = piece(buffer)
        digest = content and digest_of(content)
        found[plain(name)] = (id(buffer), version(buffer), digest)
    return found


def breadth(model):
    """How many modules it is made of."""
    return sum(1 for _ in model.modules())


def forget_owner(owner, found, place, _):
    """A parameter is gone, and another one may get its id."""
    owner.pop(place, None)
    found.clear()
