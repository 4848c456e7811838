"""Section 6: an MLP trained with several activations, final losses compared.

Run it with `python -m python_ref.train`. Twin of src/lesson/train/mod.rs.
"""

import torch
from torch import nn

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.cli import run_experiment, training_parser


def make_data(samples, features):
    """Standard normal inputs; the label says whether they add up to more than 0."""
    x = torch.randn(samples, features)  # (N, D)
    y = (x.sum(dim=1) > 0).long()  # (N,)
    return x, y


class MLP(nn.Module):
    """One hidden layer between two linear ones."""

    def __init__(self, features, hidden, activation):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, 2)
        self.activation = activation

    def forward(self, x):
        h = self.activation(self.fc1(x))  # (N, H)
        return self.fc2(h)  # (N, C)


def fit(model, criterion, optimizer, x, y, epochs):
    """Trains full-batch; returns the loss of every epoch."""
    losses = []
    for _ in range(epochs):
        logits = model(x)  # (N, C)
        loss = criterion(logits, y)  # ()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train(args):
    """Trains every chosen activation in turn; returns name -> losses."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    x, y = make_data(args.samples, args.features)
    record.data(x=x, y=y)
    losses = {}
    for name in args.activations:
        if args.same_init:
            torch.manual_seed(args.seed)
        model = MLP(args.features, args.hidden, ACTIVATIONS[name])
        record.series(model, name)
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
        losses[name] = fit(model, criterion, optimizer, x, y, args.epochs)
    return losses


def summary(args, losses):
    """The lines to print."""
    return [f"{name}: {history[-1]}" for name, history in losses.items()]


def tables(args, losses):
    """The CSVs: the losses of the last epoch, and of all."""
    final = [(name, history[-1]) for name, history in losses.items()]
    yield args.csv, ("activation", "final_loss"), final
    history = [
        (name, epoch, loss)
        for name, history in losses.items()
        for epoch, loss in enumerate(history, start=1)
    ]
    yield args.history, ("activation", "epoch", "loss"), history


def main(argv=None):
    parser = training_parser("Train the lesson's MLP.")
    parser.add_argument("--history", metavar="FILE")
    run_experiment("train", parser.parse_args(argv), train, summary, tables)


if __name__ == "__main__":
    main()
