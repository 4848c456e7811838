"""A small convolutional network that tells rows from columns: the parts of
crates/torch-parity/examples/cnn.py, with RMSprop, for the mistakes in them.

Run it with `python -m python_ref.cnn`. Twin of src/pitfalls/cnn_run.rs.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from python_ref import record
from python_ref.cli import run_experiment, seeded_parser


def pictures(n):
    shapes = torch.zeros(2, 6, 6)
    shapes[0, 2:4, :] = 1
    shapes[1, :, 2:4] = 1
    y = torch.randint(2, (n,))
    x = shapes[y].unsqueeze(1) + torch.randn(n, 1, 6, 6)
    return TensorDataset(x, y)  # (N, 1, 6, 6), (N,)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(4 * 3 * 3, 2)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv(x))))  # (N, 4, 3, 3)
        return self.fc(self.dropout(x.flatten(1)))  # (N, 2)


def evaluate(model, test_set):
    """The share of the pictures that are told right."""
    x, y = test_set.tensors
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def train(args):
    """Returns the accuracy after each epoch."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train_set, test_set = pictures(100), pictures(50)
    model = CNN()
    record.series(model, "cnn")
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    scores = []
    for _ in range(3):
        model.train()
        for x, y in DataLoader(train_set, batch_size=32, shuffle=True):
            logits = model(x)
            loss = criterion(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        scores.append(evaluate(model, test_set))
    return scores


def summary(args, scores):
    """The lines to print."""
    return [f"accuracy: {scores[-1]}"]


def tables(args, scores):
    """The CSV: the accuracy after each epoch."""
    yield args.csv, ("epoch", "accuracy"), list(enumerate(scores, start=1))


def main(argv=None):
    parser = seeded_parser("Train a small convolutional network.")
    run_experiment("cnn", parser.parse_args(argv), train, summary, tables)


if __name__ == "__main__":
    main()
