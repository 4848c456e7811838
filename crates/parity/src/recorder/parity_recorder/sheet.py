"""Tensors that a series writes again in each step.

The rule: they are the same as last time if their names are, their dtypes and their
shapes, in the same order. These are all that a file says of tensors, but for the step,
so that the text about them is that of last time with this step in it. Anything else
that changes has them written one by one, and a new sheet is made.
"""

from json.encoder import encode_basestring_ascii as quoted

MOST_SHEETS = 1000


class Sheet:
    """What a series wrote last in a phase: several tensors, by name."""

    def __init__(self, series, phase, named, frame):
        """`frame` gives what stands around the key of a tensor."""
        self.names = [name for name, _ in named]
        self.shapes = [piece[:2] for _, piece in named]  # each with its dtype
        self.known = frozenset(self.names)
        self.size = sum(len(piece.data) for _, piece in named)
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
