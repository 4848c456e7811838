"""An optimizer's settings, as the metadata tell them."""

import contextlib
import math
import numbers

import torch

FIXED = {bool, str, int, float, type(None)}


def plain_value(item):
    """A setting's value as JSON has it; a TypeError, where it has none."""
    if isinstance(item, torch.Tensor):
        item = item.item() if item.numel() == 1 else item.tolist()
    if isinstance(item, (list, tuple)):
        return [plain_value(x) for x in item]
    if isinstance(item, (bool, str, type(None))):
        return item
    if isinstance(item, numbers.Integral):  # NumPy's, too
        return int(item)
    if not isinstance(item, numbers.Real):
        raise TypeError
    number = float(item)
    return number if math.isfinite(number) else str(number)


def set_values(group):
    """What a group of parameters is set to, by name."""
    return {n: v for n, v in group.items() if n not in ("params", "param_names")}


def is_fixed(item):
    """Whether it stays as it is: another value would be another object."""
    kind = type(item)
    return kind in FIXED or (kind is tuple and all(map(is_fixed, item)))


class Groups:
    """What an optimizer's groups are set to, worked out again only where a value was
    replaced since."""

    def __init__(self):
        self.held = None  # the values themselves: so long, no other one gets their ids
        self.seen, self.plain = None, []

    def of(self, optimizer):
        """The plain values that each group of parameters is set to."""
        groups = optimizer.param_groups
        seen = [(*group, *map(id, group.values())) for group in groups]
        if seen == self.seen:
            return self.plain
        held = [set_values(group) for group in groups]
        self.plain = []
        for group in held:
            named = {}
            for name, item in group.items():
                with contextlib.suppress(TypeError):  # no plain value
                    named[name] = plain_value(item)
            self.plain.append(named)
        fixed = all(is_fixed(item) for group in held for item in group.values())
        self.held, self.seen = (held, seen) if fixed else (None, None)
        return self.plain


def settings_of(optimizer):
    """An optimizer's class and plain values; of all groups, if there are several."""
    groups = Groups().of(optimizer)
    about = {"class": type(optimizer).__name__} | groups[0]
    return about | ({"groups": groups} if len(groups) > 1 else {})
