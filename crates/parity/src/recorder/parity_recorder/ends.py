"""What models are in the end: their last values, where no step has them.

The rule: when a model ends, or the script does, its parameters and buffers are
recorded in the phase `end`, where they are not what its last step left. So is a
module that nothing called, such as an average by hand, where it is not what it was
when training began.

A model may end long before the script does, as one that is made in a function. Only
a weak reference to it is kept; what is kept besides are its dictionaries of tensors,
so that they can be read when the reference says that it is gone. They are let go of
then, and so nothing lives longer than without the recorder.
"""

import weakref

import torch

from .file import digest_of
from .names import ids_of, plain
from .tensors import piece


class Other:
    """A module that nothing called, as it was when training began."""

    steps = 0

    def __init__(self, model):
        self.class_name = type(model).__name__
        both = [pair for named in named_tensors(model) for pair in named]
        both = ((name, piece(tensor)) for name, tensor in both)
        self.last = {name: digest_of(content) for name, content in both if content}


class Watched:
    """A model, and its tensors where they are."""

    def __init__(self, owner, model, ended):
        self.owner = owner  # its series, or an Other
        self.place = id(model)
        self.model = weakref.ref(model, lambda _: ended(self))
        self.parts = {}  # path -> reference to a module, its parameters and buffers
        for path, module in torch.nn.Module.named_modules(model):
            held = vars(module).get("_parameters"), vars(module).get("_buffers")
            gone = None if module is model else self.let_go(module, path)
            self.parts[path] = gone, held

    def let_go(self, module, path):
        """A reference to a part, whose tensors are let go of with it where the model
        lives on without it."""
        parts, model = self.parts, self.model

        def gone(_):
            if model() is not None:
                parts.pop(path, None)

        return weakref.ref(module, gone)

    def tensors(self):
        """Parameters and buffers, by name."""
        model = self.model()
        if model is not None:
            return named_tensors(model)
        found = {}, {}
        for path, (_, held) in list(self.parts.items()):
            for of_kind, tensors in zip(found, held, strict=True):
                for name, tensor in list((tensors or {}).items()):
                    if tensor is not None:
                        name = plain(f"{path}.{name}" if path else name)
                        of_kind.setdefault(id(tensor), (name, tensor))
        return tuple(list(of_kind.values()) for of_kind in found)


def named_tensors(model):
    """A model's parameters and buffers, by name."""
    parameters = torch.nn.Module.named_parameters(model)
    named = parameters, torch.nn.Module.named_buffers(model)
    return tuple([(plain(n), t) for n, t in of_kind] for of_kind in named)


class Ends:
    """What becomes of models."""

    def __init__(self, record, models):
        self.record, self.models = record, models
        self.on = record.options.inference and "end" in record.options.phases
        self.watched = {}  # id of a model -> Watched
        self.gone = []  # models that ended: whose they were, and their values
        self.attempt = None  # `note_gone`, guarded

    def watch(self, owner, model):
        """The values of this model in the end are its owner's."""
        if self.on:
            self.watched[id(model)] = Watched(owner, model, self.ended)

    def let_go(self, owner):
        """Another one has the values of its model in the end."""
        self.watched.pop(id(owner.model()), None)

    def watch_others(self):
        """Modules that nothing called yet, and that are no part of others."""
        made = list(self.models.modules)
        parts_of = torch.nn.Module.children
        inside = {id(part) for module in made for part in parts_of(module)}
        for module in made if self.on else ():
            if id(module) not in inside and id(module) not in self.watched:
                ids = ids_of(module)
                if ids and ids.isdisjoint(self.models.owner):
                    self.watch(Other(module), module)

    def ended(self, watched):
        """A model is gone, but for its tensors; what runs now is the script's."""
        self.attempt(watched)
        if self.watched.get(watched.place) is watched:
            del self.watched[watched.place]
        watched.parts.clear()

    def note_gone(self, watched):
        """It is written later: a record may be being written now."""
        self.gone.append((watched.owner, self.values(watched.owner, watched.tensors())))

    def values(self, owner, named):
        """Parameters and buffers, each by name with its value; nothing of a module
        whose parameters are another model's, too."""
        parameters, buffers = named
        if isinstance(owner, Other):
            known = {}
            if any(id(p) in self.models.owner for _, p in parameters):
                return (), ()
        else:
            known = {id(ref()): name for name, ref in owner.named}
        parameters = [(known.get(id(p), n), piece(p)) for n, p in parameters]
        return parameters, [(n, piece(b)) for n, b in buffers]

    def write_gone(self):
        """Of models that ended."""
        while self.gone:
            self.write(*self.gone.pop(0))

    def finish(self):
        """The script is at its end, and what models there are with it."""
        if not self.on:
            return
        self.write_gone()
        for watched in list(self.watched.values()):
            self.write(watched.owner, self.values(watched.owner, watched.tensors()))
        for series in self.models.series.values():
            if series.class_name is None:
                named = [(n, p) for n, ref in series.named if (p := ref()) is not None]
                self.write(series, self.values(series, (named, ())))

    def write(self, owner, values):
        """Those that are not as they were."""
        if not self.record.wants(owner.steps):
            return
        if isinstance(owner, Other):
            both = [pair for named in values for pair in named]
            new = [(n, p) for n, p in both if p and digest_of(p) != owner.last.get(n)]
            name = self.models.next_name(owner.class_name) if new else None
        else:
            name, new = owner.name, self.changed(owner, *values)
        for of, content in new:
            self.record.write(name, owner.steps, "end", of, content)

    def changed(self, series, parameters, buffers):
        """What is not as it was recorded last; what is not known of, is not told."""
        new = []
        whole = "param" not in self.record.options.phases
        for name, content in parameters:
            last = series.last.get(name)
            if whole or (last and not self.record.file.holds(last, content)):
                new.append((name, content))
        for name, content in buffers:
            last = series.buffers.get(name)
            if content and (last is None or last[2] != digest_of(content)):
                new.append((name, content))
        return new
