"""What goes into the core, as it wants it, and what it raises, as our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import _core
from nearsight.errors import ArgumentError, CorruptionError, DatabaseError


def as_queries(queries: ArrayLike) -> tuple[NDArray[Any], bool]:
    """Queries as a matrix, and whether it was one query alone."""
    array = np.asarray(queries)
    if array.ndim == 1:
        return array[np.newaxis], True
    if array.ndim != 2:
        raise ArgumentError(f"queries have the shape [dim] or [n, dim], not {list(array.shape)}")
    return array, False


def as_ids(ids: ArrayLike) -> NDArray[Any]:
    """Ids as an array of whole numbers; an empty list is one too."""
    if isinstance(ids, list | tuple | range) and all(type(id) is int for id in ids):
        try:
            return np.fromiter(ids, np.uint64, len(ids))
        except OverflowError:
            raise ArgumentError("ids are whole numbers from 0 to 2^64 - 1") from None
    return np.asarray(ids)


@contextmanager
def typed() -> Iterator[None]:
    """Raise what the core raises as one of our own errors."""
    try:
        yield
    except (ValueError, TypeError, _core.CorruptionError, OSError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise own_error(error) from None


def own_error(error: Exception) -> Exception:
    """What the core raised, as one of our own errors."""
    if isinstance(error, _core.CorruptionError):
        return CorruptionError(str(error))
    if isinstance(error, OSError):
        return DatabaseError(str(error))
    return ArgumentError(str(error))
