"""What torch.isclose, and so torch.testing.assert_close, says at the edge."""

import json
import random
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def floats(case, dtype):
    """Numbers, and others that are about as far off as the tolerance allows."""
    n, rtol, atol = case["count"], case["rtol"], case["atol"]
    generator = torch.Generator().manual_seed(case["seed"])
    rand = lambda: torch.rand(n, dtype=torch.float64, generator=generator)
    scale = 10.0 ** torch.randint(-4, 4, (n,), generator=generator)
    expected = ((rand() - 0.5) * scale).to(dtype)
    real = expected.double()
    jitter = (
        1 + torch.randint(-2, 3, (n,), generator=generator) * torch.finfo(dtype).eps / 2
    )
    sign = torch.where(rand() < 0.5, 1.0, -1.0)
    actual = ((real + sign * (atol + rtol * real.abs())) * jitter).to(dtype)
    special = torch.tensor(
        [float("nan"), float("inf"), -float("inf"), 0.0, -0.0], dtype=dtype
    )
    for tensor in (actual, expected):
        where = torch.randint(0, n, (n // 20,), generator=generator)
        what = torch.randint(0, len(special), (n // 20,), generator=generator)
        tensor[where] = special[what]
    return actual, expected


def complexes(case):
    n, rtol, atol = case["count"], case["rtol"], case["atol"]
    parts = [
        floats({**case, "seed": case["seed"] + i}, torch.float32)[1] for i in (0, 1)
    ]
    expected = torch.complex(*parts)
    phase = 6.3 * torch.rand(
        n, dtype=torch.float64, generator=torch.Generator().manual_seed(case["seed"])
    )
    offset = torch.polar(
        (atol + rtol * expected.abs().double()).nan_to_num(0, 0, 0), phase
    )
    actual = (expected.to(torch.complex128) + offset).to(torch.complex64)
    # Infinities of one side.
    actual[: n // 20] = torch.complex(*[part[: n // 20].nan_to_num() for part in parts])
    return actual, expected


def wholes(case, dtype):
    """Exactly, by Python's own numbers; small ones by PyTorch, which rounds them."""
    rtol, atol, draw = case["rtol"], case["atol"], random.Random(case["seed"])
    least, most = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    if case["small"]:
        least, most = max(least, -100), min(most, 100)
    actual, expected = [], []
    for _ in range(case["count"]):
        number = draw.choice([draw.randint(least, most), most, least])
        offset = int(atol + rtol * abs(float(number))) + draw.randint(-1, 1)
        actual.append(min(max(number + draw.choice([-1, 1]) * offset, least), most))
        expected.append(number)
    exact = [
        a == e or (rtol or atol) and abs(a - e) <= atol + rtol * abs(float(e))
        for a, e in zip(actual, expected)
    ]
    to = lambda numbers: torch.tensor(numbers, dtype=dtype)
    return to(actual), to(expected), torch.tensor([bool(x) for x in exact])


def run(case):
    kind = case["dtype"]
    if kind == "defaults":
        both = torch.testing._comparison.default_tolerances(torch.float32)
        return {"rtol and atol": torch.tensor(both, dtype=torch.float64)}
    if kind.startswith("float8"):
        bits = torch.arange(256, dtype=torch.int64).to(torch.uint8)
        values = bits.view(getattr(torch, kind))
        return {"values": values, "numbers": values.float()}
    dtype = getattr(torch, kind)
    exact = None
    if kind == "bool":
        actual, expected = (
            torch.tensor(x) for x in ([True, False, True], [True, True, False])
        )
    elif dtype.is_complex:
        actual, expected = complexes(case)
    elif dtype.is_floating_point:
        actual, expected = floats(case, dtype)
    else:
        actual, expected, exact = wholes(case, dtype)
    close = lambda: torch.isclose(
        actual,
        expected,
        rtol=case["rtol"],
        atol=case["atol"],
        equal_nan=case["equal_nan"],
    )
    close = exact if exact is not None and not case["small"] else close()
    return {"actual": actual, "expected": expected, "close": close}


folder = Path(sys.argv[1])
for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
    save_file(run(case), folder / f"{i}.safetensors")
