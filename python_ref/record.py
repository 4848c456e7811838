"""Records what a PyTorch script trains: `python record.py [FLAGS] SCRIPT [ARGS...]`.

The script runs unchanged, as Python itself would run it. What comes of it is a
.safetensors file of every tensor that its training goes through, under keys
`series/step/phase/name`:

    MLP-1/000000/init/fc1.weight            before the first update
    MLP-1/000001/data/x                     the batch, where it is a new one
    MLP-1/000001/forward/logits             the model's output
    MLP-1/000001/loss/loss
    MLP-1/000001/grad/fc1.weight
    MLP-1/000001/state/fc1.weight.exp_avg   of the optimizer
    MLP-1/000001/param/fc1.weight           after the update

A series is a model: the outermost module that a training step calls. Its step
k ends with the k-th update of its parameters. This file needs PyTorch alone
and can be copied anywhere. A script that wants to say more than can be seen
from outside calls `data`, `series` and `measure`, which do nothing while
nothing is recorded.
"""

import sys

# Beside this file lies a signal.py, which is not the one that Python needs.
if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]

import argparse
import contextlib
import ctypes
import dataclasses
import enum
import functools
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import io
import json
import math
import numbers
import os
import signal
import stat
import tempfile
import threading
import traceback
import types
import weakref
from collections import Counter, deque, namedtuple
from collections.abc import Iterator, Mapping

# Imported when the script does: what it sets before its `import torch`, such
# as OMP_NUM_THREADS, must count.
torch = None

PHASES = ("data", "init", "forward", "loss", "grad", "state", "param", "measure")

# How .safetensors calls what PyTorch calls so. It knows no complex128, which is
# recorded as pairs of float64.
DTYPES = {
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
    "complex64": "C64",
    "complex128": "F64",
    "float32": "F32",
    "int32": "I32",
    "uint32": "U32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int16": "I16",
    "uint16": "U16",
    "bool": "BOOL",
    "int8": "I8",
    "uint8": "U8",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}
WIDTHS = {"64": 8, "32": 4, "16": 2}  # of all others: 1
WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
}
# What a loss that is computed from logits leaves in autograd's graph.
OF_LOGITS = ("NllLoss", "LogSoftmax", "BinaryCrossEntropyWithLogits")
MOST_NODES = 1000  # of autograd's graph in the metadata
# How long passes wait that no backward pass goes through, so that a model which
# is run with gradients, but not trained, does not fill the memory.
MOST_UPDATES = 100
MOST_PENDING = 1000
MOST_EVENTS = 1000
MOST_BYTES = 256 << 20
MOST_NESTED = 100  # containers within each other, of an argument or an output


class Trouble(Exception):
    """What is wrong and what to do about it, in one line."""


# ---------------------------------------------------------------- the file

# A tensor as .safetensors has it; where digests are recorded, its digest is the data.
Piece = namedtuple("Piece", "dtype shape data")
Kind = namedtuple("Kind", "dtype shape size width")  # what many tensors share


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
        """Writes the file under its name, or several and an index."""
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


# ---------------------------------------------------------------- tensors


KNOWN = {}  # DTYPES by PyTorch's dtypes, as far as this version has them

# A digest is SHA-256, cut to 16 bytes, of dtype, shape and bytes. It needs no
# package, and most processors have instructions for it.
DIGEST_SIZE = 16
LARGE = 1 << 16  # bytes from which a tensor is not copied to be hashed
as_digests = False  # whether pieces hold digests


def piece(tensor):
    """A tensor's dtype, shape and bytes, or their digest; None where there are
    none to be had (fake, batched or quantised)."""
    return read(tensor, as_digests)


def hashed(kind, address, size):
    """The digest of the bytes that lie there."""
    dtype, shape = kind
    whole = hashlib.sha256(f"{dtype}{list(shape)}".encode())
    if size < LARGE:
        whole.update(ctypes.string_at(address, size))
    else:
        whole.update((ctypes.c_char * size).from_address(address))
    return whole.digest()[:DIGEST_SIZE]


def read(tensor, digest=False):
    """A piece of values, or of a digest. Plain tensors are read where they lie: no
    operation runs that a profiler or a dispatch mode of the script could see."""
    try:
        dtype = KNOWN.get(tensor.dtype)
        if dtype is None:
            return None
        if tensor.is_nested:
            return None
        if tensor.layout is not torch.strided:
            tensor = tensor.detach().to_dense()
        if not tensor.is_cpu:
            tensor = tensor.detach().cpu()
        if tensor.is_conj() or tensor.is_neg() or not tensor.is_contiguous():
            tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
        shape = tensor.shape
        width = tensor.element_size()
        size = tensor.numel() * width
        if tensor.dtype is torch.complex128:
            shape = (*shape, 2)
        if not size:
            return Piece(dtype, shape, b"")
        # There may be less memory than the shape says, or none at all.
        memory = tensor.untyped_storage()
        if memory.device.type != "cpu":
            return None
        address, end = tensor.data_ptr(), tensor.storage_offset() * width + size
        if not address or memory.nbytes() < end:
            return None
        if digest and size > DIGEST_SIZE:
            return Piece(dtype, shape, hashed((dtype, shape), address, size))
        return Piece(dtype, shape, ctypes.string_at(address, size))
    except (RuntimeError, NotImplementedError):
        return None


def word(key, place):
    """A key as a part of a name; its place instead of what may be named otherwise
    in the next run."""
    parts = key if isinstance(key, tuple) else (key,)
    kinds = str, bytes, numbers.Number, enum.Enum, type(None)
    return key if all(isinstance(part, kinds) for part in parts) else place


def attributes(value):
    """An object's own, by the first of their names: a Categorical has its logits
    twice."""
    held = {}
    named = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        for name, slot in vars(cls).items():
            if inspect.ismemberdescriptor(slot):
                with contextlib.suppress(AttributeError):  # it is not set
                    named[name] = slot.__get__(value)
    for key, part in named.items():
        held.setdefault(id(part), (key, part))
    return held.values()


def is_new(value, seen):
    """Whether it is no object that was seen before, and may hold tensors."""
    if value is None or isinstance(value, (str, bytes, numbers.Number)):
        return False
    if isinstance(value, (torch.Tensor, Mapping, list, tuple, deque)):
        return True
    if id(value) in seen:
        return False
    seen[id(value)] = value  # lives on, so that no other one gets its id
    return True


def tensors(value, name, within=(), objects=3, seen=None):
    """The tensors of an argument or an output, each with its name: `name`, or
    `name.0`, `name.key` of one in a container or an object, and in those that
    are in there, too. An object is gone through once, by its shortest name."""
    seen = {} if seen is None else seen
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    if isinstance(value, Mapping):
        keyed = enumerate(value.items())
        parts = ((word(key, place), part) for place, (key, part) in keyed)
    elif isinstance(value, (list, tuple, deque)):
        parts = enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        parts = ((field.name, getattr(value, field.name, None)) for field in fields)
    elif (
        callable(value)
        or isinstance(value, (torch.optim.Optimizer, types.ModuleType))
        or not objects
    ):
        return
    else:
        parts, objects = attributes(value), objects - 1
    if id(value) not in within and len(within) < MOST_NESTED:
        within = (*within, id(value))
        parts = [part for part in parts if is_new(part[1], seen)]
        for key, part in parts:
            yield from tensors(part, f"{name}.{key}", within, objects, seen)


def unwrap(module):
    """The model inside of DistributedDataParallel, torch.compile and the like."""
    while (inner := WRAPPERS.get(type(module).__name__)) is not None:
        module = getattr(module, inner)
    return module


@functools.lru_cache(maxsize=1000)
def argument_names(function):
    """The names of a forward's positional arguments, and of its `*args`."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], "input"
    names = [p.name for p in parameters if p.kind in (0, 1)]
    if inspect.isfunction(function):  # the first one is the module
        del names[:1]
    return names, next((p.name for p in parameters if p.kind == 2), "input")


def arguments(module, args, kwargs):
    """A call's tensors, each with the name that `forward` gives it."""
    module = unwrap(module)
    names, more = argument_names(getattr(type(module), "forward", None))
    for i, value in enumerate(args):
        name = names[i] if i < len(names) else f"{more}.{i - len(names)}"
        yield from tensors(value, name)
    for name, value in kwargs.items():
        yield from tensors(value, name)


def is_leaf(node):
    """Whether this is where autograd's graph ends, at a tensor."""
    return type(node).__name__ == "AccumulateGrad"


def walk(roots):
    """Autograd's nodes behind these tensors, breadth first."""
    found = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(found)
    for node in found:  # which grows
        for behind, _ in node.next_functions:
            if behind is not None and behind not in seen:
                seen.add(behind)
                found.append(behind)
    return found


def leaves_of(nodes):
    """The tensors whose gradients a backward pass fills in, in the order in
    which they were first used."""
    leaves = {}
    for node in reversed(nodes):
        for behind, _ in node.next_functions:
            if is_leaf(behind):
                leaves.setdefault(id(behind.variable), behind.variable)
    return list(leaves.values())


# ---------------------------------------------------------------- what is seen


class Pass:
    """A call of an outermost module that autograd followed."""

    def __init__(self, module, inputs):
        self.module = weakref.ref(module)  # it ends when the script lets go of it
        self.has_parameters = self.learns = False  # until it is kept
        self.inputs = inputs  # (name, piece, 1 if it has a gradient, 2 if it was made)
        self.inner = []  # (reference to a module inside, suffix, piece)
        self.outputs = []  # (suffix, piece)
        self.nodes = []  # where these are in autograd's graph

    def size(self):
        pieces = [p for _, p, _ in self.inputs] + [p for _, p in self.outputs]
        return sum(len(p.data) for p in pieces + [p for _, _, p in self.inner])


class Event:
    """A backward pass: its losses, and the calls that it went back through."""

    def __init__(self, losses, leaves, passes, graph, accumulates):
        self.losses = losses  # pieces
        self.leaves = [weakref.ref(leaf) for leaf in leaves]
        self.passes = passes
        # An update by hand is noticed later: till then no model of it may end.
        self.models = [made.module() for made in passes]
        self.graph = graph  # names of autograd's nodes
        self.accumulates = accumulates  # into .grad: not so torch.autograd.grad
        self.taken = set()  # by the updates of these series

    @property
    def ids(self):
        """Of its leaves that are there still: others may get the id of one gone."""
        return {id(leaf) for ref in self.leaves if (leaf := ref()) is not None}

    def holds(self, owner):
        """Whether a gradient is still there that no update has taken: of its
        parameters, or where it has none, of its other leaves."""
        leaves = [leaf for ref in self.leaves if (leaf := ref()) is not None]
        trained = [
            leaf
            for leaf in leaves
            if isinstance(leaf, torch.nn.Parameter) or id(leaf) in owner
        ]
        left = [
            leaf
            for leaf in trained or leaves
            if (
                owner[id(leaf)] not in self.taken
                if id(leaf) in owner
                else not self.taken
            )
        ]
        pieces = (read(leaf.grad) for leaf in left if leaf.grad is not None)
        return any(p is None or p.data.strip(b"\0") for p in pieces)


class Series:
    """What is recorded of one model."""

    def __init__(self, name, class_name, model, named, output):
        self.name, self.class_name, self.output = name, class_name, output
        self.model = weakref.ref(model) if model is not None else lambda: None
        self.named = [(name, weakref.ref(param)) for name, param in named]
        self.named_output = output is not None
        self.steps = 0
        self.by_optimizer = False  # else its parameters are watched
        self.seed, self.optimizers, self.graph = None, [], None
        self.path_of = None

    def path(self, module):
        """Where a module is inside of the model; None where it is not."""
        model = self.model()
        if model is None:
            return None
        if self.path_of is None:
            self.path_of = {id(m): plain(path) for path, m in model.named_modules()}
        return self.path_of.get(id(unwrap(module)))

    def about(self):
        about = {"series": self.name, "class": self.class_name, "steps": self.steps}
        about |= {"seed": self.seed, "optimizer": next(iter(self.optimizers), None)}
        if len(self.optimizers) > 1:
            about["optimizers"] = self.optimizers
        return about | {"graph": self.graph or []}


def plain(name):
    """A name without what torch.compile puts into it."""
    return name.replace("_orig_mod.", "")


def settings_of(optimizer):
    """An optimizer's class and plain values; of all groups, if there are several."""

    def value(item):
        if isinstance(item, torch.Tensor):
            item = item.item() if item.numel() == 1 else item.tolist()
        if isinstance(item, (list, tuple)):
            return [value(x) for x in item]
        if isinstance(item, (bool, str, type(None))):
            return item
        if isinstance(item, numbers.Integral):  # NumPy's, too
            return int(item)
        if not isinstance(item, numbers.Real):
            raise TypeError
        number = float(item)
        return number if math.isfinite(number) else str(number)

    def values(group):
        named = {}
        for name, item in group.items():
            if name not in ("params", "param_names"):
                with contextlib.suppress(TypeError):  # no plain value
                    named[name] = value(item)
        return named

    groups = [values(group) for group in optimizer.param_groups]
    about = {"class": type(optimizer).__name__} | groups[0]
    return about | ({"groups": groups} if len(groups) > 1 else {})


def version(tensor):
    """How often it was written to; None where PyTorch does not count that."""
    return None if tensor.is_inference() else tensor._version


def digest_of(piece):
    """A short stand-in for a tensor's bytes."""
    kind = f"{piece.dtype}{list(piece.shape)}".encode()
    return hashlib.blake2b(kind + piece.data, digest_size=16).digest()


def parameters(model):
    """Its parameters, also where it has another method of that name."""
    return torch.nn.Module.parameters(model)


def ids_of(model):
    """Which parameters it has."""
    return {id(p) for p in parameters(model)}


def grads_of(named):
    """The gradients of parameters that have one."""
    return [(name, piece(p.grad)) for name, p in named if p.grad is not None]


def state_of(state):
    """An optimizer's tensors for one parameter, but for the count of steps,
    which the key tells."""
    for name, value in (state or {}).items():
        if not (name == "step" and getattr(value, "ndim", 1) == 0):
            yield from tensors(value, str(name))


def environment():
    """What a run's numbers hold for."""
    import torch

    return {
        "by": "PyTorch",
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


class Local(threading.local):
    """The outermost module's call that is running in this thread."""

    made = None


@dataclasses.dataclass
class Options:
    """What to record of all that could be."""

    first: int = 0
    end: int = sys.maxsize  # of steps, itself excluded
    every: int = 1
    phases: tuple = PHASES
    forward: bool = False  # the outputs of modules inside of the model, too
    digest: bool = False  # digests in place of values
    partial: bool = False  # keep what there is, where the run does not reach its end


class Ended(BaseException):
    """A signal ends the run."""


def breadth(model):
    """How many modules it is made of."""
    return sum(1 for _ in model.modules())


def running():
    """The optimizers whose step is running here, the innermost first. Of frames of
    the script, not even the local variables are looked at: that alone would change
    what its `locals()` returned."""
    file = torch.optim.Optimizer.profile_hook_step.__code__.co_filename
    frames = (frame for frame, _ in traceback.walk_stack(sys._getframe()))
    hooked = (f for f in frames if f.f_code.co_filename == file)
    return [f.f_locals.get("self") for f in hooked if f.f_code.co_name == "wrapper"]


def forget_owner(owner, place, _):
    """A parameter is gone, and another one may get its id."""
    owner.pop(place, None)


class Recorder:
    """Watches calls of modules, backward passes and updates."""

    def __init__(self, path, experiment, settings, options=None):
        global as_digests
        self.options = options or Options()
        as_digests = self.options.digest
        self.file = (DigestFile if as_digests else TraceFile)(path)
        self.experiment, self.settings = experiment, settings
        self.partial = None  # why it ends before the run was to end
        self.busy, self.waits = 0, None  # a signal waits until nothing is noted
        self.signal = None  # that ended the script
        self.watched_signals = {}  # number -> what it did before
        self.on, self.pid, self.error, self.undo = True, os.getpid(), None, []
        # What is going on
        self.local = Local()
        self.backward_running = False
        self.backwards = self.updates = 0
        self.stepping = []  # optimizers whose step is running
        self.grads = None  # from before it
        # What no update has taken yet
        self.pending = {}  # passes that no backward pass reached -> updates by then
        self.by_node = {}  # places in autograd's graph -> these passes, as keys
        self.pending_bytes = 0
        self.events = []  # backward passes
        self.watched = {}  # id -> parameter, value and gradient after backward
        # Whose what is; dictionaries, since sets have no fixed order
        self.series = {}  # by name
        self.counts = Counter()  # of models by class
        self.owner = {}  # id of a parameter -> its Series
        # Weak dictionaries by identity, from `install` on
        self.plans = None  # optimizer -> what it updates
        self.modules = None  # all that were made
        self.called = None  # as outermost ones
        self.buffers = None  # module -> buffers as last seen
        # What is in the file
        self.last = {}  # (series, name) -> digest of the data recorded last
        self.known = {}  # the same -> data that need not be recorded again
        self.order = {"series": {}, "names": {}}  # of their first appearance

    # -------- keys

    def wants(self, step):
        """Whether this step is among those asked for."""
        options = self.options
        return options.first <= step < options.end and step % options.every == 0

    def write(self, series, step, phase, name, piece):
        if piece is None or phase not in self.options.phases:
            return
        self.order["series"][series] = self.order["names"][name] = None
        self.file.add(f"{series}/{step:06}/{phase}/{name}", piece)

    def write_data(self, series, step, name, piece):
        """Data is recorded where it is not what was recorded last under its name, or
        by another series under any."""
        place = series, name
        if piece is None or self.known.get(place) == piece:
            return
        digest = digest_of(piece)
        # Two inputs of a model may change places.
        others = (d for (s, n), d in self.last.items() if s != series or n == name)
        if digest not in others:
            self.write(series, step, "data", name, piece)
            self.last[place] = digest
            self.known.clear()
        self.known[place] = piece

    # -------- calls of modules

    def before_call(self, module, args, kwargs):
        """Notes what goes into an outermost module."""
        self.notice_updates()
        inner = unwrap(module)
        self.called[inner] = None
        if inner not in self.buffers:
            self.buffers[inner] = self.buffers_of(inner)
        named = arguments(module, args, kwargs)
        inputs = [
            (n, piece(t), t.requires_grad + (t.grad_fn is not None)) for n, t in named
        ]
        return Pass(inner, [i for i in inputs if i[1] is not None])

    def after_call(self, made, result):
        """Notes what came out, if a backward pass can go through it."""
        for name, tensor in tensors(result, ""):
            if (content := piece(tensor)) is not None:
                made.outputs.append((name, content))
            if tensor.grad_fn is not None:
                # Not the node itself, which would keep the graph alive.
                made.nodes.append(tensor.grad_fn._sequence_nr())
        if not made.nodes:
            return
        module = made.module()
        made.has_parameters = any(True for _ in parameters(module))
        made.learns = any(p.requires_grad for p in parameters(module))
        self.pending[made] = self.updates
        for node in made.nodes:
            self.by_node.setdefault(node, {})[made] = None
        self.pending_bytes += made.size()
        while self.pending_bytes > MOST_BYTES and len(self.pending) > 64:
            self.forget(next(iter(self.pending)))

    def inside(self, module, result):
        """Notes what came out of a module inside of the outermost one."""
        made = self.local.made
        made.inner += [
            (weakref.ref(module), n, piece(t)) for n, t in tensors(result, "")
        ]
        made.inner = [i for i in made.inner if i[2] is not None]

    def forget(self, made):
        """Takes a pass from those that no backward pass reached."""
        del self.pending[made]
        self.pending_bytes -= made.size()
        for node in set(made.nodes):
            del self.by_node[node][made]
            if not self.by_node[node]:
                del self.by_node[node]

    # -------- backward passes

    def before_backward(self, roots, retained=False, inputs=None):
        """The event that this backward pass is. Where its graph is `retained`,
        another one may go through it. With `inputs`, its gradients go to these
        alone, and not into `.grad`."""
        self.notice_updates()
        for event in self.events:
            event.models = []
        roots = [roots] if isinstance(roots, torch.Tensor) else list(roots)
        roots = [root for root in roots if isinstance(root, torch.Tensor)]
        if not self.in_step():  # a closure's passes are all of one step
            self.events = [
                e for e in self.events if e.accumulates and e.holds(self.owner)
            ]
        nodes = walk(roots)
        passes = {}
        if self.by_node:
            for node in nodes:
                passes |= self.by_node.get(node._sequence_nr(), {})
        order = {made: i for i, made in enumerate(self.pending)}
        passes = sorted(passes, key=order.get)
        if not retained:
            for made in passes:
                self.forget(made)
        leaves = leaves_of(nodes) if inputs is None else inputs
        graph = []
        if any(getattr(self.owner.get(id(p)), "graph", None) is None for p in leaves):
            names = (n.name() for n in nodes if not is_leaf(n))
            graph = list(names)[:MOST_NODES]
        losses = [piece(root) for root in roots]
        return Event(losses, leaves, passes, graph, inputs is None)

    def after_backward(self, event, grads=None):
        """Keeps the values of parameters that may be updated by hand."""
        self.backwards += 1
        self.events.append(event)
        del self.events[:-MOST_EVENTS]
        for i, ref in enumerate(event.leaves):
            leaf = ref()
            owner = self.owner.get(id(leaf))
            if leaf is None or (owner is not None and owner.by_optimizer):
                continue
            grad = leaf.grad if grads is None else grads[i]
            grad = None if grad is None else piece(grad)
            self.watched[id(leaf)] = (ref, piece(leaf), grad)

    # -------- updates

    def before_step(self, optimizer, args, kwargs):
        """Notes gradients, and what is not seen any more after the update."""
        if self.in_step(besides=1):
            self.stepping.append(optimizer)  # is part of that one's step
            return
        params = [p for group in optimizer.param_groups for p in group["params"]]
        popped = ((id(p), self.watched.pop(id(p), None)) for p in params)
        watched = {i: w for i, w in popped if w is not None and w[0]() is not None}
        self.stepping.clear()  # of a step that raised
        self.notice_updates()
        self.stepping.append(optimizer)
        known = self.plans.get(optimizer)
        ids = [id(p) for p in params]
        if known is None or known[0] != ids:
            plan = self.by_series(params, watched)
            self.plans[optimizer] = ids, plan
            for series, _ in plan:
                series.by_optimizer = True
                if known is None:
                    series.optimizers.append(settings_of(optimizer))
        _, plan = self.plans[optimizer]
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        self.grads = None if closure else [grads_of(named) for _, named in plan]

    def in_step(self, besides=0):
        """Whether an optimizer's step is running here, besides so many innermost
        ones; one that raised is not."""
        if not self.stepping:
            return False
        return any(o is self.stepping[0] for o in running()[besides:])

    def after_step(self, optimizer, args, kwargs):
        """Records the step of every model that it updated."""
        if len(self.stepping) > 1:
            del self.stepping[len(running()) :]  # of steps within that raised
        if self.stepping.pop() is not optimizer or self.stepping:
            return
        _, plan = self.plans[optimizer]
        grads = self.grads or [grads_of(named) for _, named in plan]
        self.grads = None
        for (series, named), of_series in zip(plan, grads, strict=True):
            for _, param in named:  # a closure's backward passes watch them
                self.watched.pop(id(param), None)
            self.end_step(series, named, of_series, optimizer.state)

    def notice_updates(self):
        """Finds parameters that changed since the backward pass though no
        optimizer took a step."""
        if not self.watched or self.in_step():
            return
        watched = {id_: w for id_, w in self.watched.items() if w[0]() is not None}
        self.watched = watched
        changed = {id_ for id_, (ref, old, _) in watched.items() if piece(ref()) != old}
        if not changed:
            return
        params = [ref() for ref, _, _ in watched.values()]
        bare = any(self.is_bare(p) for p in params if id(p) in changed)
        params = [p for p in params if id(p) in changed or (bare and self.is_bare(p))]
        plan = self.by_series(params, watched)
        for series, _ in plan:
            ids = {i for i in watched if self.owner.get(i) is series}
            named = [(n, ref()) for n, ref in series.named if id(ref()) in ids]
            grads = [(n, watched[id(p)][2]) for n, p in named]
            self.end_step(series, named, [g for g in grads if g[1] is not None], {})
            for id_ in ids:
                del self.watched[id_]

    def end_step(self, series, named, grads, state):
        """Records a step of a model, after its update."""
        self.updates += 1
        series.steps += 1
        step = series.steps
        if series.seed is None:
            series.seed = torch.initial_seed()
        keep = self.wants(step)
        self.take_events(series, {id(p) for _, p in named}, step, keep)
        for made, updates in list(self.pending.items()):
            old = updates < self.updates - MOST_UPDATES
            old = old and len(self.pending) > MOST_PENDING
            if old or series.path(made.module()) is not None:
                self.forget(made)
        changed = self.changed_buffers(series)
        for event in self.events:
            if event.taken:
                event.models = []
        if not keep:
            return
        for name, grad in grads:
            self.write(series.name, step, "grad", name, grad)
        if "state" in self.options.phases:
            for name, param in named:
                for part, tensor in state_of(state.get(param)):
                    self.write(
                        series.name, step, "state", f"{name}.{part}", piece(tensor)
                    )
            for name, content in changed:
                self.write(series.name, step, "state", name, content)
        if "param" in self.options.phases:
            for name, param in named:
                self.write(series.name, step, "param", name, piece(param))

    def take_events(self, series, ids, step, keep):
        """Records the batches, outputs and losses that led to this update."""
        mine = [e for e in self.events if series not in e.taken and e.ids & ids]
        if any(e.accumulates for e in mine):
            mine = [e for e in mine if e.accumulates]
        for event in self.events:
            if event.ids & ids:
                event.taken.add(series)
        passes = dict.fromkeys(made for event in mine for made in event.passes)
        for made in passes:
            if made in self.pending and not made.learns:
                self.forget(made)
        if series.graph is None and mine:
            series.graph = mine[0].graph
            of_logits = any(name.startswith(OF_LOGITS) for name in series.graph)
            if series.output is None:
                series.output = "logits" if of_logits else "output"
        counts = Counter()

        def numbered(phase, name):
            counts[phase, name] += 1
            return f"{name}#{n}" if (n := counts[phase, name]) > 1 else name

        if not keep:
            return
        for made in passes:
            for name, content in self.data_of(series, made):
                self.write_data(series.name, step, numbered("data", name), content)
        for made in passes:
            for name, content in self.outputs_of(series, made):
                self.write(
                    series.name, step, "forward", numbered("forward", name), content
                )
        for content in (loss for event in mine for loss in event.losses):
            self.write(series.name, step, "loss", numbered("loss", "loss"), content)

    def path_of(self, series, made):
        """Where the called module is in the model; None where it is not, or is
        but a criterion that the model keeps."""
        path = series.path(made.module())
        return None if path and not made.has_parameters else path

    def data_of(self, series, made):
        """What went into a call, as far as it is this series' to record: all
        that went into the model, and the targets that a criterion got."""
        path = self.path_of(series, made)
        if path == "":
            return [(name, content) for name, content, _ in made.inputs]
        most = 1 if path is None else 2
        given = [(name, content) for name, content, is_ in made.inputs if is_ < most]
        if path is not None:
            return [(f"{path}.{name}", content) for name, content in given]
        return [] if made.learns else given

    def outputs_of(self, series, made):
        """What came out of the model and, if asked for, of the modules in it."""
        path = self.path_of(series, made)
        if path is None:
            return []
        inner = []
        for module, suffix, content in made.inner:
            if inside := series.path(module()):
                inner.append((inside + suffix, content))
        if path:
            return inner + [(path + suffix, p) for suffix, p in made.outputs]
        single = series.named_output or "" in dict(made.outputs)
        base = series.output if single else "output"
        return inner + [(base + suffix, content) for suffix, content in made.outputs]

    def buffers_of(self, model):
        """Buffers by name: version and digest, to see which of them change."""
        found = {}
        for name, buffer in model.named_buffers():
            content = piece(buffer)
            digest = content and digest_of(content)
            found[plain(name)] = (id(buffer), version(buffer), digest)
        return found

    def changed_buffers(self, series):
        """Buffers such as BatchNorm's running_mean that are not as they were."""
        model = series.model()
        before = self.buffers.get(model) if model is not None else None
        if not before:
            return []
        changed = []
        for name, buffer in model.named_buffers():
            name = plain(name)
            old = before.get(name)
            # The kernels of BatchNorm write without counting, so that only of a
            # large buffer, such as a mask, an unchanged count is proof enough.
            large = buffer.numel() > 1 << 16
            if old and large and old[:2] == (id(buffer), version(buffer)):
                continue
            content = piece(buffer)
            digest = content and digest_of(content)
            before[name] = (id(buffer), version(buffer), digest)
            if old is None or old[2] != digest:
                changed.append((name, content))
        return changed

    # -------- whose a parameter is

    def is_bare(self, param):
        """Whether it is a tensor of no module."""
        if owner := self.owner.get(id(param)):
            return owner.class_name is None
        return not any(id(param) in ids_of(m) for m in list(self.modules))

    def by_series(self, params, watched):
        """The series that these parameters are of, each with its own of them;
        those of no series yet get one."""
        if new := [p for p in params if id(p) not in self.owner]:
            self.adopt(new, watched)
        ids = {id(p) for p in params}
        owners = dict.fromkeys(self.owner[id(p)] for p in params)
        plan = []
        for series in owners:
            named = [(n, ref()) for n, ref in series.named]
            mine = [
                (n, p) for n, p in named if id(p) in ids and self.owner[id(p)] is series
            ]
            plan.append((series, mine))
        return plan

    def adopt(self, params, watched):
        """Starts the series of these parameters: of an outermost module that has
        them all, else of any module that has, else of the fewest that do."""
        left = {id(p): p for p in params}
        events = [e for e in self.events if not e.ids.isdisjoint(left)]
        trained = [made.module() for e in events for made in e.passes]
        trained = [m for m in trained if m is not None]
        called = [m for m in trained if m in self.called] + list(self.called)
        models = list({id(m): m for m in [*called, *self.modules]}.values())
        has = {id(m): ids_of(m) for m in models}
        for known in (trained, called, models):
            if whole := [m for m in known if left.keys() <= has.get(id(m), set())]:
                # Of models that are called, the one that uses the others; else
                # the smallest, but not the one layer that is all of it.
                sign = -1 if known is models else 1
                models = [
                    max(whole, key=lambda m: (sign * len(has[id(m)]), breadth(m)))
                ]
                break
        else:
            ids = {id(m) for m in called}
            models.sort(
                key=lambda m: (id(m) not in ids, -len(has[id(m)] & left.keys()))
            )
        for model in models:
            own = has[id(model)]
            if not own.isdisjoint(left):
                self.start(model, watched=watched)
                left = {i: p for i, p in left.items() if i not in own}
        if left:
            self.counts["params"] += 1
            name = f"params-{self.counts['params']}"
            self.series[name] = Series(name, None, None, [], None)
            self.own(self.series[name], list(left.values()), watched)

    def start(self, model, name=None, output=None, watched=None):
        """A new series, with the values from which its model starts."""
        model = unwrap(model)
        named = [(plain(n), p) for n, p in torch.nn.Module.named_parameters(model)]
        for series in self.series.values():
            if series.model() is model:  # parts of it are new
                known = [ref() for _, ref in series.named]
                new = [(n, p) for n, p in named if not any(p is k for k in known)]
                series.path_of = None
                return self.own(series, new, watched or {})
        class_name = type(model).__name__
        if name is None:
            self.counts[class_name] += 1
            name = f"{class_name}-{self.counts[class_name]}"
        if name in self.series:
            raise Trouble(f"two models are to be series {name}")
        self.series[name] = series = Series(name, class_name, model, [], output)
        if model not in self.buffers:
            self.buffers[model] = self.buffers_of(model)
            for path, part in model.named_modules():  # as before it was called
                for buffer, seen in self.buffers.get(part, {}).items() if path else ():
                    self.buffers[model][f"{plain(path)}.{buffer}"] = seen
        self.own(series, named, watched or {})

    def own(self, series, params, watched):
        """Gives a series parameters, with names or, bare ones, numbers. Where one
        is put in another's place, and both are trained, the later one is `#2`."""
        names = {name for name, _ in series.named}
        taken = {name for name, ref in series.named if ref() is not None}
        for param in params:
            if series.class_name is None:
                param = (f"param{len(series.named)}", param)
            name, param = param
            whole, n = name, 1
            while name in taken:
                n += 1
                name = f"{whole}#{n}"
            taken.add(name)
            place = id(param)
            forget = functools.partial(forget_owner, self.owner, place)
            series.named.append((name, weakref.ref(param, forget)))
            self.owner.setdefault(place, series)
            if self.wants(0) and name not in names:
                old = watched.get(place)
                content = piece(param) if old is None else old[1]
                self.write(series.name, 0, "init", name, content)

    # -------- from start to end

    def fail(self, error):
        """Stops recording, but not the script."""
        self.on = False
        self.error = self.error or error

    def about(self):
        return {
            "experiment": self.experiment,
            "settings": self.settings,
            "environment": environment(),
            "series": list(self.order["series"]),
            "names": list(self.order["names"]),
            "models": [s.about() for s in self.series.values() if s.steps],
        } | ({"partial": self.partial} if self.partial else {})

    def watch_signals(self):
        """Lets INT, TERM and HUP end the script by an exception, so that what there
        is can be written; those that the script watches itself are its own."""
        own = (signal.SIG_DFL, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(number)
            if before in own:
                signal.signal(number, self.end)
                self.watched_signals[number] = before
        # A handler in Python waits where C code waits: nobody could end a forked
        # process that waits for a lock.
        os.register_at_fork(after_in_child=leave_signals)

    def end(self, number, frame):
        """Ends the script, but not while something is being noted."""
        self.waits = number if self.busy else None
        if not self.busy:
            self.signal = number
            raise KeyboardInterrupt if number == signal.SIGINT else Ended

    def finish(self):
        """Records an update by hand after which nothing came, and stops."""
        if torch is not None:
            guarded(self, self.notice_updates)
        for undo in reversed(self.undo):
            undo()
        self.undo.clear()
        self.on = False


# ---------------------------------------------------------------- watching


def leave_signals():
    """Gives back those that are watched."""
    for number, before in (_recorder.watched_signals if _recorder else {}).items():
        if signal.getsignal(number) == _recorder.end:
            signal.signal(number, before)


def guarded(recorder, note, *args):
    """Calls one of the recorder's methods. Where it fails, the recording stops,
    and the script goes on. A forked process records nothing."""
    if not recorder.on or recorder.pid != os.getpid():
        recorder.on = False
        return None
    recorder.busy += 1
    try:
        with torch._C.DisableTorchFunction():  # nothing that a mode could see
            return note(*args)
    except Exception as error:
        recorder.fail(error)
        if is_of_a_handler(error):
            raise
        return None
    finally:
        recorder.busy -= 1
        if recorder.waits is not None and not recorder.busy:
            signal.raise_signal(recorder.waits)


def is_of_a_handler(error):
    """Whether a signal's handler raised it, which is the script's own."""
    handlers = map(signal.getsignal, signal.valid_signals())
    codes = [getattr(handler, "__code__", None) for handler in handlers]
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code in codes for frame, _ in frames)


def install(recorder):
    """Lets the recorder watch PyTorch, until `recorder.finish()`."""
    global torch
    import torch as imported
    import torch.optim.optimizer as optim
    from torch.nn.modules import module
    from torch.utils.weak import WeakIdKeyDictionary

    torch = imported
    for weak in ("plans", "modules", "called", "buffers"):
        setattr(recorder, weak, WeakIdKeyDictionary())
    for name, code in DTYPES.items():
        if hasattr(torch, name):
            KNOWN[getattr(torch, name)] = code

    # torch.compile does not trace the recorder, and all else as without it. This is
    # torch.compiler.disable, but imports torch._dynamo at the first call only.
    untraced = torch._disable_dynamo
    recorder.attempt = untraced(lambda *args: guarded(recorder, *args))

    def swap(owner, name, watched):
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(watched(recorder, original)))
        recorder.undo.append(lambda: setattr(owner, name, original))

    # Not through PyTorch's global hooks of modules: with any of them, each call
    # takes a slower way, and torch.compile warns.
    swap(torch.nn.Module, "__call__", watched_call)
    swap(torch.nn.Module, "__setstate__", watched_setstate)
    swap(torch.autograd, "backward", watched_backward)
    swap(torch.autograd, "grad", watched_grad)

    # TorchScript knows them by their identity.
    for name in ("backward", "grad"):
        as_builtin(recorder, getattr(torch.autograd, name), f"aten::{name}")

    def hook(register, note):
        recorder.undo.append(register(note).remove)

    def before(*args):
        guarded(recorder, recorder.before_step, *args)

    def after(*args):
        guarded(recorder, recorder.after_step, *args)

    def made(owner, _, part):
        recorder.modules[owner] = None

    hook(optim.register_optimizer_step_pre_hook, untraced(before))
    hook(optim.register_optimizer_step_post_hook, untraced(after))
    hook(module.register_module_parameter_registration_hook, made)
    hook(module.register_module_module_registration_hook, made)


def as_builtin(recorder, function, operator):
    """Has TorchScript compile calls of a function as calls of an operator."""
    known = torch.jit._builtins._get_builtin_table()
    known[id(function)] = operator
    recorder.undo.append(lambda: known.pop(id(function)))


def watched_call(recorder, original):
    """A module's call: the outermost ones are passes."""
    compiling = torch.compiler.is_compiling

    def __call__(module, /, *args, **kwargs):
        if compiling() or not recorder.on or not torch.is_grad_enabled():
            return original(module, *args, **kwargs)
        local = recorder.local
        # Within a backward pass, a checkpoint's forward pass is run again.
        if recorder.backward_running or torch._C._get_tracing_state():
            return original(module, *args, **kwargs)
        if local.made is not None:
            result = original(module, *args, **kwargs)
            if recorder.options.forward:
                recorder.attempt(recorder.inside, module, result)
            return result
        local.made = recorder.attempt(recorder.before_call, module, args, kwargs)
        try:
            result = original(module, *args, **kwargs)
        finally:
            made, local.made = local.made, None
        if made is not None:
            recorder.attempt(recorder.after_call, made, result)
        return result

    return __call__


def watched_setstate(recorder, original):
    """A module that is copied or unpickled is made without registering its parts."""

    def __setstate__(module, state):
        original(module, state)
        recorder.attempt(recorder.modules.__setitem__, module, None)

    return __setstate__


def twice(given):
    """The same, to be gone through more than once: generators cannot be."""
    return tuple(given) if isinstance(given, Iterator) else given


def watched_backward(recorder, original):
    """A backward pass into `.grad`."""

    def backward(tensors, grad_tensors=None, retain_graph=None, *args, **kwargs):
        tensors = twice(tensors)
        given = (tensors, grad_tensors, retain_graph, *args)
        if not recorder.on or recorder.backward_running:
            return original(*given, **kwargs)
        created = args[0] if args else kwargs.get("create_graph")
        retained = created if retain_graph is None else retain_graph
        event = recorder.attempt(recorder.before_backward, tensors, retained)
        recorder.backward_running = True
        try:
            result = original(*given, **kwargs)
        finally:
            recorder.backward_running = False
        if event is not None:
            recorder.attempt(recorder.after_backward, event)
        return result

    return torch._disable_dynamo(backward, recursive=False)


def watched_grad(recorder, original):
    """Gradients that may be for an update by hand."""

    def grad(outputs, inputs, *args, **kwargs):
        outputs, inputs = twice(outputs), twice(inputs)
        whole = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        if not recorder.on or recorder.backward_running or not all_leaves(whole):
            return original(outputs, inputs, *args, **kwargs)
        # A gradient penalty's calls may be of the backward pass that follows.
        event = recorder.attempt(recorder.before_backward, outputs, True, whole)
        recorder.backward_running = True
        try:
            result = original(outputs, inputs, *args, **kwargs)
        finally:
            recorder.backward_running = False
        if event is not None:
            recorder.attempt(recorder.after_backward, event, result)
        return result

    return torch._disable_dynamo(grad, recursive=False)


def all_leaves(inputs):
    """Whether these are tensors that could be updated by hand."""
    return all(isinstance(t, torch.Tensor) and t.is_leaf for t in inputs)


class ThisModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A script that says more than can be seen, says it to this very module.
    Only then is it among sys.modules, where pickle would find it."""

    def __init__(self, module):
        self.module = module

    def find_spec(self, name, path=None, target=None):
        if name == "python_ref.record":
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        pass


class WhenImported(importlib.abc.MetaPathFinder):
    """Calls `then` as soon as the script has imported PyTorch, which it may look
    for before that."""

    def __init__(self, then):
        self.then = then

    def find_spec(self, name, path=None, target=None):
        if name != "torch" or self not in sys.meta_path:
            return None
        place = sys.meta_path.index(self)
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(place, self)
        if spec is None or spec.loader is None:
            return spec
        loader, execute = spec.loader, spec.loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            sys.meta_path.remove(self)
            self.then()

        loader.exec_module = exec_module
        return spec


# ---------------------------------------------------------------- for scripts

_recorder = None  # of the recording that is on


def data(**named):
    """Records what all series share."""
    if _recorder is not None:
        guarded(_recorder, _data, named)


def _data(named):
    for name, tensor in named.items():
        content = piece(tensor)
        digest = digest_of(content)
        # Drawn again, the same data is the same data.
        if _recorder.last.get(("data", name)) != digest:
            _recorder.last["data", name] = digest
            if _recorder.wants(0):
                _recorder.write("data", 0, "data", name, content)


def series(model, name, output=None):
    """Names the series of a model that is not trained yet, and its output."""
    if _recorder is not None:
        guarded(_recorder, _recorder.start, model, name, output)


def measure(series, step, named):
    """Records what was found out after so many steps: name -> tensor."""
    if _recorder is not None and _recorder.wants(step):
        for name, tensor in named.items():
            guarded(_recorder, _measure, series, step, name, tensor)


def _measure(series, step, name, tensor):
    _recorder.write(series, step, "measure", name, piece(tensor))


def asked_for(digest=False, keep_partial=False):
    """What to record, with the steps that TORCH_PARITY_STEPS names."""
    steps = step_range(os.environ.get("TORCH_PARITY_STEPS") or "..")
    return Options(*steps, digest=digest, partial=keep_partial)


@contextlib.contextmanager
def recording(path, experiment, settings, options=None):
    """Records what is trained meanwhile, into `path`; `-` is standard output,
    and None records nothing."""
    global _recorder
    if path is None:
        yield
        return
    if _recorder is not None:
        raise Trouble(f"cannot record {path}: a recording is on already")
    _recorder = recorder = Recorder(path, experiment, settings, options)
    install(recorder)
    if recorder.options.partial:
        recorder.watch_signals()
    try:
        yield
        recorder.finish()
        if recorder.error:
            raise recorder.error
        recorder.file.save(recorder.about())
    except BaseException as error:
        if recorder.options.partial and len(recorder.file):
            recorder.finish()
            recorder.partial = how_it_ended(error, recorder).removeprefix(", ")
            recorder.file.save(recorder.about())
        end_as_signal(recorder)
        raise
    finally:
        leave_signals()
        recorder.finish()
        recorder.file.close()
        _recorder = None


# ---------------------------------------------------------------- command line


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"error: {message} (--help shows how)\n")


def step_range(text):
    """`3..10`, `3..` or `..10`, as Python's ranges: the end is excluded."""
    first, dots, end = text.partition("..")
    try:
        low, high = int(first or 0), int(end or sys.maxsize)
    except ValueError:
        low, high = 0, 0
    if not dots or not 0 <= low < high:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no range of steps such as 0..10, the end excluded"
        )
    return low, high


def every(text):
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


def phases(text):
    """A list of phases."""
    named = text.split(",")
    if unknown := [name for name in named if name not in PHASES]:
        known = ", ".join(PHASES)
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {known}")
    return tuple(named)


def parse(argv):
    parser = Parser(
        prog="record.py",
        allow_abbrev=False,
        description="Run a PyTorch script as Python would, and record what it trains.",
    )
    add = parser.add_argument
    add("--trace", metavar="FILE", help="to write (default: SCRIPT.safetensors here)")
    add("--forward", action="store_true", help="every module's output, too")
    add(
        "--steps",
        metavar="A..B",
        type=step_range,
        default=(0, sys.maxsize),
        help="only these, B excluded; step 0 is what was there before training",
    )
    add("--every", metavar="N", type=every, default=1, help="only steps 0, N, 2N, ...")
    add("--phases", metavar="LIST", type=phases, default=PHASES, help=",".join(PHASES))
    add("--digest", action="store_true", help="a digest of each tensor, not its values")
    add(
        "--keep-partial",
        action="store_true",
        help="where TERM or HUP ends the script, write what there is",
    )
    add("--quiet", action="store_true", help="do not say what was recorded")
    add("script", metavar="SCRIPT")
    add("args", metavar="ARGS", nargs=argparse.REMAINDER, help="the script's own")
    return parser.parse_args(argv)


def read_script(path):
    """A script's text; a word about what is none."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise Trouble(f"{path} is a folder: name the script in it")
    if path.endswith(".ipynb"):
        raise Trouble(
            f"{path} is a notebook: make a script of it first,"
            " with jupyter nbconvert --to script"
        )
    if not stat.S_ISREG(mode):
        raise Trouble(f"{path} is no regular file: save the script to one first")
    try:
        with io.open_code(os.path.abspath(path)) as file:
            return file.read()
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}") from error


def run(path, source, args):
    """Runs a script as `python SCRIPT ARGS` does."""
    full = os.path.abspath(path)
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", full)
    main.__dict__.update(
        __file__=full, __cached__=None, __loader__=loader, __builtins__=__builtins__
    )
    sys.meta_path.insert(0, ThisModule(sys.modules[__name__]))
    sys.modules["__main__"] = main
    sys.argv = [path, *args]
    if not getattr(sys.flags, "safe_path", False):
        folder = os.path.dirname(os.path.realpath(full))
        sys.path[: __name__ != "__main__"] = [folder]
    code = compile(source, full, "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102


def hide_frames(error, file=__file__):
    """Takes this file out of the tracebacks that the script leaves."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = []
        at = error.__traceback__
        while at is not None:
            if at.tb_frame.f_code.co_filename != file:
                frames.append(at)
            at = at.tb_next
        kept = None
        for frame in reversed(frames):
            place = frame.tb_frame, frame.tb_lasti, frame.tb_lineno
            kept = types.TracebackType(kept, *place)
        error.__traceback__ = kept
        error = error.__cause__ or error.__context__


def count(number, noun):
    """`1 step`, `2,714 tensors`."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def how_it_ended(error, recorder):
    """In a few words, where a script did not run to its end."""
    if recorder.signal is not None:
        return f", until {signal.Signals(recorder.signal).name}"
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return ""
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else 1
        return f", until the script exited with status {status}"
    return f", until the script raised {type(error).__name__}"


def end_as_signal(recorder):
    """Ends as the signal would have, where one ended the script."""
    if recorder.signal not in (None, signal.SIGINT):
        signal.signal(recorder.signal, signal.SIG_DFL)
        signal.raise_signal(recorder.signal)


def why_nothing(recorder):
    """What to look at where nothing was trained."""
    if torch is None:
        return "it never imported torch"
    if recorder.backwards:
        return "it called backward, but no parameter changed and no optimizer stepped"
    compiler = getattr(sys.modules.get("torch._dynamo"), "utils", None)
    if compiler is not None and compiler.counters["frames"]:
        return "what torch.compile compiles whole, step included, is not seen inside"
    return "no optimizer stepped and nothing called backward in this process"


def save(recorder, error):
    """Writes what was recorded; returns what to say about it."""
    ended = how_it_ended(error, recorder)
    recorder.partial = ended.removeprefix(", ")
    if recorder.error is not None and not len(recorder.file):
        raise Trouble(f"could not record: {one_line(recorder.error)}")
    if not len(recorder.file):
        raise Trouble(f"nothing to record: {why_nothing(recorder)}{ended}")
    try:
        recorder.file.save(recorder.about())
    except OSError as problem:
        path = recorder.file.path
        raise Trouble(f"cannot write {path}: {problem.strerror}") from problem
    steps = sum(series.steps for series in recorder.series.values())
    models = sum(1 for series in recorder.series.values() if series.steps)
    said = f"recorded {count(len(recorder.file), 'tensor')}"
    said += f" of {count(models, 'model')} ({count(steps, 'step')})"
    said += f" in {recorder.file.written}{ended}"
    if recorder.error is not None:
        raise Trouble(f"{said}, but then failed: {one_line(recorder.error)}")
    return said


def one_line(error):
    """What went wrong inside of the recorder, for people."""
    text = " ".join(str(error).split())
    return text if isinstance(error, Trouble) else f"{type(error).__name__}: {text}"


def wait_for_threads():
    """Waits for threads that go on when the script has ended, as Python does."""
    others = set(threading.enumerate()) - {threading.main_thread()}
    if not all(thread.daemon for thread in others):
        threading._shutdown()


def run_recorded(options, source):
    """Runs the script and saves its record; returns how the script ended, and
    the status of the recording."""
    global _recorder
    name = os.path.basename(options.script)
    path = options.trace or f"{os.path.splitext(name)[0]}.safetensors"
    if os.path.exists(path) and os.path.samefile(path, options.script):
        raise Trouble(f"cannot write {path}: it is the script itself")
    kept = Options(*options.steps, options.every, options.phases, options.forward)
    kept.digest, kept.partial = options.digest, options.keep_partial
    _recorder = recorder = Recorder(path, name, {}, kept)
    if kept.partial:
        recorder.watch_signals()
    error = None
    if "torch" in sys.modules:
        install(recorder)
    else:
        sys.meta_path.insert(0, WhenImported(lambda: install(recorder)))
    try:
        run(options.script, source, options.args)
    except BaseException as raised:  # noqa: BLE001
        error = raised
    if recorder.pid != os.getpid():
        return error, 0
    try:
        if recorder.signal is None:
            wait_for_threads()
    except BaseException as raised:  # noqa: BLE001
        error = error or raised
    recorder.finish()
    _recorder = None
    try:
        said, status = save(recorder, error), 0
    except Trouble as trouble:
        said, status = f"error: {trouble}", 2
    finally:
        recorder.file.close()
    if status or not options.quiet:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
        with contextlib.suppress(OSError, ValueError):  # the script closed it
            print(said, file=sys.__stderr__ or io.StringIO(), flush=True)
    end_as_signal(recorder)
    return error, status


def main(argv=None):
    options = parse(argv)
    try:
        error, status = run_recorded(options, read_script(options.script))
    except Trouble as trouble:
        Parser().exit(2, f"error: {trouble}\n")
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        sys.exit(status)
    if not isinstance(error, SystemExit):
        show = sys.excepthook

        def excepthook(kind, value, _):
            hide_frames(value)
            show(kind, value, value.__traceback__)

        sys.excepthook = excepthook
    raise error


if __name__ == "__main__":
    main()
