"""An optimizer's settings, as the metadata tell them."""

import contextlib
import math
import numbers

import torch


def groups_of(optimizer):
    """The plain values that each group of parameters is set to."""

    def value(item):
        if isinstance(item, torch.Tensor):
            item = item.item() if item.numel() == 1 else item.tolist()
        if isinstance(item, (list, tuple)):
            return [value(x) for x in item]
        if isinstance(item, (bool, str, type(None))):
            return item
        if isinstance(item, numbers.Integral):  # NumPy's, too
            return int(item)
        if not isinstance(item, numbers.Real):
            raise TypeError
        number = float(item)
        return number if math.isfinite(number) else str(number)

    def values(group):
        named = {}
        for name, item in group.items():
            if name not in ("params", "param_names"):
                with contextlib.suppress(TypeError):  # no plain value
                    named[name] = value(item)
        return named

    return [values(group) for group in optimizer.param_groups]


def settings_of(optimizer):
    """An optimizer's class and plain values; of all groups, if there are several."""
    groups = groups_of(optimizer)
    about = {"class": type(optimizer).__name__} | groups[0]
    return about | ({"groups": groups} if len(groups) > 1 else {})
