"""Fills a tensor by each case's function of torch.nn.init."""

import json
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import init

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def run(case):
    torch.manual_seed(case["seed"])
    if case["fn"] == "calculate_gain":
        gains = [
            init.calculate_gain(case["nonlinearity"], slope) for slope in case["slopes"]
        ]
        return {"gains": torch.tensor(gains, dtype=torch.float64)}
    tensor = torch.rand(case["shape"]).requires_grad_()
    getattr(init, case["fn"])(tensor, **case["kwargs"])
    return {"tensor": tensor.detach(), "generator": torch.rand(3)}


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
