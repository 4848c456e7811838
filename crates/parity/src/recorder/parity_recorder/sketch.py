"""What a port of a script begins with: the layers of its models, the optimizers'
groups. The script's first steps tell; then it is ended, or it might run for hours."""

import json
import os

from .names import plain
from .settings import Groups

STEPS = 2  # of a model, after which the script is ended

PLAIN = (bool, int, float, str, type(None))


class Sketch:
    """Written to `path` when a model has taken so many steps, or the script ends."""

    def __init__(self, path):
        self.path = path
        self.series = {}  # name -> what it is, as of its first step

    def look(self, recorder):
        """Something was noted; the models are there still."""
        plans, models = recorder.steps.plans, recorder.steps.models
        for optimizer in plans:
            for series, _ in plans[optimizer].parts:
                if series.steps and series.name not in self.series:
                    ids = [*map(id, models.modules), id(series.model())]
                    about = {"made": ids.index(id(series.model()))}
                    self.series[series.name] = about | described(series, optimizer)
        if any(series.steps >= STEPS for series in models.series.values()):
            recorder.save()
            self.write()
            os._exit(0)  # the script is not to do what it does at its end

    def write(self):
        with open(self.path, "w") as file:
            json.dump(list(self.series.values()), file)


def described(series, optimizer):
    """A model and how it is trained."""
    named = [(name, ref()) for name, ref in series.named]
    named = [(name, param) for name, param in named if param is not None]
    names = {id(param): name for name, param in named}
    settings = Groups().of(optimizer)
    groups = [
        [names[id(p)] for p in group["params"] if id(p) in names]
        for group in optimizer.param_groups
    ]
    model = series.model()
    return {
        "name": series.name,
        "graph": series.graph or [],
        "layers": layers(model) if model is not None else [],
        "parameters": [[name, list(param.shape)] for name, param in named],
        "has_buffers": model is not None and any(True for _ in model.buffers()),
        "optimizer": type(optimizer).__name__,
        "groups": [
            {"params": params, "settings": values}
            for params, values in zip(groups, settings, strict=True)
            if params
        ],
    }


def layers(model):
    """PyTorch's own modules, by name, with the plain values that they were made of;
    not those inside of one that has parameters itself."""
    found, inside = [], ()
    for path, module in model.named_modules(remove_duplicate=False):
        if inside and path.startswith(inside):
            continue
        own = [name for name, _ in module.named_parameters(recurse=False)]
        is_torch = type(module).__module__.startswith("torch.nn.")
        if not is_torch or (any(module.children()) and not own):
            continue
        inside += (f"{path}." if path else "",)
        held = {n: v for n, v in vars(module).items() if is_plain(v)}
        held["bias"] = "bias" in own or bool(held.get("bias"))
        found.append(
            {
                "path": plain(path),
                "class": type(module).__name__,
                "settings": {n: v for n, v in held.items() if n[0] != "_"},
                "says": module.extra_repr(),
                "params": [n for n, _ in module.named_parameters()],
            }
        )
    return found


def is_plain(value):
    """Whether JSON has it."""
    if isinstance(value, tuple):
        return all(is_plain(part) for part in value)
    return isinstance(value, PLAIN)
