"""Writing a record: one .safetensors file of what was gathered, or several and an
index. A key is never held in memory, nor a value, however many there are."""

import contextlib
import json
import os
from itertools import pairwise

from .options import Trouble
from .spool import Spool


def entries(gathered, kinds, part, end):
    """The tensors of a part: kind, and the key as JSON."""
    for line in gathered.index.lines(part.index, end.index):
        number, _, key = line.partition(b" ")
        yield kinds[int(number)], key


def header(gathered, kinds, part, end, metadata):
    """A file's header: where each tensor lies, those of a width together."""
    text, offset = Spool(gathered.folder), 0
    text.add(b'{"__metadata__":' + json.dumps(metadata).encode())
    for width in (w for w in gathered.spools if w in part.widths):
        for kind, key in entries(gathered, kinds, part, end):
            if kind.width != width:
                continue
            about = {"dtype": kind.dtype, "shape": kind.shape}
            about["data_offsets"] = offset, offset + kind.size
            text.add(b",%b:%b" % (key, json.dumps(about).encode()))
            offset += kind.size
    text.add(b"}")
    text.add(b" " * (-text.size % 8))
    return text


def write(gathered, kinds, part, end, metadata, file):
    """One file: its header's length, its header, its tensors."""
    with contextlib.closing(header(gathered, kinds, part, end, metadata)) as text:
        file.write(text.size.to_bytes(8, "little"))
        text.copy(0, text.size, file)
    for width, spool in gathered.spools.items():
        spool.copy(part.starts[width], end.starts[width], file)


def save(gathered, about):
    """Writes the file under its name, or several and an index. One that is
    partial is not put over one that is whole, but beside it."""
    if about.get("partial") and gathered.replaces and whole_record(gathered.path):
        stem = gathered.written.removesuffix(".safetensors")
        gathered.written = f"{stem}.partial.safetensors"
        gathered.path = os.path.realpath(gathered.written)
    if gathered.digest:
        about["digest"] = gathered.digest
    metadata = {"trace": json.dumps(about)}
    kinds, parts = gathered.finished()
    if gathered.replaces:
        write_files(gathered, kinds, parts, metadata)
        return
    if len(parts) > 2:
        raise Trouble("too many tensors for one file: use --trace FILE")
    target = 1 if gathered.path == "-" else gathered.path
    with open(target, "wb", closefd=target != 1) as file:
        write(gathered, kinds, *parts, metadata, file)


def write_files(gathered, kinds, parts, metadata):
    """One file, or several and their index; no older record is left beside it."""
    stem = gathered.path.removesuffix(".safetensors")
    stale = index = f"{stem}.safetensors.index.json"
    files = list(pairwise(parts))
    if len(files) == 1:
        with whole_file(gathered.path) as file:
            write(gathered, kinds, *files[0], metadata, file)
    else:
        names = [
            f"{stem}-{i + 1:05}-of-{len(files):05}.safetensors"
            for i in range(len(files))
        ]
        for name, ends in zip(names, files, strict=True):
            with whole_file(name) as file:
                write(gathered, kinds, *ends, metadata, file)
        with whole_file(index) as file:
            write_index(gathered, kinds, names, files, metadata, file)
        stale, gathered.written = gathered.path, os.path.relpath(index)
    with contextlib.suppress(FileNotFoundError):
        os.remove(stale)


def write_index(gathered, kinds, names, files, metadata, file):
    """Which of the files has which key."""
    about = json.dumps({"metadata": metadata})[:-1]
    file.write(f'{about}, "weight_map": '.encode())
    start = b"{"
    for name, ends in zip(names, files, strict=True):
        place = json.dumps(os.path.basename(name)).encode()
        for _, key in entries(gathered, kinds, *ends):
            file.write(b"%b%b: %b" % (start, key, place))
            start = b", "
    file.write(b"}}")


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
