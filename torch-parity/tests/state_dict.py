"""An optimizer's state_dict as named tensors, as torch-parity has it."""

import torch

# Of how PyTorch computes, not of what.
OMITTED = {"params", "foreach", "fused", "capturable", "differentiable"}


def omitted(optimizer):
    adamw = {"decoupled_weight_decay"} if type(optimizer).__name__ == "AdamW" else set()
    return OMITTED | adamw


def flatten(optimizer, names):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    flat = {}
    for name, param in zip(names, params):
        for key, value in optimizer.state[param].items():
            flat[f"{name}.{key}"] = value
    for i, group in enumerate(optimizer.param_groups):
        for key in group.keys() - omitted(optimizer):
            flat[f"param_groups.{i}.{key}"] = torch.tensor(group[key], dtype=torch.float64)
    return flat


def load(optimizer, names, flat):
    state = optimizer.state_dict()
    for i, group in enumerate(state["param_groups"]):
        for key in group.keys() - omitted(optimizer):
            value = flat[f"param_groups.{i}.{key}"].tolist()
            group[key] = tuple(value) if isinstance(value, list) else type(group[key])(value)
    for i, name in enumerate(names):
        own = {key: flat[key] for key in flat if key.startswith(f"{name}.")}
        if own:
            state["state"][i] = {key.removeprefix(f"{name}."): own[key] for key in own}
    optimizer.load_state_dict(state)
