"""Section 4: a decoder that makes pictures; what its last activation changes.

Run it with `python -m python_ref.generator`. Twin of src/lesson/generator/mod.rs;
the contact sheet (`--image`) is drawn by the Rust side alone.
"""

import math
from dataclasses import astuple, dataclass, fields

import torch
import torch.nn.functional as F
from torch import nn

from python_ref import record
from python_ref.cli import (
    experiment_parser,
    number,
    one_of,
    run_experiment,
    several,
    whole,
)
from python_ref.train import fit

LAST = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "none": nn.Identity()}


def make_images(samples, size):
    """Discs, squares and diamonds in turn, of random place, radius and grey, on
    black: (N, size * size) in [-1, 1]. Edges are two pixels soft."""
    axis = torch.linspace(-1, 1, size)
    centre = torch.rand(2, samples, 1) - 0.5
    radius = 0.25 + 0.3 * torch.rand(samples, 1, 1)
    grey = torch.rand(samples, 1, 1)

    dx = (axis - centre[0]).abs().unsqueeze(1)  # (N, 1, size)
    dy = (axis - centre[1]).abs().unsqueeze(2)  # (N, size, 1)
    disc, square, diamond = (dx * dx + dy * dy).sqrt(), torch.maximum(dx, dy), dx + dy
    kind = torch.arange(samples).remainder(3)
    distance = torch.stack([disc, square, diamond])[kind, torch.arange(samples)]

    cover = ((radius - distance) * (size / 4) + 0.5).clamp(0, 1)  # (N, size, size)
    return (cover * (grey + 1) - 1).flatten(1)


def denormalise(x):
    """[-1, 1] as bytes: 0 is black, 255 white. What lies outside is clipped."""
    return ((x + 1) / 2 * 255).round().clamp(0, 255).to(torch.uint8)


class Decoder(nn.Module):
    """One hidden layer from a code to the pixels."""

    def __init__(self, codes, hidden, pixels, last):
        super().__init__()
        self.fc1 = nn.Linear(codes, hidden)
        self.fc2 = nn.Linear(hidden, pixels)
        self.last = last

    def forward(self, z):
        h = F.relu(self.fc1(z))  # (N, H)
        return self.last(self.fc2(h))  # (N, pixels)


@dataclass
class Finding:
    """What became of one decoder; a row of the CSV."""

    last: str
    loss: float  # mean squared error of the last epoch
    lowest: float  # output
    highest: float  # output
    out_of_range: float  # share of pixels outside [-1, 1], which are clipped
    bytes_off: float  # mean distance from the target's bytes, in grey levels


def measure(last, loss, output, y):
    """How well the output (N, pixels) fits the images y."""
    inside = (output.abs() <= 1).sum().item()  # nan is not
    off = (denormalise(output).int() - denormalise(y).int()).abs().sum().item()
    return Finding(
        last,
        loss,
        lowest=output.min().item(),
        highest=output.max().item(),
        out_of_range=(output.numel() - inside) / output.numel(),
        bytes_off=off / output.numel(),
    )


def generator(args):
    """Trains a decoder with each last activation, from the same weights."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    z = torch.randn(args.samples, args.features)  # (N, D), fixed codes
    y = make_images(args.samples, args.size)  # (N, pixels)
    record.data(z=z, y=y, bytes=denormalise(y))
    findings = []
    for last in args.last:
        torch.manual_seed(args.seed)
        model = Decoder(args.features, args.hidden, args.size**2, LAST[last])
        record.series(model, last, output="logits")
        optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
        criterion = nn.MSELoss()
        losses = fit(model, criterion, optimizer, z, y, args.epochs)
        with torch.no_grad():
            output = model(z)
        measured = {"output": output, "bytes": denormalise(output)}
        record.measure(last, args.epochs, measured)
        findings.append(measure(last, losses[-1], output, y))
    return findings


def summary(args, findings):
    """The lines to print: a table, then what the last activation decides."""
    lines = ["last        loss   lowest  highest   clipped  off by (of 255)"]
    for f in findings:
        reach = f"{f.lowest:9.3f}{f.highest:9.3f}{f.out_of_range:10.1%}"
        lines.append(f"{f.last:8}{f.loss:8.4f}{reach}{f.bytes_off:17.1f}")

    def names(fulfils):
        return ", ".join(f.last for f in findings if fulfils(f)) or "no decoder"

    # One that diverged has no pictures that could be close.
    sound = [f for f in findings if not math.isnan(f.lowest)]
    closest = min((f.bytes_off for f in sound), default=math.inf)
    lines += [
        "",
        f"in [-1, 1] without clipping: {names(lambda f: f.out_of_range == 0)}",
        f"reach the dark half, below 0: {names(lambda f: f.lowest < 0)}",
        f"closest to the targets: {names(lambda f: f in sound and f.bytes_off == closest)}",
    ]
    return lines


def tables(args, findings):
    """The CSV."""
    yield args.csv, [field.name for field in fields(Finding)], map(astuple, findings)


def parse(argv):
    parser = experiment_parser("Train decoders to make pictures from codes.")
    add = parser.add_argument
    add("--seed", type=whole(-(2**63), 2**63 - 1), default=0)
    add("--samples", type=whole(1, 10**4), default=12)
    add("--features", type=whole(1, 10**6), default=8)
    add("--hidden", type=whole(1, 10**6), default=32)
    add("--size", type=whole(16, 256), default=16)
    add("--epochs", type=whole(1, 10**6), default=100)
    add("--lr", type=number(0, 1e37), default=1e-2)
    add("--last", type=several(one_of(LAST)), default=["tanh", "sigmoid", "none"])
    return parser.parse_args(argv)


def main(argv=None):
    run_experiment("generator", parse(argv), generator, summary, tables)


if __name__ == "__main__":
    main()
