"""Times the twin's training loop, once for each line on standard input.

Run by `tanh-parity bench`, which takes its own times in between. A line names
an activation, then samples, hidden units, hidden layers, epochs and threads; the
answer is the seconds of its median step and of all of `fit`; behind the words
`recorded all`, `recorded loss` and `recorded steps`, while the recorder writes
everything, the losses, or the steps before the fifth. To `sweep 40` the answer is
the seconds of the lesson's run for 40 seeds. The first line of all says what this
runs on.
"""

import functools
import itertools
import json
import platform
import statistics
import sys
import tempfile
import time

import torch
from torch import nn

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.cli import training_parser
from python_ref.train import MLP, fit, make_data, train

FEATURES = 10
WARM_UP = 5  # epochs, by a network of its own


def note_time(times, *_):
    """An optimizer's hook: its step ends now."""
    times.append(time.perf_counter())


class Deep(nn.Module):
    """Several hidden layers."""

    def __init__(self, features, hidden, layers, activation):
        super().__init__()
        widths = itertools.pairwise([features] + layers * [hidden])
        self.hidden = nn.ModuleList(nn.Linear(*width) for width in widths)
        self.last = nn.Linear(hidden, 2)
        self.activation = activation

    def forward(self, x):
        for layer in self.hidden:
            x = self.activation(layer(x))  # (N, H)
        return self.last(x)  # (N, C)


def network(hidden, layers, activation):
    """The lesson's, or a deeper one."""
    if layers == 1:
        return MLP(FEATURES, hidden, activation)
    return Deep(FEATURES, hidden, layers, activation)


def time_fit(activation, samples, hidden, layers, epochs):
    """Seconds that the median step takes, and seconds that all of them take."""
    x, y = make_data(samples, FEATURES)
    for count in (WARM_UP, epochs):
        model = network(hidden, layers, ACTIVATIONS[activation])
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        times = [time.perf_counter()]
        # Called when a step ends; `times` is this network's.
        hook = functools.partial(note_time, times)
        optimizer.register_step_post_hook(hook)
        fit(model, criterion, optimizer, x, y, count)
    steps = [after - before for before, after in itertools.pairwise(times)]
    return statistics.median(steps), sum(steps)


def time_sweep(seeds):
    """Seconds that the lesson's runs of seeds 0 to `seeds` - 1 take."""
    parser = training_parser("The lesson's run.")
    start = time.perf_counter()
    for seed in range(seeds):
        train(parser.parse_args([f"--seed={seed}"]))
    return time.perf_counter() - start


RECORDED = {"all": {}, "loss": {"phases": ("loss",)}, "steps": {"end": WARM_UP}}


def time_recorded(what, *sizes):
    """`time_fit` while this is recorded, as of a script, to a file that is thrown
    away."""
    options = record.Options(inference=True, **RECORDED[what])
    with (
        tempfile.TemporaryDirectory() as folder,
        record.recording(f"{folder}/bench.safetensors", "bench", {}, options),
    ):
        return time_fit(*sizes)


def main():
    about = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        activation, *numbers = line.split()
        if activation == "sweep":
            print(time_sweep(int(numbers[0])), flush=True)
            continue
        how = time_fit
        if activation == "recorded":
            what, activation, *numbers = numbers
            how = functools.partial(time_recorded, what)
        *sizes, threads = map(int, numbers)
        torch.set_num_threads(threads)
        print(*how(activation, *sizes), flush=True)


if __name__ == "__main__":
    main()
