"""Builds each case's layer, trains it for some steps, evaluates it."""

import json
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def build(case):
    layer, args, kwargs = case["layer"], case["args"], case["kwargs"]
    if layer == "Sequential":
        return nn.Sequential(*(build(part) for part in args))
    if kwargs.get("activation") == "tanh":  # of a TransformerEncoderLayer
        kwargs = kwargs | {"activation": torch.tanh}
    return getattr(nn, layer)(*args, **kwargs)


def inputs(case):
    shape, high = case["input"], case.get("high")
    if high is not None:
        return torch.randint(high, shape)
    x = torch.randn(shape)
    if case.get("round"):  # values on the borders of an activation's pieces
        x = (x * 2).round()
    return x.requires_grad_()


def mask(case, key):
    """One of the masks of attention: bool, or -inf where bool has True."""
    if case.get(key) is None:
        return None
    bits = torch.tensor(case[key])
    if case["float_mask"]:
        return torch.zeros(bits.shape).masked_fill_(bits, float("-inf"))
    return bits


def call(case, module, x, other):
    """The outputs of a module, by name."""
    layer = case["layer"]
    if layer in ("RNN", "GRU", "LSTM"):
        output, state = module(x)
        output, state = module(x, state) if case["again"] else (output, state)
        states = state if layer == "LSTM" else (state,)
        return {"output": output} | {f"state{i}": s for i, s in enumerate(states)}
    if layer == "MultiheadAttention":
        key = x if case["kind"] == "self" else other
        value = other * 2 if case["kind"] == "three" else key
        output, weights = module(
            x,
            key,
            value,
            key_padding_mask=mask(case, "padding"),
            attn_mask=mask(case, "mask"),
            need_weights=case["need_weights"],
            average_attn_weights=case["average"],
            is_causal=case["is_causal"],
        )
        return {"output": output} | ({} if weights is None else {"weights": weights})
    if layer == "TransformerEncoderLayer":
        output = module(
            x,
            src_mask=mask(case, "mask"),
            src_key_padding_mask=mask(case, "padding"),
            is_causal=case["is_causal"],
        )
        return {"output": output}
    return {"output": module(x, other) if layer == "Bilinear" else module(x)}


def run(case):
    torch.manual_seed(case["seed"])
    module = build(case)
    kept = {
        f"init/{name}": t.detach().clone() for name, t in module.state_dict().items()
    }
    for step in range(3):
        x = inputs(case)
        other = torch.randn(case["other"]) if case.get("other") else None
        outputs = call(case, module, x, other)
        loss = sum(t.pow(2).mean() for t in outputs.values())
        if not loss.requires_grad:
            continue
        module.zero_grad()
        loss.backward()
        kept |= {f"{step}/{name}": t.detach().clone() for name, t in outputs.items()}
        if x.requires_grad:
            kept[f"{step}/grad/x"] = x.grad
        with torch.no_grad():
            for name, p in module.named_parameters():
                kept[f"{step}/grad/{name}"] = p.grad.clone()
                p.sub_(p.grad * 0.1)
    module.eval()
    x = inputs(case)
    other = torch.randn(case["other"]) if case.get("other") else None
    kept |= {
        f"eval/{name}": t.detach().clone()
        for name, t in call(case, module, x, other).items()
    }
    with torch.no_grad():
        x = x.detach()
        kept |= {
            f"no_grad/{name}": t.clone()
            for name, t in call(case, module, x, other).items()
        }
    kept |= {
        f"end/{name}": t.detach().clone() for name, t in module.state_dict().items()
    }
    kept["generator"] = torch.rand(3)
    return {key: t.contiguous() for key, t in kept.items()}


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
