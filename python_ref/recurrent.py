"""Section 4: recurrent cells on a task that needs memory, by activation.

Run it with `python -m python_ref.recurrent`. Twin of src/lesson/recurrent/mod.rs.
"""

from dataclasses import astuple, dataclass, fields

import torch
from torch import nn

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.cli import (
    activations,
    experiment_parser,
    number,
    one_of,
    run_experiment,
    several,
    whole,
)
from python_ref.rnn import CELLS
from python_ref.train import fit

# The share of samples to get right that counts as knowing them.
KNOWN = 0.9


def make_data(steps, samples, features):
    """Standard normal sequences; the label says whether the first input's
    features add up to more than 0. All inputs after it are a distraction."""
    x = torch.randn(steps, samples, features)  # (T, N, D)
    y = (x[0].sum(dim=1) > 0).long()  # (N,)
    return x, y


class Classifier(nn.Module):
    """Reads a sequence, then says which class its first input had."""

    def __init__(self, cell, features, hidden, activation):
        super().__init__()
        self.rnn = CELLS[cell](features, hidden, activation)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.fc(self.rnn(x))  # (N, C)


@dataclass
class Finding:
    """What became of one network; a row of the CSV."""

    cell: str
    activation: str
    steps: int
    loss: float  # of the last epoch
    accuracy: float  # on the training samples, after training
    new_accuracy: float  # on as many new samples
    first_grad_before: float  # norm of the loss's gradient at the first input
    last_grad_before: float  # and at the last
    first_grad_after: float
    last_grad_after: float

    @property
    def learned(self):
        return self.new_accuracy >= KNOWN

    @property
    def by_heart(self):
        """Whether it knows the training samples but not the task."""
        return self.accuracy >= KNOWN and not self.learned


def input_grad(model, criterion, x, y):
    """The gradient of the loss at every input, (T, N, D)."""
    x = x.clone().requires_grad_()
    loss = criterion(model(x), y)
    return torch.autograd.grad(loss, x)[0]


def ends(grad):
    """The norms of the gradient at the first and at the last input."""
    return [grad[t].norm().item() for t in (0, -1)]


def accuracy(logits, y):
    """The share of samples whose larger logit is that of their class."""
    return (logits.argmax(dim=1) == y).sum().item() / len(y)


def run_one(args, cell, activation, steps, data, new_data):
    """Trains one network from the seed, which it shares with all others."""
    torch.manual_seed(args.seed)
    model = Classifier(cell, args.features, args.hidden, ACTIVATIONS[activation])
    series = f"{cell}-{activation}-{steps}"
    record.series(model, series)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

    before = input_grad(model, criterion, *data)
    record.measure(series, 0, {"x.grad": before})
    losses = fit(model, criterion, optimizer, *data, args.epochs)
    after = input_grad(model, criterion, *data)
    with torch.no_grad():
        logits, new_logits = model(data[0]), model(new_data[0])
    measured = {"x.grad": after, "logits": logits, "new_logits": new_logits}
    record.measure(series, args.epochs, measured)
    right = accuracy(logits, data[1]), accuracy(new_logits, new_data[1])
    return Finding(
        cell, activation, steps, losses[-1], *right, *ends(before), *ends(after)
    )


def recurrent(args):
    """Trains every cell with every activation on every length."""
    torch.set_num_threads(args.threads)
    findings = []
    for steps in args.steps:
        # Seeded anew, so that each network comes out the same whatever else
        # is trained.
        torch.manual_seed(args.seed)
        data = make_data(steps, args.samples, args.features)
        new_data = make_data(steps, args.samples, args.features)
        names = (f"{name}{steps}" for name in ("x", "y", "new_x", "new_y"))
        record.data(**dict(zip(names, data + new_data, strict=True)))
        for cell in args.cells:
            for activation in args.activations:
                finding = run_one(args, cell, activation, steps, data, new_data)
                findings.append(finding)
    return findings


def networks(findings):
    """The cells with their activations, in the order in which they were trained."""
    return list(
        dict.fromkeys((finding.cell, finding.activation) for finding in findings)
    )


def of(findings, network):
    """What became of one cell with one activation, by length."""
    return [f for f in findings if (f.cell, f.activation) == network]


def table(findings, text, columns=8):
    """A row for each cell and activation, a column for each length; what would
    be wider than a terminal goes on below."""
    rows = {network: of(findings, network) for network in networks(findings)}
    lengths = [finding.steps for finding in next(iter(rows.values()))]
    lines = []
    for part in (slice(i, i + columns) for i in range(0, len(lengths), columns)):
        lines.append(" " * 16 + "".join(f"{steps:7} " for steps in lengths[part]))
        for (cell, activation), row in rows.items():
            lines.append(f"{cell:5}{activation:11}" + "".join(map(text, row[part])))
        lines.append("")
    return lines


def verdicts(findings, cell):
    """Whether tanh is what the lesson says: the activation for this cell."""

    def reach(activation):
        learned = filter(lambda f: f.learned, of(findings, (cell, activation)))
        return max((finding.steps for finding in learned), default=0)

    trained = [activation for other, activation in networks(findings) if other == cell]
    others = [activation for activation in trained if activation != "tanh"]
    if "tanh" not in trained or not others:
        return []
    other = max(others, key=reach)
    tanh, best = reach("tanh"), reach(other)
    ordered = {True: "holds", False: "does not hold"}
    holds = "makes no difference" if tanh == best else ordered[tanh > best]
    learned = f"tanh learned up to {tanh} steps, {other} up to {best}"
    return [f"{cell}: {learned}:", f"  the lesson's choice {holds}"]


def summary(args, findings):
    """The lines to print: three tables, then whether the lesson is right."""
    lines = ["gradient at the first input before training, by steps"]
    lines += table(findings, lambda f: f"{f.first_grad_before:7.0e} ")
    lines += ["loss after training, by steps"]
    lines += table(findings, lambda f: f"{f.loss:7.4f} ")
    lines += ["share of new samples right after training (guessing: 0.5), by steps"]
    star = {True: "*", False: " "}
    lines += table(findings, lambda f: f"{f.new_accuracy:7.3f}{star[f.by_heart]}")
    if any(finding.by_heart for finding in findings):
        lines += ["* knows the samples that it was trained on, not the task", ""]
    for cell in CELLS:
        lines += verdicts(findings, cell)
    return [line.rstrip() for line in lines]


def tables(args, findings):
    """The CSV."""
    yield args.csv, [field.name for field in fields(Finding)], map(astuple, findings)


def parse(argv):
    parser = experiment_parser("Train recurrent cells to remember their first input.")
    add = parser.add_argument
    add("--seed", type=whole(-(2**63), 2**63 - 1), default=0)
    add("--samples", type=whole(1, 10**7), default=256)
    add("--features", type=whole(1, 10**6), default=1)
    add("--hidden", type=whole(1, 10**6), default=32)
    add("--epochs", type=whole(1, 10**6), default=100)
    add("--lr", type=number(0, 1e37), default=1e-2)
    add("--steps", type=several(whole(1, 10**4)), default=[5, 10, 20, 40])
    add("--cells", type=several(one_of(CELLS)), default=["rnn", "lstm"])
    add("--activations", type=activations, default=["tanh", "relu", "sigmoid"])
    return parser.parse_args(argv)


def main(argv=None):
    run_experiment("recurrent", parse(argv), recurrent, summary, tables)


if __name__ == "__main__":
    main()
