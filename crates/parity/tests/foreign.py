"""Leaves files as NumPy and PyTorch write them, and their tensors beside them."""

import collections
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

folder = Path(sys.argv[1])
torch.manual_seed(0)


class Evil:
    def __reduce__(self):
        return exec, (f"open({str(folder / 'ran')!r}, 'w')",)


# In columns, and big-endian.
f = np.asfortranarray(np.arange(24, dtype=">f4").reshape(2, 3, 4))
np.save(folder / "f.npy", f)
save_file(
    {"array": torch.from_numpy(f.astype("<f4", order="C"))}, folder / "f.safetensors"
)
big = {"c8": np.array([1 + 2j, -3j], dtype=">c8"), "i2": np.arange(3, dtype=">i2")}
np.savez(folder / "big.npz", **big)
little = {
    key: torch.from_numpy(x.astype(x.dtype.newbyteorder("<"))) for key, x in big.items()
}
save_file(little, folder / "big.safetensors")

arrays = {
    "f4": np.arange(3, dtype="f4"),
    "rows": np.arange(6, dtype="f4").reshape(2, 3),
    "f8": np.arange(6.0).reshape(2, 3).T,
    "f2": np.array(1.5, dtype="f2"),
    "i8": np.arange(4),
    "u1": np.zeros((0, 3), dtype="u1"),
    "b1": np.array([True, False]),
    "c8": np.array([1 + 2j], dtype="c8"),
    "deep/name": np.arange(1000, dtype="i2"),
}
np.savez(folder / "a.npz", **arrays)
np.savez_compressed(folder / "packed.npz", **arrays)
tensors = {
    key: torch.from_numpy(np.ascontiguousarray(x).reshape(x.shape))
    for key, x in arrays.items()
}
save_file(tensors, folder / "a.safetensors")
with warnings.catch_warnings(), zipfile.ZipFile(folder / "twice.npz", "w") as twice:
    warnings.simplefilter("ignore")
    for value in (1.0, 2.0):
        with twice.open("x.npy", "w") as part:
            np.save(part, np.array(value))
np.savez(folder / "text.npz", text=np.array(["a"]))
np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)

net = torch.nn.Sequential(
    torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)
)
net.bfloat16()[2].float()
torch.save(net.state_dict(), folder / "state.pt")
torch.save(net.state_dict(), folder / "legacy_names")
save_file(net.state_dict(), folder / "state.safetensors")
torch.save(net, folder / "model.pt")
torch.save(net.state_dict(), folder / "old.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Parameter(torch.ones(2)), folder / "lone.pt")
save_file({"tensor": torch.ones(2)}, folder / "lone.safetensors")
torch.save({"x": torch.ones(1), "evil": Evil()}, folder / "evil.pt")

net = torch.nn.Linear(3, 4)
adam = torch.optim.Adam(net.parameters(), lr=0.1)
net(torch.ones(2, 3)).sum().backward()
adam.step()
base = torch.arange(12.0).reshape(3, 4)
checkpoint = {
    "epoch": 3,
    "big": 2**40,
    "negative": -300,
    "thousand": 1000,
    "far": -(2**40),
    "loss": 0.25,
    "best": True,
    "name": "größe",
    "none": None,
    "model": net.state_dict(),
    "optimizer": adam.state_dict(),
    "empty": collections.OrderedDict(),
    "turned": base.T,
    "part": base[1:, 2:],
    "one": torch.tensor(7),
    "wide": torch.ones(1).expand(5),
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "size": torch.Size([3, 4]),
    "pair": (base, [base]),
}
torch.save(checkpoint, folder / "checkpoint.pt")
# Newer pickles name classes otherwise.
torch.save(checkpoint, folder / "protocol4.pt", pickle_protocol=4)

# Dtypes of which PyTorch names no storage; one of them is not contiguous.
new = {"e4m3": base.to(torch.float8_e4m3fn), "e5m2": base.to(torch.float8_e5m2)}
new |= {f"u{bits}": base.to(getattr(torch, f"uint{bits}")) for bits in (16, 32, 64)}
torch.save(new | {"turned": new["u16"].T}, folder / "new.pt")
new["turned"] = new["u16"].T.contiguous()
save_file(new, folder / "new.safetensors")

# So many that a pickle needs four bytes for the place of each.
many = [torch.full((2,), float(i)) for i in range(300)] * 2
torch.save(many, folder / "many.pt")
save_file({str(i): x.clone() for i, x in enumerate(many)}, folder / "many.safetensors")


class Call:
    """A call of `torch.Size` with whatever there is."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return torch.Size, self.arguments


laughs, lists, dicts, calls = [], *[torch.ones(1)] * 3
for _ in range(20):
    laughs = [laughs] * 10
for _ in range(40):
    lists, dicts, calls = [lists], {"x": dicts}, Call(calls)
torch.save(laughs, folder / "laughs.pt")
torch.save(lists, folder / "lists.pt")
torch.save(dicts, folder / "dicts.pt")
torch.save(calls, folder / "calls.pt")
# A call that is its own argument: `size = torch.Size(parts); parts.append(size)`.
with zipfile.ZipFile(folder / "endless.pt", "w") as endless:
    pickled = b"\x80\x02ctorch\nSize\n]q\x00Rq\x01h\x00h\x01a."
    endless.writestr("endless/data.pkl", pickled)
    endless.writestr("endless/version", "3\n")


class Sized:
    """A tensor with its shape as torch.Size, as older releases wrote it."""

    def __init__(self, tensor, size=None):
        self.tensor, self.size = tensor, size or tensor.size()

    def __reduce_ex__(self, protocol):
        rebuild, (storage, offset, _, *rest) = self.tensor.__reduce_ex__(protocol)
        return rebuild, (storage, offset, self.size, *rest)


# `torch.Size()`, which no pickle of PyTorch's calls without a tuple.
torch.save({"x": Sized(torch.ones(2), Call())}, folder / "shapeless.pt")
torch.save({"turned": Sized(base.T), "one": Sized(torch.ones(2))}, folder / "sized.pt")
save_file(
    {"turned": base.T.contiguous(), "one": torch.ones(2)}, folder / "sized.safetensors"
)


def flatten(key, value):
    under = lambda name: f"{key}.{name}" if key else str(name)
    if isinstance(value, torch.Tensor):
        yield key, value.detach().contiguous().clone()
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from flatten(under(name), item)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from flatten(under(i), item)
    elif isinstance(value, str):
        yield key, torch.tensor(list(value.encode()), dtype=torch.uint8)
    elif value is None:
        yield key, torch.zeros(0, dtype=torch.uint8)
    else:
        kinds = {bool: torch.bool, int: torch.int64, float: torch.float64}
        yield key, torch.tensor(value, dtype=kinds[type(value)])


save_file(dict(flatten("", checkpoint)), folder / "checkpoint.safetensors")
