"""Trains a model with a tied weight; saves it half way, and goes on from Rust's file."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file, save_model
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(7, 4)
        self.body = nn.Sequential(
            nn.BatchNorm1d(4), nn.Linear(4, 4), nn.Tanh(), nn.Dropout(0.2)
        )
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, x):
        return self.head(self.body(self.wte(x)))


def train(model, steps, kept, key):
    for step in steps:
        torch.manual_seed(step)
        x, y = torch.randint(7, (9,)), torch.randint(7, (9,))
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p.sub_(p.grad * 0.1)
        kept[f"{key}/{step}/loss"] = loss.detach().clone()
        kept |= {
            f"{key}/{step}/{name}": t.detach().clone()
            for name, t in model.state_dict().items()
        }
        kept |= {
            f"{key}/{step}/parameter/{name}": t.detach().clone()
            for name, t in model.named_parameters()
        }


def run(case):
    kept = {}
    torch.manual_seed(case["seed"])
    model = Model().to(getattr(torch, case["kind"]))
    train(model, range(3), kept, "whole")
    if case["how"] == "save_model":
        save_model(model, case["python"])  # keeps one of the tied names
    else:
        save_file(
            {name: t.clone() for name, t in model.state_dict().items()}, case["python"]
        )
    train(model, range(3, 6), kept, "whole")
    torch.manual_seed(case["seed"] + 1)
    model = Model().to(getattr(torch, case["kind"]))
    model.load_state_dict(load_file(case["rust"]), strict=True)
    train(model, range(3, 6), kept, "resumed")
    return kept


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
