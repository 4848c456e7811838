"""Records tensors of every kind twice: their values, and their digests."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "parity/src/recorder"))

import parity_recorder as record


def tensors():
    torch.manual_seed(1)
    x = torch.randn(6, 7, 5)
    kinds = ["float64", "float32", "float16", "bfloat16", "complex64", "complex128"]
    kinds += ["int64", "int32", "int16", "int8", "uint8", "bool"]
    kinds += ["uint64", "uint32", "uint16", "float8_e4m3fn", "float8_e5m2"]
    named = {kind: (x * 50).abs().to(getattr(torch, kind)) for kind in kinds}
    named |= {
        "transposed": x.transpose(0, 2),
        "strided": x[::2, 1:, ::3],
        "expanded": x[:, :1].expand(6, 9, 5),
        "conjugate": torch.randn(9, 4, dtype=torch.complex64).conj(),
        "single": torch.tensor(0.25),
        "single_bool": torch.tensor(True),
        "single_complex": torch.tensor(1 + 2j, dtype=torch.complex128),
        "empty": torch.zeros(0, 3),
        "of_16_bytes": torch.tensor([1.0, -0.0, float("nan"), 3.0]),
        "of_17_bytes": torch.arange(17, dtype=torch.uint8),
        "nan": torch.full((9,), float("nan")),
        "large": torch.randn(700, 900),
        "large_transposed": torch.randn(700, 900).T,
    }
    return named


def main():
    for i, digest in enumerate((False, True)):
        options = record.Options(digest=digest)
        with record.recording(f"{sys.argv[1]}/{i}.safetensors", "", {}, options):
            record.data(**tensors())


main()
