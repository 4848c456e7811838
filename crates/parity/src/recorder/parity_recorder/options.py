"""What to record, and what is wrong with what was asked for."""

import argparse
import dataclasses
import os
import sys

PHASES = ("data", "init", "forward", "loss", "grad", "state", "param")
PHASES += ("eval", "measure")


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
    inference: bool = False  # calls that lead to no update, too
    explain: bool = False  # print why what is taken is, and why not
    partial: bool = False  # keep what there is, where the run does not reach its end


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
