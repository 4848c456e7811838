"""Times the twin's training loop, once for each line on standard input.

Run by `tanh-parity bench`, which takes its own times in between. A line names
an activation, then samples, hidden units, epochs and threads; the answer is
the seconds of its median step and of all of `fit`; behind the word `recorded`,
while the recorder watches. To `sweep 40` the answer is the seconds of the
lesson's run for 40 seeds. The first line of all says what
this runs on.
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


def time_fit(activation, samples, hidden, epochs):
    """Seconds that the median step takes, and seconds that all of them take."""
    x, y = make_data(samples, FEATURES)
    for count in (WARM_UP, epochs):
        model = MLP(FEATURES, hidden, ACTIVATIONS[activation])
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


def time_recorded(*sizes):
    """`time_fit` while everything is recorded to a file that is thrown away."""
    with (
        tempfile.TemporaryDirectory() as folder,
        record.recording(f"{folder}/bench.safetensors", "bench", {}),
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
            how, (activation, *numbers) = time_recorded, numbers
        samples, hidden, epochs, threads = map(int, numbers)
        torch.set_num_threads(threads)
        print(*how(activation, samples, hidden, epochs), flush=True)


if __name__ == "__main__":
    main()
