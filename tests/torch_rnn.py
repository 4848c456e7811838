"""Holds the cells of python_ref/rnn.py to torch.nn.RNN and torch.nn.LSTM.

Prints what agrees and how well; stops with an error where something does not.
Run it from the project's folder: `python tests/torch_rnn.py [ACTIVATION]`,
which stands in for tanh on our side.
"""

import sys

import torch
from torch import nn

sys.path.insert(0, ".")
from python_ref.activation import ACTIVATIONS
from python_ref.rnn import CELLS

# (T, N, D, H)
SIZES = [
    (40, 256, 1, 32),
    (5, 3, 1, 16),
    (10, 33, 3, 7),
    (20, 128, 8, 64),
    (1, 1, 1, 1),
]


def everything(model, x):
    """The last hidden state, and the gradients of its mean square at the input
    and at all parameters."""
    x = x.clone().requires_grad_()
    h = model(x)
    h = h[0][-1] if isinstance(h, tuple) else h
    return [h, *torch.autograd.grad(h.square().mean(), [x, *model.parameters()])]


def assert_agree(name, ours, theirs, same_bits):
    """Ours agree with torch's for the same seed: the parameters' names and
    values, the results as `same_bits` or to 5e-5 of each tensor's largest value:
    1.4e-5 was measured, over 40 steps of float32, whose epsilon is 1.2e-7."""
    worst = 0.0
    for seed, (steps, samples, features, hidden) in enumerate(SIZES):
        models = []
        for make in (ours, theirs):
            torch.manual_seed(seed)
            models.append(make(features, hidden))
        a, b = ({n: p.detach() for n, p in m.named_parameters()} for m in models)
        assert list(a) == list(b), f"{name}: parameters {list(a)}, torch has {list(b)}"
        assert all(torch.equal(a[n], b[n]) for n in a), f"{name}: other initial weights"
        x = torch.randn(steps, samples, features)
        for a, b in zip(*(everything(model, x) for model in models), strict=True):
            if same_bits:
                assert torch.equal(a, b), f"{name}: other bits"
            worst = max(worst, ((a - b).abs().max() / b.abs().max()).item())
    assert worst <= 5e-5, f"{name}: apart by {worst}"
    print(f"{name}: {'the same bits' if same_bits else f'within {worst:.0e}'}")


def main(tanh):
    torch.set_num_threads(1)

    def ours(cell, activation):
        return lambda *sizes: CELLS[cell](*sizes, ACTIVATIONS[activation])

    def relu_rnn(*sizes):
        return nn.RNN(*sizes, nonlinearity="relu")

    assert_agree("rnn tanh", ours("rnn", tanh), nn.RNN, same_bits=True)
    assert_agree("rnn relu", ours("rnn", "relu"), relu_rnn, same_bits=True)
    # oneDNN has an LSTM of its own, which rounds otherwise.
    with torch.backends.mkldnn.flags(enabled=False):
        name = "lstm tanh without oneDNN"
        assert_agree(name, ours("lstm", tanh), nn.LSTM, same_bits=True)
    assert_agree("lstm tanh with oneDNN", ours("lstm", tanh), nn.LSTM, same_bits=False)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["tanh"])
