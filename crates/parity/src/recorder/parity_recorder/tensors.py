"""Reading tensors: the bytes of one, or their digest."""

import ctypes
import hashlib

import torch

from .file import DIGEST_SIZE
from .sheet import Piece

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

KNOWN = {getattr(torch, n): code for n, code in DTYPES.items() if hasattr(torch, n)}

PLAIN = torch.Tensor, torch.nn.Parameter
CPU, STRIDED, COMPLEX = torch.device("cpu"), torch.strided, torch.complex128
# ctypes.string_at takes no more than 2 GB.
copy = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t)
bytes_at = copy(("PyBytes_FromStringAndSize", ctypes.pythonapi))
new = tuple.__new__  # in half the time

# A digest is SHA-256, cut to 16 bytes, of dtype, shape and bytes. It needs no
# package, and most processors have instructions for it.
LARGE = 1 << 16  # bytes from which a tensor is not copied to be hashed
UNREAD = Piece(None, (), b"")
as_digests = False  # whether pieces hold digests


def piece(tensor):
    """A tensor's dtype, shape and bytes, or their digest; None where there are
    none to be had (fake, batched or quantised)."""
    return read(tensor, as_digests)


def scalar(tensor):
    """Only of one number: a loss is known by its value. All else is not read."""
    if tensor.is_nested or tensor.dtype not in KNOWN:
        return None
    return piece(tensor) if tensor.numel() <= 1 else UNREAD


def hashed(kind, address, size):
    """The digest of the bytes that lie there."""
    dtype, shape = kind
    whole = hashlib.sha256(f"{dtype}{list(shape)}".encode())
    if size < LARGE:
        whole.update(bytes_at(address, size))
    else:
        whole.update((ctypes.c_char * size).from_address(address))
    return whole.digest()[:DIGEST_SIZE]


def read(tensor, digest=False):
    """A piece of values, or of a digest. Plain tensors are read where they lie: no
    operation runs that a profiler or a dispatch mode of the script could see."""
    try:
        if type(tensor) not in PLAIN and (tensor := inside(tensor)) is None:
            return None
        kind = tensor.dtype
        dtype = KNOWN.get(kind)
        if dtype is None or tensor.is_nested:
            return None
        if not lies_open(tensor):
            tensor = plainly(tensor)
        shape, size = tensor.shape, tensor.nbytes
        if kind is COMPLEX:
            shape = (*shape, 2)
        if not size:
            return Piece(dtype, shape, b"")
        # There may be less memory than the shape says, or none at all.
        memory = tensor.untyped_storage()
        if memory.device != CPU:
            return None
        address, start = memory.data_ptr(), tensor.storage_offset()
        start *= tensor.element_size()
        if not address or memory.nbytes() < start + size:
            return None
        address += start
        if digest and size > DIGEST_SIZE:
            return Piece(dtype, shape, hashed((dtype, shape), address, size))
        return new(Piece, (dtype, shape, bytes_at(address, size)))
    except (RuntimeError, NotImplementedError):
        return None


def lies_open(tensor):
    """Whether its values lie in this memory as they are, one behind the other."""
    if not (tensor.is_cpu and tensor.layout is STRIDED and tensor.is_contiguous()):
        return False
    return not (tensor.is_neg() or (tensor.is_complex() and tensor.is_conj()))


def whole(tensor):
    """The bytes of a tensor that is known to be plain."""
    return bytes_at(tensor.data_ptr(), tensor.nbytes)


def apart(name, tensor):
    """A wrapper of several tensors as these, such as an optimizer's state of 8 bits,
    which has codes and scales; by name."""
    if type(tensor) in PLAIN or len(found := within(tensor)) < 2:
        return [(name, tensor)]
    return [(f"{name}.{of}", part) for of, part in found]


def within(tensor):
    """The tensors in a wrapper, by its names of them."""
    if not hasattr(type(tensor), "__tensor_flatten__"):
        return []
    named = [(name, getattr(tensor, name)) for name in tensor.__tensor_flatten__()[0]]
    return [pair for pair in named if isinstance(pair[1], torch.Tensor)]


def inside(tensor):
    """The tensor in a wrapper of one, such as this process's part of a DTensor; None
    of several."""
    while hasattr(type(tensor), "__tensor_flatten__"):
        found = within(tensor)
        if len(found) != 1:
            return None
        ((_, tensor),) = found
    return tensor


def plainly(tensor):
    """The same values in a plain tensor: dense, on the CPU, one behind the other."""
    tensor = tensor.detach()
    if tensor.layout is not STRIDED:
        tensor = tensor.to_dense()
    if not tensor.is_cpu:
        tensor = tensor.cpu()
    return tensor.resolve_conj().resolve_neg().contiguous()


def version(tensor):
    """How often it was written to; None where PyTorch does not count that."""
    return None if tensor.is_inference() else tensor._version
