"""Sections 1, 2, 5: activations and their derivatives, and where they saturate.

Run it with `python -m python_ref.curve`. Twin of src/lesson/curve/mod.rs.
"""

import sys

import numpy as np
import torch

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.cli import (
    activations,
    experiment_parser,
    number,
    run_experiment,
    whole,
)


def value_and_derivative(activation, x):
    """The activation's values at `x`, and its derivative there by autograd."""
    x = x.detach().requires_grad_()
    value = activation(x)
    (derivative,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), derivative


def explore(activation, x, saturation):
    """What is found out about an activation on the points `x`, in order."""
    value, derivative = value_and_derivative(activation, x)
    mirrored = activation(-x)
    slope = derivative.abs()
    unsaturated = x[slope >= slope.max() * saturation]
    found = {
        "value": value,
        "derivative": derivative,
        "lowest": value.min(),
        "highest": value.max(),
        "oddness": (value + mirrored).abs().max(),
        "steepest": slope.max(),
        "steepest_x": x[slope.argmax()],
        "unsaturated_from": unsaturated.min(),
        "unsaturated_to": unsaturated.max(),
    }
    if activation is torch.tanh:
        found["closed_form"] = 1 - value**2
        found["closed_form_error"] = (derivative - found["closed_form"]).abs().max()
    return found


def curve(args):
    """Explores every chosen activation; returns the points and name -> findings."""
    torch.set_num_threads(args.threads)
    x = torch.linspace(getattr(args, "from"), args.to, args.points, dtype=torch.float64)
    record.data(x=x)
    curves = {}
    for name in args.activations:
        found = explore(ACTIVATIONS[name], x, args.saturation)
        record.measure(name, 0, found)
        curves[name] = found
    return x, curves


def summary_of(x, name, found):
    """What was found, in words."""
    found = {key: tensor.item() for key, tensor in found.items() if tensor.dim() == 0}
    low, high = found["unsaturated_from"], found["unsaturated_to"]
    sides = [f"below x = {low}"] * (low > x[0]) + [f"above x = {high}"] * (high < x[-1])
    lines = [
        f"{name}: lowest {found['lowest']}, highest {found['highest']}",
        f"  |f(x) + f(-x)|, 0 where it is odd: at most {found['oddness']}",
        f"  steepest: derivative {found['steepest']} at x = {found['steepest_x']}",
        f"  saturated: {' and '.join(sides) or 'nowhere here'}",
    ]
    if "closed_form_error" in found:
        lines.append(
            f"  autograd and 1 - tanh(x)^2: at most {found['closed_form_error']} apart"
        )
    return lines


def compare_numpy(x, value):
    """How far NumPy's tanh is from PyTorch's: both lie on the same side of 0."""
    theirs = np.tanh(x.numpy())
    ulps = np.abs(theirs.view(np.int64) - value.numpy().view(np.int64))
    return f"note: NumPy's tanh: {(ulps > 0).sum()} of {ulps.size} values differ, by {ulps.max()} ULP at most"


def summary(args, found):
    """The lines to print."""
    x, curves = found
    return [line for name in curves for line in summary_of(x, name, curves[name])]


def tables(args, found):
    """The CSV: every point of every curve."""
    x, curves = found
    parts = ("value", "derivative")
    rows = [
        (name, *point)
        for name, of in curves.items()
        for point in zip(x.tolist(), *(of[p].tolist() for p in parts), strict=True)
    ]
    yield args.csv, ("activation", "x", *parts), rows


def parse(argv):
    parser = experiment_parser("Explore activations and their derivatives.")
    parser.add_argument("--points", type=whole(2, 10**6), default=400)
    parser.add_argument("--from", type=number(-1e6, 1e6), default=-10.0)
    parser.add_argument("--to", type=number(-1e6, 1e6), default=10.0)
    parser.add_argument("--saturation", type=number(0, 1), default=0.01)
    parser.add_argument("--activations", type=activations, default=["tanh"])
    args = parser.parse_args(argv)
    if not getattr(args, "from") < args.to:
        parser.error("--from must be less than --to")
    return args


def main(argv=None):
    x, curves = run_experiment("curve", parse(argv), curve, summary, tables)
    if "tanh" in curves:
        # Aside, and only here: there is no NumPy on the Rust side. `check`
        # shows what a twin notes.
        print(compare_numpy(x, curves["tanh"]["value"]), file=sys.stderr)


if __name__ == "__main__":
    main()
