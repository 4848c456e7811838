"""PyTorch's default generator: its state after some draws, and the next draws."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

DRAWS = {
    "normal": torch.randn,
    "uniform": torch.rand,
    "permutation": torch.randperm,
    "double": lambda n: torch.randn(n, dtype=torch.float64),
    "bernoulli": lambda n: torch.full((n,), 0.3).bernoulli_(0.5),
}

folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    torch.manual_seed(case["seed"])
    for name, n in case["before"]:
        DRAWS[name](n)
    tensors = {"state": torch.get_rng_state()}
    for k, (name, n) in enumerate(case["after"]):
        tensors[f"after {k}"] = DRAWS[name](n)
    save_file(tensors, folder / f"{i}.safetensors")
