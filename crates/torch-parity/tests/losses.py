"""Evaluates each case's loss and its gradients."""

import json
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def draw(spec):
    """A tensor for a loss, and the leaf that its gradient is taken for."""
    kind, shape = spec["kind"], spec.get("shape")
    if kind == "given":
        return torch.tensor(spec["values"]), None
    if kind == "class":
        return torch.randint(spec["high"], shape), None
    if kind == "sign":
        return torch.randint(2, shape).float() * 2 - 1, None
    if kind == "count":
        return torch.randint(5, shape).float(), None
    leaf = torch.randn(shape)
    leaf.requires_grad_(spec.get("grad", False))
    if kind == "normal":
        x = leaf * 1
    elif kind == "unit":
        x = leaf.sigmoid()
    elif kind == "positive":
        x = leaf.exp()
    elif kind == "softmax":
        x = leaf.softmax(spec["dim"])
    elif kind == "log_softmax":
        x = leaf.log_softmax(spec["dim"])
    return x, leaf if spec.get("grad") else None


def run(case):
    torch.manual_seed(case["seed"])
    drawn = [draw(spec) for spec in case["inputs"]]
    weights = {name: draw(spec)[0] for name, spec in case["weights"].items()}
    loss = getattr(F, case["loss"])(*(x for x, _ in drawn), **case["kwargs"], **weights)
    leaves = [leaf for _, leaf in drawn if leaf is not None]
    grads = torch.autograd.grad(loss.sum(), leaves)
    return {"loss": loss.detach()} | {
        f"grad/{i}": grad.contiguous() for i, grad in enumerate(grads)
    }


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
