"""Reads the published weights: a PyTorch state dict in the legacy (pre-zip) format, without torch.

A .pth file is a row of pickles followed by the raw numbers:

    pickle magic number | pickle protocol | pickle system facts | pickle state dict
    pickle storage keys | per key: int64 count, then count little-endian float32 numbers (or int64)

Unpickling can run code, so two locks stand before it: the file's SHA-256 must be the expected one
before a byte of it is interpreted, and the unpickler knows three harmless globals and nothing else.
"""

import hashlib
import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class WeightsError(Exception):
    """The weight file is not the one this recipe was written for."""


@dataclass(frozen=True)
class Tensor:
    """A view of a storage, as the state dict describes it. Offsets and strides count elements."""

    dtype: np.dtype[Any]
    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def read_weights(path: Path, sha256: str) -> dict[str, Array]:
    """Return the arrays of the state dict by name, in the file's own dtypes.

    Raises WeightsError if the content's SHA-256 is not `sha256`, or if the file has another layout.
    """
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(f"{path.name}: sha256 is {found}, expected {sha256}")
    stream = io.BytesIO(data)
    if _load(stream) != MAGIC or _load(stream) != PROTOCOL or not _load(stream)["little_endian"]:
        raise WeightsError(f"{path.name}: not a little-endian state dict in the legacy format")
    tensors: dict[str, Tensor] = _load(stream)
    dtypes = {tensor.storage: tensor.dtype for tensor in tensors.values()}
    storages = {key: _read_storage(stream, dtypes[key]) for key in _load(stream)}
    return {name: _view(tensor, storages[tensor.storage]) for name, tensor in tensors.items()}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise WeightsError(f"the weight file asks for {module}.{name}, which no state dict needs")

    def persistent_load(self, pid: Any) -> Any:
        kind, dtype, key, _device, _count, view = pid
        if kind != "storage" or view is not None:
            raise WeightsError("the weight file holds something other than whole storages")
        return dtype, key


def _load(stream: io.BytesIO) -> Any:
    return _Unpickler(stream).load()


def _tensor(
    storage: tuple[np.dtype[Any], str],
    offset: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    *_gradient_facts: object,
) -> Tensor:
    dtype, key = storage
    return Tensor(dtype, key, offset, shape, stride)


def _read_storage(stream: io.BytesIO, dtype: np.dtype[Any]) -> Array:
    (count,) = struct.unpack("<q", stream.read(8))
    return np.frombuffer(stream.read(count * dtype.itemsize), dtype)


def _view(tensor: Tensor, storage: Array) -> Array:
    size = storage.dtype.itemsize
    strides = tuple(step * size for step in tensor.stride)
    # numpy itself refuses a view that reaches outside its buffer.
    return np.ndarray(tensor.shape, storage.dtype, storage, tensor.offset * size, strides)
