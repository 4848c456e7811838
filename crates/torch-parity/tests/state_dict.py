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
            flat[f"param_groups.{i}.{key}"] = torch.tensor(
                group[key], dtype=torch.float64
            )
    return flat


def flatten_lbfgs(optimizer, name):
    """All state is the first parameter's; a tensor of one value keeps its dtype,
    a Python number becomes a float64."""
    group, flat = optimizer.param_groups[0], {}
    for key, value in optimizer.state[group["params"][0]].items():
        values = (
            {f"{key}.{i}": x for i, x in enumerate(value)}
            if type(value) is list
            else {key: value}
        )
        if key != "al":  # written before it is read
            flat |= {f"{name}.{key}": x for key, x in values.items()}
    for key in group.keys() - OMITTED:
        value = group[key]
        flat[f"param_groups.0.{key}"] = (
            value == "strong_wolfe" if key == "line_search_fn" else value
        )
    as_tensor = lambda x: (
        x if torch.is_tensor(x) else torch.tensor(float(x), dtype=torch.float64)
    )
    return {key: as_tensor(x) for key, x in flat.items()}


def load_lbfgs(optimizer, name, flat):
    # MKL's dot rounds otherwise where memory is not aligned, as load_file's is not.
    flat = {key: value.clone() for key, value in flat.items()}
    state = optimizer.state_dict()
    group, of_first = state["param_groups"][0], state["state"].setdefault(0, {})
    lists = {"old_dirs": [], "old_stps": [], "ro": []}
    for key, value in flat.items():
        if key.startswith(f"{name}."):
            key, _, i = key.removeprefix(f"{name}.").partition(".")
            if i:
                lists[key].append((int(i), value))
            elif key in ("func_evals", "n_iter"):
                of_first[key] = int(value)
            else:
                of_first[key] = (
                    value.item()
                    if value.dtype == torch.float64 and not value.ndim
                    else value
                )
    if "d" in of_first:
        of_first |= {key: [x for _, x in sorted(pairs)] for key, pairs in lists.items()}
    for key in group.keys() - OMITTED - {"line_search_fn"}:
        value = flat[f"param_groups.0.{key}"].item()
        group[key] = int(value) if type(group[key]) is int else value
    group["line_search_fn"] = (
        "strong_wolfe" if flat["param_groups.0.line_search_fn"] else None
    )
    optimizer.load_state_dict(state)


def load(optimizer, names, flat):
    state = optimizer.state_dict()
    for i, group in enumerate(state["param_groups"]):
        for key in group.keys() - omitted(optimizer):
            value = flat[f"param_groups.{i}.{key}"].tolist()
            group[key] = (
                tuple(value) if isinstance(value, list) else type(group[key])(value)
            )
    for i, name in enumerate(names):
        own = {key: flat[key] for key in flat if key.startswith(f"{name}.")}
        if own:
            state["state"][i] = {key.removeprefix(f"{name}."): own[key] for key in own}
    optimizer.load_state_dict(state)
