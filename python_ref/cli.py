"""The flags that the experiments share. Twin of src/cli.rs."""

import argparse
import math

from python_ref.activation import ACTIVATIONS


def whole(low, high):
    """An argparse type: a whole number in [low, high]."""

    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low}..={high}")
        return value

    parse.__name__ = "whole number"
    return parse


def learning_rate(text):
    """An argparse type: what Adam accepts as lr without overflowing float32."""
    value = float(text)
    if not (math.isfinite(value) and 0 <= value <= 1e37):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1e37")
    return value


def activations(text):
    """An argparse type: a comma-separated list of different activations."""
    names = text.split(",")
    for name in names:
        if name not in ACTIVATIONS:
            raise argparse.ArgumentTypeError(f"no activation is called {name!r}")
    if len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"an activation is named twice in {text!r}")
    return names


def training_parser(description):
    """The parser of `train`; its defaults are the lesson's settings."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    add = parser.add_argument
    add("--seed", type=whole(-(2**63), 2**63 - 1), default=0)
    add("--samples", type=whole(1, 10**7), default=512)
    add("--features", type=whole(1, 10**6), default=10)
    add("--hidden", type=whole(1, 10**6), default=64)
    add("--epochs", type=whole(1, 10**6), default=50)
    add("--lr", type=learning_rate, default=1e-3)
    add("--activations", type=activations, default=["sigmoid", "tanh", "relu"])
    add("--same-init", action="store_true")
    add("--threads", type=whole(1, 1024), default=1)
    add("--csv", metavar="FILE")
    add("--history", metavar="FILE")
    add("--trace", metavar="FILE")
    return parser


def named_settings(args):
    """Everything that the results depend on, as text: no outputs, no threads."""

    def text(value):
        if isinstance(value, list):
            return ",".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else str(value)

    skip = {"threads", "csv", "history", "trace"}
    return {name: text(value) for name, value in vars(args).items() if name not in skip}
