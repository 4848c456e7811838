"""Section 6: an MLP trained with several activations, final losses compared.

Run it with `python -m python_ref.train`. Twin of src/lesson/train.rs.
"""

import torch
from torch import nn

from python_ref.activation import ACTIVATIONS
from python_ref.cli import named_settings, print_lines, training_parser
from python_ref.export import write_csv
from python_ref.trace import Trace


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


def fit(name, model, criterion, optimizer, x, y, epochs, trace=None):
    """Trains full-batch; returns the loss of every epoch."""
    losses = []
    for epoch in range(1, epochs + 1):
        logits = model(x)  # (N, C)
        loss = criterion(logits, y)  # ()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if trace is not None:
            trace.step(name, epoch, logits, loss, model, optimizer)
    return losses


def train(args, trace=None):
    """Trains every chosen activation in turn; returns name -> losses."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    x, y = make_data(args.samples, args.features)
    if trace is not None:
        trace.data(x=x, y=y)
    losses = {}
    for name in args.activations:
        if args.same_init:
            torch.manual_seed(args.seed)
        model = MLP(args.features, args.hidden, ACTIVATIONS[name])
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
        if trace is not None:
            trace.init(name, model)
        losses[name] = fit(name, model, criterion, optimizer, x, y, args.epochs, trace)
    return losses


def main(argv=None):
    parser = training_parser("Train the lesson's MLP.")
    parser.add_argument("--history", metavar="FILE")
    args = parser.parse_args(argv)
    trace = Trace("train", named_settings(args)) if args.trace else None
    losses = train(args, trace)

    print_lines(args, [f"{name}: {history[-1]}" for name, history in losses.items()])
    if args.csv:
        rows = [(name, history[-1]) for name, history in losses.items()]
        write_csv(args.csv, ("activation", "final_loss"), rows)
    if args.history:
        rows = [
            (name, epoch, loss)
            for name, history in losses.items()
            for epoch, loss in enumerate(history, start=1)
        ]
        write_csv(args.history, ("activation", "epoch", "loss"), rows)
    if trace is not None:
        trace.save(args.trace)


if __name__ == "__main__":
    main()
