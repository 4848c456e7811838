"""Tensors that steps write again, read at once.

The rule: they are read as last time if they have the names, types, dtypes and shapes
that they had, in the same order, and each takes as much of as large a memory of the
CPU's. All that was found out of them then, one by one, still holds; from the third time
on, nothing is asked any more, and their bytes are copied in one go, or written from
where they lie. Anything else that changes has them read one by one.
"""

import ctypes

from .sheet import MOST_SHEETS, Together
from .tensors import PLAIN, lies_open, piece


def kinds_of(named):
    """What has to be as it was; None of tensors that lie nowhere."""
    try:
        return [
            (
                name,
                type(t),
                t.dtype,
                t.shape,
                t.is_cpu,
                t.is_contiguous(),
                t.storage_offset(),
                t.untyped_storage().nbytes(),
            )
            for name, t in named
        ]
    except (RuntimeError, NotImplementedError):
        return None


class Row:
    """What a series writes in a phase."""

    def __init__(self):
        self.kinds = None  # as last seen
        self.sheet = None  # what writes them, once they are read at once
        self.places, self.memory = None, None  # where they lay last

    def lies(self, named):
        """Their memory: most tensors stay where they are, gradients do not."""
        places = [t.data_ptr() for _, t in named]
        if places != self.places:
            both = zip(self.sheet.sizes, places, strict=True)
            self.memory = [(ctypes.c_char * size).from_address(at) for size, at in both]
            self.places = places
        return self.memory


class Rows:
    """What each series writes in each phase."""

    def __init__(self, file):
        self.file, self.rows = file, {}

    def read(self, series, phase, named, keep=False):
        """These tensors' pieces, by name; or all together, to be written before one of
        them is written to, or to `keep`."""
        if self.file.digest or not named:  # each is hashed by itself
            return [(name, piece(tensor)) for name, tensor in named]
        place = series, phase, named[0][0], len(named)  # two optimizers take turns
        if (row := self.rows.get(place)) is None:
            if len(self.rows) >= MOST_SHEETS:
                self.rows.clear()
            row = self.rows[place] = Row()
        kinds = kinds_of(named)
        known = kinds is not None and kinds == row.kinds
        if known and row.sheet is not None:
            memory = row.lies(named)
            return Together(row.sheet, [b"".join(memory)] if keep else memory)
        pieces = [(name, piece(tensor)) for name, tensor in named]
        row.kinds, row.sheet, row.places = kinds, None, None
        if known and all(type(t) in PLAIN and lies_open(t) for _, t in named):
            row.sheet = self.file.sheet_of(series, phase, pieces)
        return pieces
