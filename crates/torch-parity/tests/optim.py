"""The optimizers of PyTorch on random parameters: every tensor of every step."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from state_dict import flatten, load
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_, clip_grad_value_


def parameters(case):
    """Random ones of the case's shapes, some of them transposed, some frozen."""
    torch.manual_seed(case["seed"])
    params = []
    for i, shape in enumerate(case["shapes"]):
        param = torch.randn(shape)
        if i in case["transposed"]:
            param = param.t()
        params.append(param.requires_grad_(i not in case["frozen"]))
    return params


def make(case, params):
    groups, first = [], 0
    for group in case["groups"]:
        settings = {key: value for key, value in group.items() if key != "len"}
        if "betas" in settings:
            settings["betas"] = tuple(settings["betas"])
        groups.append({"params": params[first : first + group["len"]], **settings})
        first += group["len"]
    kwargs = {}
    if case["optimizer"] == "Adagrad":
        # PyTorch reads this one from the optimizer, not from the group.
        key = "initial_accumulator_value"
        kwargs[key] = case["groups"][0].get(key, 0.0)
    return getattr(torch.optim, case["optimizer"])(groups, **kwargs)


def loss_of(case, params, step, part):
    """Of all parameters but those that are unused at this step."""
    torch.manual_seed(case["seed"] + 1000 * step + part)
    loss = torch.zeros(())
    for i, param in enumerate(params):
        x, y = torch.randn(param.shape), torch.randn(param.shape)
        if [step, i] not in case["unused"]:
            loss = loss + mse_loss(torch.tanh(param * x), y)
    return loss


def train(case, params, optimizer, steps, record):
    for step in steps:
        optimizer.zero_grad()
        for part in range(case["accumulate"]):
            loss = loss_of(case, params, step, part)
            loss.backward()
            record(step, "loss", part, loss)
        clipped = [params[i] for i in case["clipped"]]
        if "max_norm" in case:
            norm = clip_grad_norm_(clipped, case["max_norm"], float(case["norm_type"]))
            record(step, "measure", "norm", norm)
        if "clip_value" in case:
            clip_grad_value_(clipped, case["clip_value"])
        optimizer.step()
        for i, param in enumerate(params):
            if param.grad is not None:
                record(step, "grad", f"p{i}", param.grad)
            for name, value in optimizer.state[param].items():
                if name != "step":
                    record(step, "state", f"p{i}.{name}", value)
            record(step, "param", f"p{i}", param)


def run(case):
    tensors = {}

    def record(step, phase, name, tensor):
        tensor = tensor.detach().clone(memory_format=torch.contiguous_format)
        tensors[f"run/{step:06}/{phase}/{name}"] = tensor

    params = parameters(case)
    names = [f"p{i}" for i in range(len(params))]
    for name, param in zip(names, params):
        record(0, "init", name, param)
    optimizer = make(case, params)
    half = case["steps"] // 2
    if "saved" in case:  # the first half was run in Rust
        saved = load_file(case["saved"])
        with torch.no_grad():
            for name, param in zip(names, params):
                param.copy_(saved.pop(f"param.{name}"))
        load(optimizer, names, saved)
    else:
        train(case, params, optimizer, range(1, half + 1), record)
        for name, value in flatten(optimizer, names).items():
            record(half, "saved", name, value)
    train(case, params, optimizer, range(half + 1, case["steps"] + 1), record)
    return tensors


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
