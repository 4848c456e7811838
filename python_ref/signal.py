"""Sections 2, 3, 7: what flows through networks of many layers.

Run it with `python -m python_ref.signal`. Twin of src/lesson/signal/mod.rs.
"""

from collections import namedtuple

import torch
from torch import nn

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.claims import claims, gradients
from python_ref.cli import number, run_experiment, several, training_parser, whole
from python_ref.layers import Row, measure, rows
from python_ref.train import fit, make_data


class DeepMLP(nn.Module):
    """So many hidden layers; with one it is the MLP of `train`."""

    def __init__(self, features, hidden, depth, activation):
        super().__init__()
        sizes = [features, *[hidden] * depth, 2]
        for i in range(depth + 1):
            self.add_module(f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))
        self.activation = activation

    def hidden(self, x):
        """Every hidden layer's inputs to the activation and outputs, (N, H) each."""
        layers = []
        for fc in list(self.children())[:-1]:
            z = fc(x)
            x = self.activation(z)
            layers.append((z, x))
        return layers

    def forward(self, x):
        *_, last = self.children()
        _, h = self.hidden(x)[-1]
        return last(h)  # (N, C)


Network = namedtuple("Network", "activation depth before after loss")


def signal(args):
    """Measures every network before and after training.

    Each depth is a run of its own, from the seed on, so that depth 1 is the run
    of `train`.
    """
    torch.set_num_threads(args.threads)
    networks = []
    for depth in args.depths:
        torch.manual_seed(args.seed)
        x, y = make_data(args.samples, args.features)
        record.data(x=x, y=y)
        for name in args.activations:
            if args.same_init:
                torch.manual_seed(args.seed)
            series = f"{name}-{depth}"
            model = DeepMLP(args.features, args.hidden, depth, ACTIVATIONS[name])
            record.series(model, series)
            criterion = nn.CrossEntropyLoss()
            optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
            before = measure(model, x, y, args.saturation)
            record.measure(series, 0, before)
            losses = fit(model, criterion, optimizer, x, y, args.epochs)
            after = measure(model, x, y, args.saturation)
            record.measure(series, args.epochs, after)
            networks.append(Network(name, depth, before, after, losses[-1]))
    return networks


def layers(args, networks):
    """What flows through every layer of every network."""
    return [row for network in networks for row in rows(network, args.epochs)]


def summary(args, networks):
    """The lines to print."""
    return [*gradients(networks), "", *claims(networks, layers(args, networks))]


def tables(args, networks):
    """The CSV."""
    yield args.csv, Row._fields, layers(args, networks)


def main(argv=None):
    parser = training_parser("Measure what flows through deep networks.")
    depths = several(whole(1, 100))
    parser.add_argument("--depths", type=depths, default=[1, 2, 4, 8, 16])
    parser.add_argument("--saturation", type=number(0, 1), default=0.01)
    run_experiment("signal", parser.parse_args(argv), signal, summary, tables)


if __name__ == "__main__":
    main()
