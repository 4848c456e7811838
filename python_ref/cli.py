"""The flags that the experiments share. Twin of src/lesson/settings.rs."""

import argparse
import sys

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.export import write_csv


def whole(low, high):
    """An argparse type: a whole number in [low, high]."""

    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low}..={high}")
        return value

    parse.__name__ = "whole number"
    return parse


def number(low, high):
    """An argparse type: a number in [low, high]."""

    def parse(text):
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{text} is not a number from {low} to {high}"
            )
        return value

    parse.__name__ = "number"
    return parse


def one_of(names):
    """An argparse type: one of `names`."""

    def parse(text):
        if text not in names:
            known = ", ".join(names)
            raise argparse.ArgumentTypeError(f"{text!r} is none of {known}")
        return text

    return parse


def several(item):
    """An argparse type: a comma-separated list of different items."""

    def parse(text):
        items = [item(part) for part in text.split(",")]
        if len(set(items)) < len(items):
            raise argparse.ArgumentTypeError(f"{text!r} names something twice")
        return items

    parse.__name__ = "list"
    return parse


activations = several(one_of(ACTIVATIONS))


def experiment_parser(description):
    """The flags of every experiment."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--threads", type=whole(1, 1024), default=1)
    parser.add_argument("--csv", metavar="FILE")
    parser.add_argument("--trace", metavar="FILE")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--keep-partial", action="store_true")
    return parser


def seeded_parser(description):
    """With the seed of a run that has one."""
    parser = experiment_parser(description)
    parser.add_argument("--seed", type=whole(-(2**63), 2**63 - 1), default=0)
    return parser


def training_parser(description):
    """With the flags of every training run; the defaults are the lesson's."""
    parser = seeded_parser(description)
    add = parser.add_argument
    add("--samples", type=whole(1, 10**7), default=512)
    add("--features", type=whole(1, 10**6), default=10)
    add("--hidden", type=whole(1, 10**6), default=64)
    add("--epochs", type=whole(1, 10**6), default=50)
    # Above 1e37 Adam's first step, ten times as large, overflows float32.
    add("--lr", type=number(0, 1e37), default=1e-3)
    add("--activations", type=activations, default=["sigmoid", "tanh", "relu"])
    add("--same-init", action="store_true")
    return parser


OUTPUTS = ("csv", "history", "image", "trace")
HOW = ("digest", "keep_partial", "threads")  # it is run and recorded


def print_lines(args, lines):
    """Prints what was found; where an output takes standard output, aside."""
    aside = any(getattr(args, name, None) == "-" for name in OUTPUTS)
    print("\n".join(lines), file=sys.stderr if aside else sys.stdout)


def named_settings(args):
    """Everything that the results depend on, as text: no outputs, no threads."""

    def text(value):
        if isinstance(value, list):
            return ",".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else str(value)

    known = OUTPUTS + HOW
    named = {name: value for name, value in vars(args).items() if name not in known}
    return {name: text(value) for name, value in named.items()}


def run_experiment(name, args, run, summary, tables):
    """Runs an experiment, recorded if asked for; prints what it found and writes
    its CSVs. What it found is also returned."""
    kept = record.asked_for(args.digest, args.keep_partial)
    with record.recording(args.trace, name, named_settings(args), kept):
        found = run(args)
        print_lines(args, summary(args, found))
        for path, header, rows in tables(args, found):
            if path:
                write_csv(path, header, rows)
    return found
