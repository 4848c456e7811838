"""What a record is to hold, in spools while the run goes on: values, or digests."""

import contextlib
import hashlib
import json
import math
import os
from collections import namedtuple
from json.encoder import encode_basestring_ascii as quoted

from .options import Trouble
from .sheet import MOST_SHEETS, Sheet, Together
from .spool import Spool

WIDTHS = {"64": 8, "32": 4, "16": 2}  # of all others: 1
DIGEST_SIZE = 16
LONGER = "-" * 32  # what a name beside the record's has besides, such as of a part

# What many tensors share; `size` is in bytes.
Kind = namedtuple("Kind", "dtype shape size width number")
# The tensors of one file: where they begin in the index and in each spool.
Part = namedtuple("Part", "index starts widths")


def digest_of(piece):
    """A short stand-in for a tensor's bytes."""
    kind = f"{piece.dtype}{list(piece.shape)}".encode()
    return hashlib.blake2b(kind + piece.data, digest_size=16).digest()


def place_of(path):
    """Where a record of this name lies, and whether a file is replaced there, once
    the new one is whole; a device or a pipe is written to."""
    if path == "-":
        return path, False
    if os.path.isdir(path):
        raise Trouble(f"cannot write {path}: it is a folder")
    path = os.path.realpath(path)
    return path, not os.path.exists(path) or os.path.isfile(path)


class Full(Exception):
    """The next tensor would make the record larger than it may be."""


class Gathered:
    """A .safetensors file to be. Its tensors wait in spools, wide ones apart from
    narrow ones, so that all of them are aligned in the end."""

    digest = None  # how metadata calls the digests, where it holds such

    def __init__(self, path, most_bytes=math.inf):
        self.path, self.replaces = place_of(path)
        self.folder = os.path.dirname(self.path) if self.replaces else None
        try:
            if self.replaces:
                with contextlib.suppress(FileNotFoundError):
                    os.lstat(self.path + LONGER)
            self.spools = {width: Spool(self.folder) for width in (8, 4, 2, 1)}
            self.index = Spool(self.folder)  # of each tensor, its kind's number and key
        except OSError as error:
            raise Trouble(f"cannot write {path}: {error.strerror}") from error
        self.written = path
        self.size = 2000  # of the file, about, in bytes; so many of metadata
        self.most_bytes = most_bytes
        self.kinds, self.count = {}, 0
        self.series, self.names = {}, {}  # in the order of their first appearance
        self.latest = {}  # series -> its step, as a number and as text, and names by phase
        self.sheets = {}  # what several tensors were written as last

    def __len__(self):
        return self.count

    def add(self, series, step, phase, named):
        """Adds tensors of a phase; returns what `holds` knows each by."""
        now, text, phases = self.latest.get(series, (None, "", {}))
        if now != step:
            _, text, phases = self.latest[series] = step, f"{step:06}", {}
        if type(named) is Together:
            added = self.add_sheet(named.sheet, phase, named, text, phases)
            if added is not None:
                return added
        named = [pair for pair in named if pair[1] is not None]
        if not named:
            return {}
        if len(named) == 1 and phase in phases:  # of data, say, which is as it was soon
            return self.add_each(series, step, phase, named, phases)
        place = series, phase, named[0][0], len(named)  # two optimizers take turns
        sheet = self.sheets.get(place)
        if sheet is not None and sheet.fits(named):
            added = self.add_sheet(sheet, phase, named, text, phases)
            if added is not None:
                return added
        if len(self.sheets) >= MOST_SHEETS:
            self.sheets.clear()
        added = self.add_each(series, step, phase, named, phases)
        self.sheets[place] = Sheet(series, phase, named, self.frame, self.kinds)
        return added

    def add_sheet(self, sheet, phase, named, text, phases):
        """Likewise, as last time; None where that is not how they can be written."""
        length = sheet.length + len(sheet.names) * len(text)
        before = phases.get(phase, frozenset())
        if not (sheet.known.isdisjoint(before) and self.has_room(sheet, length)):
            return None
        phases[phase] = before | sheet.known if before else sheet.known
        self.count += len(sheet.names)
        return self.put_all(sheet, text, length, named)

    def add_each(self, series, step, phase, named, phases):
        """Likewise, one after the other."""
        place, added = f"{series}/{step:06}/{phase}/", {}
        names = phases[phase] = {*phases.get(phase, ())}
        for name, piece in named:
            key = place + name
            if name in names:
                raise Trouble(f"{key} came up twice: please report this script")
            if self.size + len(piece.data) + len(key) > self.most_bytes:
                raise Full
            names.add(name)
            added[name] = self.put(key, piece)
            self.count += 1
            self.series[series] = self.names[name] = None
        return added

    def close(self):
        """Leaves nothing of the spools."""
        for spool in (*self.spools.values(), self.index):
            spool.close()


class TraceFile(Gathered):
    """Of values."""

    MOST_TENSORS = 400_000  # in one file: more make a header that is refused
    MOST_HEADER = 90 << 20

    def __init__(self, *args):
        super().__init__(*args)
        self.parts, self.in_part, self.header = [], 0, 0
        self.begin_part()

    def put(self, key, piece):
        dtype, shape, content = piece
        kind = self.kinds.get((dtype, shape)) or self.new_kind(*piece)
        if self.in_part == self.MOST_TENSORS or self.header > self.MOST_HEADER:
            self.begin_part()
        self.in_part += 1
        self.header += len(key) + 100
        self.size += len(key) + 80 + kind.size
        self.parts[-1].widths.add(kind.width)
        before, after = self.frame(dtype, shape)
        self.index.add(f"{before}{quoted(key)}{after}".encode())
        spool = self.spools[kind.width]
        start = spool.size
        spool.add(content)
        return kind, start

    def frame(self, dtype, shape):
        """What stands around a key in the index."""
        return f"{self.kinds[dtype, shape].number} ", "\n"

    def has_room(self, sheet, length):
        """Whether all of it goes into this part, its keys being so long."""
        n = len(sheet.names)
        return (
            self.in_part + n <= self.MOST_TENSORS
            and self.header + length + 100 * n <= self.MOST_HEADER
            and self.size + length + 80 * n + sheet.size <= self.most_bytes
        )

    def put_all(self, sheet, step, length, named):
        n, added = len(sheet.names), {}
        self.in_part += n
        self.header += length + 100 * n
        self.size += length + 80 * n + sheet.size
        self.index.add(step.join(sheet.texts).encode())
        if type(named) is Together:
            return self.put_memory(named)
        for kind, (name, piece) in zip(sheet.kinds, named, strict=True):
            width = kind.width
            self.parts[-1].widths.add(width)
            spool = self.spools[width]
            added[name] = kind, spool.size
            spool.add(piece[2])
        return added

    def put_memory(self, together):
        sheet, added = together.sheet, {}
        width = sheet.kinds[0].width
        self.parts[-1].widths.add(width)
        spool = self.spools[width]
        start = spool.size
        spool.add_memory(together.memory, sheet.size)
        for name, kind in zip(sheet.names, sheet.kinds, strict=True):
            added[name] = kind, start
            start += kind.size
        return added

    def sheet_of(self, series, phase, named):
        """What writes these once their bytes are read together; None of tensors of
        which some are wider than others, or are none that were written before."""
        kinds = [piece and self.kinds.get(piece[:2]) for _, piece in named]
        if None in kinds or len({kind.width for kind in kinds}) != 1:
            return None
        return Sheet(series, phase, named, self.frame, self.kinds)

    def new_kind(self, dtype, shape, content):
        width = WIDTHS.get(dtype[-2:], 1)
        kind = Kind(dtype, tuple(shape), len(content), width, len(self.kinds))
        self.kinds[dtype, shape] = kind
        return kind

    def begin_part(self):
        """What follows goes into another file."""
        self.in_part, self.header = 0, 0
        starts = {width: spool.size for width, spool in self.spools.items()}
        self.parts.append(Part(self.index.size, starts, set()))

    def holds(self, added, piece):
        """Whether what `add` returned is this."""
        kind, start = added
        dtype, shape, content = piece
        same = kind.dtype == dtype and kind.shape == tuple(shape)
        return same and self.spools[kind.width].has(content, start)

    def finished(self):
        """The kinds by their numbers, and where the parts begin, the end included."""
        self.begin_part()
        return list(self.kinds.values()), self.parts


class DigestFile(Gathered):
    """Of digests: four tensors, however many it stands for."""

    digest = "sha256-128"

    def put(self, key, piece):
        dtype, shape, content = piece
        kind = self.kinds.setdefault((dtype, shape), len(self.kinds))
        self.spools[8].add(content.ljust(DIGEST_SIZE, b"\0"))
        self.spools[4].add(kind.to_bytes(4, "little"))
        self.spools[1].add(f"{',' if self.count else '['}{quoted(key)}".encode())
        self.size += len(key) + 23
        return piece

    def frame(self, dtype, shape):
        return ",", ""

    def has_room(self, sheet, length):
        return self.size + length + 23 * len(sheet.names) <= self.most_bytes

    def put_all(self, sheet, step, length, named):
        digests = [piece.data.ljust(DIGEST_SIZE, b"\0") for _, piece in named]
        kinds = [kind.to_bytes(4, "little") for kind in sheet.kinds]
        self.spools[8].add(b"".join(digests))
        self.spools[4].add(b"".join(kinds))
        self.spools[1].add(step.join(sheet.texts).encode())
        self.size += length + 23 * len(named)
        return dict(named)

    def holds(self, added, piece):
        return added == piece

    def finished(self):
        """Likewise, of the four."""
        n, texts = self.count, self.spools[1]
        texts.add(b"]" if n else b"[]")
        keys = texts.size
        texts.add(json.dumps([(dtype, list(s)) for dtype, s in self.kinds]).encode())
        kinds = [
            Kind("U64", (n, 2), DIGEST_SIZE * n, 8, 0),
            Kind("U32", (n,), 4 * n, 4, 1),
            Kind("U8", (keys,), keys, 1, 2),
            Kind("U8", (texts.size - keys,), texts.size - keys, 1, 3),
        ]
        begin = Part(0, dict.fromkeys(self.spools, 0), set(self.spools))
        for kind, name in zip(kinds, ("digests", "kind", "keys", "kinds"), strict=True):
            self.index.add(f"{kind.number} {quoted(name)}\n".encode())
        ends = {width: spool.size for width, spool in self.spools.items()}
        return kinds, [begin, Part(self.index.size, ends, set())]
