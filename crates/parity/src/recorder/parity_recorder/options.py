"""What to record, and what is wrong with what was asked for."""

import argparse
import dataclasses
import math
import os
import re
import sys

PHASES = ("data", "init", "forward", "loss", "grad", "state", "param")
PHASES += ("eval", "measure", "end")


class Trouble(Exception):
    """What is wrong and what to do about it, in one line."""


@dataclasses.dataclass
class Options:
    """What to record of all that could be."""

    first: int = 0
    end: int = sys.maxsize  # of steps, itself excluded
    every: int = 1
    phases: tuple = PHASES
    forward: bool = False  # the outputs of modules inside of the model, too
    digest: bool = False  # digests in place of values
    inference: bool = False  # what is outside of updates, too: calls, and the end
    explain: bool = False  # print why what is taken is, and why not
    most_bytes: float = math.inf  # of the record, about: it ends before there are more
    say_size: bool = False  # where a step takes many
    sketch: str | None = None  # where to say what a port begins with, and to end then
    partial: bool = False  # keep what there is, where the run does not reach its end


UNITS = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
UNITS |= {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}


def size(text):
    """`500MB`, `1.5 GiB`: a number of bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([a-zA-Z]*)", text, re.ASCII)
    if not found or found[2].upper() not in UNITS or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 500MB or 2GB")
    return float(found[1]) * UNITS[found[2].upper()]


def in_words(size):
    """A number of bytes, for people."""
    for unit in ("GB", "MB", "KB"):
        if size >= UNITS[unit]:
            return f"{size / UNITS[unit]:.3g} {unit}"
    return f"{size:.0f} bytes"


def step_range(text):
    """`3..10`, `3..` or `..10`, as Python's ranges: the end is excluded."""
    first, dots, end = text.partition("..")
    try:
        low, high = int(first or 0), int(end or sys.maxsize)
    except ValueError:
        low, high = 0, 0
    if not dots or not 0 <= low < high:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no range of steps such as 0..10, the end excluded"
        )
    return low, high


def asked_for(digest=False, keep_partial=False):
    """What to record, with the steps that TORCH_PARITY_STEPS names."""
    steps = step_range(os.environ.get("TORCH_PARITY_STEPS") or "..")
    return Options(*steps, digest=digest, partial=keep_partial)
