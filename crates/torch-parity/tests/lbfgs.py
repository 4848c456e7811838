"""PyTorch's LBFGS on small random networks: every evaluation of every step."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from state_dict import flatten_lbfgs, load_lbfgs
from torch.nn.functional import mse_loss


def train(case, params, optimizer, steps, record):
    weight, bias, out = params
    for step in steps:
        torch.manual_seed(case["seed"] + (step if case["new_data"] else 0))
        x = torch.randn(case["n"], weight.shape[1], dtype=weight.dtype)
        y = torch.randn(case["n"], dtype=weight.dtype)
        losses = []

        def closure():
            optimizer.zero_grad()
            hidden = torch.tanh(x @ weight.t() + bias)  # noqa: B023
            loss = case["scale"] * mse_loss(hidden @ out, y)  # noqa: B023
            loss.backward()
            losses.append(loss.detach())  # noqa: B023
            return loss

        record(step, "measure", "returned", optimizer.step(closure))
        record(step, "loss", "all", torch.stack(losses))
        for i, param in enumerate(params):
            record(step, "grad", f"p{i}", param.grad)
            record(step, "param", f"p{i}", param)
        for name in ("d", "t", "H_diag", "prev_flat_grad"):
            value = optimizer.state[params[0]].get(name)
            if torch.is_tensor(value) and (value.ndim or value.dtype == torch.float32):
                record(step, "state", f"p0.{name}", value)


def run(case):
    tensors = {}

    def record(step, phase, name, tensor):
        # Where a run explodes, NaN meets NaN, and the sign of which is left
        # depends on the order of a kernel's operands: the one thing not compared.
        tensor = tensor.detach().masked_fill(tensor.isnan(), torch.nan)
        tensors[f"run/{step:06}/{phase}/{name}"] = tensor

    torch.manual_seed(case["seed"])
    dtype = getattr(torch, case["dtype"])
    shapes = [(case["hidden"], case["features"]), (case["hidden"],), (case["hidden"],)]
    params = [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]
    settings = dict(case["settings"])
    optimizer = torch.optim.LBFGS(params, **settings)
    half = case["steps"] // 2
    if "saved" in case:  # the first half was run in Rust
        saved = load_file(case["saved"])
        with torch.no_grad():
            for i, param in enumerate(params):
                param.copy_(saved.pop(f"param.p{i}"))
        load_lbfgs(optimizer, "p0", saved)
    else:
        train(case, params, optimizer, range(1, half + 1), record)
        for name, value in flatten_lbfgs(optimizer, "p0").items():
            record(half, "saved", name, value)
    train(case, params, optimizer, range(half + 1, case["steps"] + 1), record)
    return tensors


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
