"""A decoder of characters with one block: the parts of crates/torch-parity/examples/gpt.py,
for the mistakes in them.

Run it with `python -m python_ref.gpt`. Twin of src/pitfalls/gpt_run.rs.
"""

import math

import torch
from torch import nn

from python_ref import record
from python_ref.cli import run_experiment, seeded_parser

T, C, HEADS, BATCH, STEPS = 12, 16, 2, 4, 12
TEXT = "the cat sees the dog. the dog sees the fox. the fox sees the cat."


class GPT(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.wte = nn.Embedding(vocab, C)
        self.wpe = nn.Embedding(T, C)
        self.ln = nn.LayerNorm(C)
        self.qkv = nn.Linear(C, 3 * C)
        self.proj = nn.Linear(C, C)
        self.head = nn.Linear(C, vocab, bias=False)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.head.weight = self.wte.weight

    def attend(self, x):
        qkv = self.qkv(x).view(BATCH, T, 3, HEADS, C // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, H, T, C/H) each
        att = q @ k.transpose(-2, -1) / math.sqrt(C // HEADS)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        att = att.masked_fill(future, -math.inf).softmax(dim=-1)  # (B, H, T, T)
        return self.proj((att @ v).transpose(1, 2).reshape(BATCH, T, C))

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(T))  # (B, T, C)
        x = x + self.attend(self.ln(x))
        return self.head(x).transpose(1, 2)  # (B, V, T)


def batch(data):
    start = torch.randint(len(data) - T, (BATCH, 1))
    places = start + torch.arange(T)  # (B, T)
    return data[places], data[places + 1]


def train(args):
    """Returns the loss of every step."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    chars = sorted(set(TEXT))
    data = torch.tensor([chars.index(c) for c in TEXT])
    model = GPT(len(chars))
    record.series(model, "gpt")
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    losses = []
    for _ in range(STEPS):
        tokens, following = batch(data)
        logits = model(tokens)
        loss = criterion(logits, following)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        losses.append(loss.item())
    return losses


def summary(args, losses):
    """The lines to print."""
    return [f"loss: {losses[-1]}"]


def tables(args, losses):
    """The CSV: the loss of every step."""
    yield args.csv, ("step", "loss"), list(enumerate(losses, start=1))


def main(argv=None):
    parser = seeded_parser("Train a small decoder.")
    run_experiment("gpt", parser.parse_args(argv), train, summary, tables)


if __name__ == "__main__":
    main()
