"""The file: a .safetensors of values or of digests, written as they arise."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections import namedtuple

from .options import Trouble

WIDTHS = {"64": 8, "32": 4, "16": 2}  # of all others: 1
DIGEST_SIZE = 16

# A tensor as .safetensors has it; where digests are recorded, its digest is the data.
Piece = namedtuple("Piece", "dtype shape data")
Kind = namedtuple("Kind", "dtype shape size width")  # what many tensors share


def digest_of(piece):
    """A short stand-in for a tensor's bytes."""
    kind = f"{piece.dtype}{list(piece.shape)}".encode()
    return hashlib.blake2b(kind + piece.data, digest_size=16).digest()


class Spool:
    """A temporary file without a name: nothing is left of it, however we end."""

    def __init__(self, folder):
        self.file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self.parts, self.size, self.written = [], 0, 0

    def add(self, data):
        self.parts.append(data)
        self.size += len(data)
        if self.size - self.written > 1 << 20:
            self.flush()

    def flush(self):
        data = memoryview(b"".join(self.parts))
        self.parts, self.written = [], self.size
        while data:
            data = data[self.file.write(data) :]

    def has(self, data, start):
        """Whether it is this that begins there."""
        self.flush()
        self.file.seek(start)
        place, same = 0, True
        while same and place < len(data):
            found = self.file.read(min(len(data) - place, 1 << 20))
            same = bool(found) and data.startswith(found, place)
            place += len(found)
        self.file.seek(0, os.SEEK_END)
        return same

    def copy(self, start, end, to):
        self.file.seek(start)
        while start < end:
            data = self.file.read(min(end - start, 1 << 20))
            to.write(data)
            start += len(data)
        self.file.seek(0, os.SEEK_END)


class TraceFile:
    """A .safetensors file to be: tensors wait in spools, wide ones apart from
    narrow ones, so that all of them are aligned in the end."""

    MOST_TENSORS = 400_000  # in one file: more make a header that is refused
    MOST_HEADER = 90 << 20
    digest = None  # how metadata calls the digests, where it holds such

    def __init__(self, path):
        self.path = path if path == "-" else os.path.realpath(path)
        # A device or a pipe is written to; a file is replaced, once it is whole.
        self.replaces = path != "-" and (
            not os.path.exists(self.path) or os.path.isfile(self.path)
        )
        folder = os.path.dirname(self.path) if self.replaces else None
        if path != "-" and os.path.isdir(path):
            raise Trouble(f"cannot write {path}: it is a folder")
        try:
            self.spools = {width: Spool(folder) for width in (8, 4, 2, 1)}
        except OSError as error:
            raise Trouble(f"cannot write {path}: {error.strerror}") from error
        self.written = path
        self.size = 2000  # of the file, about, in bytes; so many of metadata
        # Plain tuples of a few shared objects and numbers: the garbage collector
        # need not go through them, however many there are.
        self.entries = {}  # key -> its kind, and where it starts in a spool
        self.kinds = {}

    def __len__(self):
        return len(self.entries)

    def add(self, key, piece):
        if key in self.entries:
            raise Trouble(f"{key} came up twice: please report this script")
        dtype, shape, content = piece
        kind = self.kinds.get((dtype, shape))
        if kind is None:
            width = WIDTHS.get(dtype[-2:], 1)
            kind = Kind(dtype, tuple(shape), len(content), width)
            kind = self.kinds[dtype, shape] = tuple(kind)
        spool = self.spools[kind[-1]]
        self.entries[key] = kind, spool.size
        spool.add(content)
        self.size += len(key) + 80 + len(content)
        return self.entries[key]

    def holds(self, added, piece):
        """Whether what `add` returned is this."""
        kind, start = added
        dtype, shape, content = piece
        spool = self.spools[kind[-1]]
        return kind[:2] == (dtype, tuple(shape)) and spool.has(content, start)

    def close(self):
        """Leaves nothing of the spools."""
        for spool in self.spools.values():
            spool.file.close()

    def shards(self):
        """The entries in runs that fit into one header: lists of (key, kind, start)."""
        shard, size = [], 0
        for key, (kind, start) in self.entries.items():
            if len(shard) == self.MOST_TENSORS or size > self.MOST_HEADER:
                yield shard
                shard, size = [], 0
            shard.append((key, Kind(*kind), start))
            size += len(key) + 100
        yield shard

    def write(self, shard, metadata, file):
        """One file: its header's length, its header, its tensors."""
        parts, texts, offset = [], [], 0
        for width, spool in self.spools.items():
            of_width = [entry for entry in shard if entry[1].width == width]
            if not of_width:
                continue
            (_, _, first), (_, kind, last) = of_width[0], of_width[-1]
            end = last + kind.size
            parts.append((spool, first, end))
            for key, kind, start in of_width:
                begin = start - first + offset
                about = {"dtype": kind.dtype, "shape": kind.shape}
                about["data_offsets"] = begin, begin + kind.size
                texts.append(f"{json.dumps(key)}:{json.dumps(about)}")
            offset += end - first
        texts.insert(0, f'"__metadata__":{json.dumps(metadata)}')
        header = ("{" + ",".join(texts) + "}").encode()
        header += b" " * (-len(header) % 8)
        file.write(len(header).to_bytes(8, "little") + header)
        for spool, first, end in parts:
            spool.copy(first, end, file)

    def save(self, about):
        """Writes the file under its name, or several and an index. One that is
        partial is not put over one that is whole, but beside it."""
        if about.get("partial") and self.replaces and whole_record(self.path):
            stem = self.written.removesuffix(".safetensors")
            self.written = f"{stem}.partial.safetensors"
            self.path = os.path.realpath(self.written)
        if self.digest:
            about["digest"] = self.digest
        metadata = {"trace": json.dumps(about)}
        shards = list(self.shards())
        for spool in self.spools.values():
            spool.flush()
        if not self.replaces:
            if len(shards) > 1:
                raise Trouble("too many tensors for one file: use --trace FILE")
            target = 1 if self.path == "-" else self.path
            with open(target, "wb", closefd=target != 1) as file:
                self.write(shards[0], metadata, file)
            return
        stem = self.path.removesuffix(".safetensors")
        index = f"{stem}.safetensors.index.json"
        if len(shards) == 1:
            with whole_file(self.path) as file:
                self.write(shards[0], metadata, file)
            stale = index
        else:
            places = {}
            for i, shard in enumerate(shards, start=1):
                name = f"{stem}-{i:05}-of-{len(shards):05}.safetensors"
                with whole_file(name) as file:
                    self.write(shard, metadata, file)
                places |= {key: os.path.basename(name) for key, *_ in shard}
            with whole_file(index) as file:
                text = json.dumps({"metadata": metadata, "weight_map": places})
                file.write(text.encode())
            stale, self.written = self.path, os.path.relpath(index)
        # One record lies here, not this one and an older one.
        with contextlib.suppress(FileNotFoundError):
            os.remove(stale)


class DigestFile(TraceFile):
    """The same of digests: four tensors, however many it stands for."""

    digest = "sha256-128"

    def __init__(self, path):
        super().__init__(path)
        self.count = 0
        self.latest = {}  # series -> the step that it is in, and what there is of it

    def __len__(self):
        return self.count

    def add(self, key, piece):
        series, step, rest = key.split("/", 2)
        latest = self.latest.get(series)
        if latest is None or latest[0] != step:
            latest = self.latest[series] = step, set()
        if rest in latest[1]:
            raise Trouble(f"{key} came up twice: please report this script")
        latest[1].add(rest)
        dtype, shape, content = piece
        kind = self.kinds.setdefault((dtype, shape), len(self.kinds))
        self.spools[8].add(content.ljust(DIGEST_SIZE, b"\0"))
        self.spools[4].add(kind.to_bytes(4, "little"))
        self.spools[1].add(f"{',' if self.count else '['}{json.dumps(key)}".encode())
        self.count += 1
        self.size += len(key) + 23
        return piece

    def holds(self, added, piece):
        return added == piece

    def shards(self):
        n, texts = self.count, self.spools[1]
        texts.add(b"]" if n else b"[]")
        keys = texts.size
        texts.add(json.dumps([(dtype, list(s)) for dtype, s in self.kinds]).encode())
        kinds = texts.size - keys
        yield [
            ("digests", Kind("U64", (n, 2), DIGEST_SIZE * n, 8), 0),
            ("kind", Kind("U32", (n,), 4 * n, 4), 0),
            ("keys", Kind("U8", (keys,), keys, 1), 0),
            ("kinds", Kind("U8", (kinds,), kinds, 1), keys),
        ]


def whole_record(path):
    """Whether something lies there, in one file or in several, that is not the
    record of a run which did not reach its end."""
    index = f"{path.removesuffix('.safetensors')}.safetensors.index.json"
    for place, start in ((path, 8), (index, 0)):
        try:
            with open(place, "rb") as file:
                size = int.from_bytes(file.read(start), "little") if start else -1
                header = json.loads(file.read(min(size, 100 << 20)))
            metadata = header["metadata" if place == index else "__metadata__"]
            partial = json.loads(metadata["trace"]).get("partial")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            partial = None  # another's
        if not partial:
            return True
    return False


@contextlib.contextmanager
def whole_file(path):
    """A file that gets its name when all of it is written."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise
