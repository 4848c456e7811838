"""Loads each case's batches; a number drawn after them tells where the generator is."""

import json
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.utils.data import (
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def generator(case, key):
    return None if case.get(key) is None else torch.Generator().manual_seed(case[key])


def load(case):
    n = case["n"]
    data = TensorDataset(torch.arange(n), torch.randn(n, 2, 3), torch.rand(n))
    own = generator(case, "generator")
    kwargs = {
        "batch_size": case["batch_size"],
        "drop_last": case["drop_last"],
        "generator": own,
    }
    kind = case["sampler"]
    sampler_own = generator(case, "sampler_generator")
    if kind == "shuffle":
        kwargs["shuffle"] = True
    elif kind == "random":
        kwargs["sampler"] = RandomSampler(
            data, case["replacement"], case["num_samples"], sampler_own
        )
    elif kind == "subset":
        kwargs["sampler"] = SubsetRandomSampler(case["indices"], sampler_own)
    elif kind == "weighted":
        kwargs["sampler"] = WeightedRandomSampler(
            case["weights"], case["num_samples"], case["replacement"]
        )
    loader = DataLoader(data, **kwargs)
    kept = {"len": torch.tensor(len(loader))}
    for epoch in range(3):
        for i, batch in enumerate(loader):
            kept |= {f"{epoch}/{i}/{j}": t.contiguous() for j, t in enumerate(batch)}
            if i == case["stop"]:
                break
        kept[f"{epoch}/rand"] = torch.rand(3)
    for name, g in (("own", own), ("sampler_own", sampler_own)):
        if g is not None:
            kept[name] = torch.randint(1000, (3,), generator=g)
    return kept


def split(case):
    own = generator(case, "generator")
    parts = random_split(
        range(case["n"]), case["lengths"], **({} if own is None else {"generator": own})
    )
    kept = {
        f"{i}": torch.tensor(part.indices, dtype=torch.int64)
        for i, part in enumerate(parts)
    }
    return kept | {"rand": torch.rand(3)}


def numbers(case):
    """What a generator of its own gives."""
    own = generator(case, "generator")
    kept = {"seed": torch.tensor(case["generator"])}
    for n in case["lengths"]:
        # All of it up to 300, then its sum weighted by place.
        order = torch.randperm(n, generator=own)
        kept[f"perm/{n}"] = order if n <= 300 else (order * torch.arange(n)).sum()
        kept[f"seed/{n}"] = torch.empty((), dtype=torch.int64).random_(generator=own)
    for high in case["highs"]:
        kept[f"int/{high}"] = torch.randint(high, (5,), generator=own)
    return kept


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    torch.manual_seed(case["seed"])
    kept = {"load": load, "split": split, "numbers": numbers}[case["what"]](case)
    save_file(kept, folder / f"{i}.safetensors")
