"""Recurrent cells with a choice of activation. Twin of src/lesson/recurrent/cell.rs.

torch.nn.RNN offers tanh and relu, torch.nn.LSTM tanh alone. With these, the
cells here compute the same; parameters have the same names, order and start.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Cell(nn.Module):
    """The parameters of torch.nn.RNN (one gate) and torch.nn.LSTM (four)."""

    gates = 1

    def __init__(self, features, hidden, activation):
        super().__init__()
        rows = self.gates * hidden
        self.weight_ih_l0 = nn.Parameter(torch.empty(rows, features))
        self.weight_hh_l0 = nn.Parameter(torch.empty(rows, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.empty(rows))
        self.bias_hh_l0 = nn.Parameter(torch.empty(rows))
        bound = 1.0 / math.sqrt(hidden)
        for param in self.parameters():
            nn.init.uniform_(param, -bound, bound)
        self.activation = activation

    def inputs(self, x):
        """What the inputs add to the gates, for all steps at once."""
        return F.linear(x, self.weight_ih_l0, self.bias_ih_l0)  # (T, N, GH)

    def recall(self, h):
        """What the last hidden state adds to the gates."""
        return F.linear(h, self.weight_hh_l0, self.bias_hh_l0)  # (N, GH)

    def start(self, x):
        """The hidden state before the first step."""
        return x.new_zeros(x.shape[1], self.weight_hh_l0.shape[1])  # (N, H)


class RNN(Cell):
    """torch.nn.RNN with any activation; returns the last hidden state."""

    def forward(self, x):
        h = self.start(x)
        for inputs in self.inputs(x):
            h = self.activation(self.recall(h) + inputs)
        return h  # (N, H)


class LSTM(Cell):
    """torch.nn.LSTM with any candidate and output activation; returns the last
    hidden state."""

    gates = 4

    def forward(self, x):
        h = c = self.start(x)
        for inputs in self.inputs(x):
            i, f, g, o = (self.recall(h) + inputs).chunk(4, dim=1)  # (N, H) each
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * self.activation(g)
            h = torch.sigmoid(o) * self.activation(c)
        return h  # (N, H)


CELLS = {"rnn": RNN, "lstm": LSTM}
