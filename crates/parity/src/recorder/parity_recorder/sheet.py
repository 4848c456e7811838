"""Tensors that a series writes again in each step.

The rule: they are the same as last time if their names are, their dtypes and their
shapes, in the same order. These are all that a file says of tensors, but for the step,
so that the text about them is that of last time with this step in it. Anything else
that changes has them written one by one, and a new sheet is made.
"""

from collections import namedtuple
from json.encoder import encode_basestring_ascii as quoted

MOST_SHEETS = 1000

# A tensor as .safetensors has it; where digests are recorded, its digest is the data.
Piece = namedtuple("Piece", "dtype shape data")


class Sheet:
    """What a series wrote last in a phase: several tensors, by name."""

    def __init__(self, series, phase, named, frame, kinds):
        """`frame` gives what stands around the key of a tensor; `kinds` are the file's,
        by dtype and shape."""
        self.names = [name for name, _ in named]
        self.shapes = [piece[:2] for _, piece in named]  # each with its dtype
        self.kinds = [kinds[shape] for shape in self.shapes]
        self.known = frozenset(self.names)
        self.sizes = [len(piece.data) for _, piece in named]
        self.size = sum(self.sizes)
        # To be joined by the step.
        frames = [frame(*shape) for shape in self.shapes]
        heads = [before + quoted(f"{series}/")[:-1] for before, _ in frames]
        tails = [
            quoted(f"/{phase}/{name}")[1:] + after
            for name, (_, after) in zip(self.names, frames, strict=True)
        ]
        between = map("".join, zip(tails, heads[1:], strict=False))
        self.texts = [heads[0], *between, tails[-1]]
        # Of all keys, but for the step in them.
        self.length = sum(len(f"{series}//{phase}/{name}") for name in self.names)

    def fits(self, named):
        """Whether these are the same."""
        names = [name for name, _ in named]
        return names == self.names and [p[:2] for _, p in named] == self.shapes


class Together:
    """Tensors of a sheet, and the memory that they take, one behind the other: pieces
    by name, as one goes through them."""

    def __init__(self, sheet, memory):
        self.sheet, self.memory = sheet, memory

    def __iter__(self):
        start, data, sheet = 0, b"".join(self.memory), self.sheet
        for name, shape, size in zip(
            sheet.names, sheet.shapes, sheet.sizes, strict=True
        ):
            yield name, Piece(*shape, data[start : start + size])
            start += size
