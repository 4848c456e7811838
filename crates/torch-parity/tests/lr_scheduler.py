"""PyTorch's schedulers: the rates and momenta of all groups at every step."""

import json
import math
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.optim import lr_scheduler

KEPT = ["base_lrs", "last_epoch", "_step_count", "_last_lr", "T_cur", "T_i"]
KEPT += ["best", "num_bad_epochs", "cooldown_counter"]
LAMBDAS = {
    "power": lambda epoch: 0.95**epoch,
    "inverse": lambda epoch: 1 / (1 + epoch),
    "warmup": lambda epoch: min(1.0, (epoch + 1) / 37),
    "cosine": lambda epoch: 0.5 * (1 + math.cos(math.pi * epoch / 1000)),
}


def make(spec, optimizer):
    settings = dict(spec)
    name = settings.pop("name")
    if name == "LambdaLR":
        settings["lr_lambda"] = [LAMBDAS[key] for key in settings["lr_lambda"]]
    if name == "SequentialLR":
        settings["schedulers"] = [
            make(inner, optimizer) for inner in settings["schedulers"]
        ]
    return getattr(lr_scheduler, name)(optimizer, **settings)


def flatten(state, prefix=""):
    flat = {
        prefix + key: torch.tensor(state[key], dtype=torch.float64)
        for key in KEPT
        if key in state
    }
    for i, inner in enumerate(state.get("_schedulers", [])):
        flat |= flatten(inner, f"{prefix}_schedulers.{i}.")
    return flat


def run(case):
    params = [torch.zeros(1, requires_grad=True) for _ in case["lrs"]]
    groups = [{"params": [param], "lr": lr} for param, lr in zip(params, case["lrs"])]
    name = case["optimizer"]
    settings = {"momentum": 0.9} if name == "SGD" else {}
    optimizer = getattr(torch.optim, name)(groups, **settings)
    scheduler = make(case["scheduler"], optimizer)
    rows, tensors = [], {}

    def note():
        found = optimizer.param_groups
        # LBFGS has neither.
        momenta = [
            group.get("betas", [group.get("momentum", math.nan)])[0] for group in found
        ]
        rows.append(
            [group["lr"] for group in found] + momenta + scheduler.get_last_lr()
        )

    if case["scheduler"]["name"] == "ReduceLROnPlateau":
        scheduler._last_lr = [group["lr"] for group in optimizer.param_groups]
    note()
    for step in range(case["steps"]):
        metrics = [case["metrics"][step]] if case["metrics"] else []
        scheduler.step(*metrics)
        note()
        if step + 1 == case["steps"] // 2:
            tensors = {
                f"saved/{key}": x for key, x in flatten(scheduler.state_dict()).items()
            }
    return tensors | {"rows": torch.tensor(rows, dtype=torch.float64)}


warnings.simplefilter("ignore")  # the optimizer is not stepped
folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
