"""Vectors under ids of the caller's own."""

import os
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import _core
from nearsight.errors import ArgumentError, ClosedError, NotFoundError, VersionError
from nearsight.vectors.door import as_ids, as_queries, own_error, typed
from nearsight.vectors.folder import claimed
from nearsight.vectors.found import Found, Ids
from nearsight.vectors.mask import Mask

_WAIT = 0.1  # seconds between two reports of progress


class Index:
    """Vectors under ids of yours, searched by cosine; in memory, or in a folder of its own.

    `dim` is 1 to 65536. `dtype` says how vectors are kept: `"f32"`, or `"f16"` in half the space.
    With a `path` (a folder that is empty or will be made), whatever was added before `flush`
    outlives the process and a power cut; a folder that has an index already is opened by
    `Index.open`. One process at a time writes to it; within it, any thread may do anything.

    A few vectors are compared one by one. From some thousands on, a search looks into compressed
    codes of them (one bit a dimension, RaBitQ: Gao and Long, SIGMOD 2024, arXiv 2405.12497, in
    k-means' lists), as far as the recall that it is asked for needs it. `optimize` makes the codes;
    a search that finds too many vectors without them has them made in the background.

    With `index="hnsw"` a graph takes the place of the codes (HNSW: Malkov and Yashunin, 2020, arXiv
    1603.09320; linked by hnswlib): for small sets that stay as they are. At recall 0.99 it answered
    in 0.6 of the codes' time on 20,000 vectors, and in 1.3 to 1.5 times it on 100,000; for queries
    unlike the vectors in 1.2 and 5 to 6 times it. `optimize` links all vectors anew, which took
    20 to 50 times as long as coding them (README.md has the table). Keeps to `dim` 4096; beyond, as
    codes do, it compares one by one.

    Vectors are brought to unit length on the way in. Ids are whole numbers below 2^64. Arrays are
    copied, so changing one later changes nothing here; any numeric dtype, byte order and stride
    will do.

    Raises `ArgumentError` for what cannot be used, `NotFoundError` for ids that are not there,
    `CorruptionError` where a file is damaged (damaged codes or graphs cost speed only), and
    `DatabaseError` for what the disk or another process refuses.
    """

    def __init__(
        self,
        dim: int,
        path: str | os.PathLike[str] | None = None,
        dtype: Literal["f32", "f16"] = "f32",
        index: Literal["codes", "hnsw"] = "codes",
    ) -> None:
        """Make an empty index."""
        self._lock: int | None = None
        self._path = None if path is None else Path(path)
        self._vectors: _core.Vectors | None = None
        if self._path is not None:
            if (self._path / "vectors").exists():
                raise ArgumentError(
                    f"there is an index in {self._path} already: nearsight.Index.open opens it"
                )
            self._lock = claimed(self._path)
        self._begin(lambda: _core.Vectors.create(str(self._path or ""), dim, dtype, index))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> Self:
        """Open the index in a folder. Takes no longer for many vectors than for few.

        With `read_only`, nothing is written, and several processes may do so at once.
        """
        index = cls.__new__(cls)
        index._path = Path(path)
        index._vectors = None
        index._lock = None
        if not (index._path / "vectors").exists():
            raise NotFoundError(f"there is no index in {index._path}: nearsight.Index makes one")
        if not read_only:
            index._lock = claimed(index._path)
        try:
            index._begin(lambda: _core.Vectors.open(str(path), read_only))
        except ArgumentError as error:  # the one thing that it can still say
            raise VersionError(f"{error}: update nearsight") from None
        return index

    def _begin(self, make: Callable[[], _core.Vectors]) -> None:
        try:
            with typed():
                self._vectors = make()
        finally:
            if self._vectors is None:
                self.close()

    @property
    def _core(self) -> _core.Vectors:
        if self._vectors is None:
            raise ClosedError("this index was closed: open it again with nearsight.Index.open")
        return self._vectors

    # ---- what is in it

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return self._core.dim

    @property
    def dtype(self) -> str:
        """How vectors are kept: "f32" or "f16"."""
        return self._core.dtype

    @property
    def index(self) -> str:
        """What finds vectors: "codes" or "hnsw"."""
        return self._core.index

    @property
    def path(self) -> Path | None:
        """The folder, or None for an index in memory."""
        return self._path

    @property
    def coded(self) -> int:
        """How many vectors the codes (or the graph) hold; others are compared one by one."""
        return self._core.coded

    @property
    def ids(self) -> Ids:
        """All ids, u64[len], in the order in which their vectors came (an update comes anew)."""
        with typed():
            return self._core.ids()

    def __len__(self) -> int:
        """How many vectors there are."""
        return len(self._core)

    def __contains__(self, id: object) -> bool:
        """Is there a vector with this id?"""
        if not isinstance(id, int | np.integer) or not 0 <= int(id) < 2**64:
            return False
        with typed():
            return bool(self._core.has(np.array([id], np.uint64))[0])

    def vectors(self, ids: ArrayLike) -> NDArray[np.float32]:
        """Give the vectors of `ids` [n], f32[n, dim], of unit length; `NotFoundError`."""
        with self._known(ids) as known:
            return self._core.read(known)

    # ---- changing it

    def add(self, ids: ArrayLike, vectors: ArrayLike) -> None:
        """Add vectors [n, dim] under new ids [n]; the next search sees them. All or none.

        `ArgumentError`: an id that is there already or given twice, another number of ids than of
        vectors, another dim, a vector with NaN or infinity, or of zeros only.
        """
        with typed():
            self._core.add(as_ids(ids), vectors)

    def update(self, ids: ArrayLike, vectors: ArrayLike) -> None:
        """Replace the vectors of ids [n] by vectors [n, dim]; as `add`, for ids that are there."""
        with self._known(ids) as known:
            self._core.update(known, vectors)

    def remove(self, ids: ArrayLike) -> None:
        """Remove the vectors of ids [n]; the next search misses them. All or none."""
        with self._known(ids) as known:
            self._core.remove(known)

    @contextmanager
    def _known(self, ids: ArrayLike) -> Iterator[Ids]:
        """Give ids that are meant to be there; where they are refused, see whether they are."""
        core, known = self._core, as_ids(ids)
        try:
            with typed():
                yield known
        except ArgumentError:
            missing = known[~core.has(known)]
            if len(missing):
                raise NotFoundError(f"there is no vector with the id {missing[0]}") from None
            raise

    # ---- searching it

    def mask(self, allow: "ArrayLike | Set[int] | Mask") -> Mask:
        """Keep what `allow` means (see `search`), so that searches need not work it out again."""
        if isinstance(allow, Mask):
            if allow._index is not self:
                raise ArgumentError("this mask was made by another index: make it by this one")
            return allow
        chosen = np.fromiter(allow, np.uint64, len(allow)) if isinstance(allow, Set) else allow
        array = np.asarray(chosen)
        with typed():
            if array.dtype == np.bool_:
                return Mask(self, self._core.choose_flags(array))
            return Mask(self, self._core.choose_ids(as_ids(array)))

    def search(
        self,
        queries: ArrayLike,
        k: int = 10,
        *,
        recall: float = 0.99,
        exact: bool = False,
        allow: "ArrayLike | Set[int] | Mask | None" = None,
        threads: int = 1,
    ) -> Found:
        """Find the k vectors with the greatest cosine to each query.

        `queries` are [dim] or [n, dim]. Always min(k, vectors that may be found) come back, never
        fewer and nothing to fill up, so ids and scores have that many columns. `recall` is the
        share of the true best k that is to be found on average (above 0; 1 means exact), also for
        queries that are unlike the data. `exact=True` compares every vector; ties go by age.

        `allow` restricts: a boolean array [len] in the order of `ids`, a set or an array of ids
        (unknown ones are ignored), or a `Mask` from `mask`, which is the one to keep for several
        searches. Scores are cosines of the vectors as they are kept, within 1e-5.

        `threads` share out the queries; one query is one thread's work.
        """
        rows, is_one = as_queries(queries)
        choice = None if allow is None else self.mask(allow)._choice
        try:
            ids, scores, was_exact, expected = self._core.search(
                rows, k, recall, exact, choice, threads
            )
        except (ValueError, TypeError, _core.CorruptionError, OSError) as error:
            raise own_error(error) from None
        if is_one:
            ids, scores = ids[0], scores[0]
        return Found(ids, scores, was_exact, expected)

    # ---- keeping it

    def flush(self) -> None:
        """Write what was changed to the folder: it survives from then on."""
        with typed():
            self._core.flush()

    def verify(self) -> None:
        """Compare every block of every file with its checksum; `CorruptionError` names it."""
        with typed():
            self._core.verify()

    def optimize(
        self,
        progress: Callable[[float], object] | None = None,
        *,
        threads: int = 2,
        retrain: bool = False,
    ) -> bool:
        """Code (or link) all vectors, so that searches are fast; flushes first, delays nobody.

        Codes that there are already are copied, so that the work is what has changed since; where
        most vectors are new, everything is coded anew.

        `progress` is called with the share that is done, 0.0 to 1.0, some ten times a second; where
        it returns False (None goes on) or raises, the work is given up and everything stays as it
        was. `retrain` learns the codes' lists anew. Returns whether it was completed.
        """
        core = self._core
        with typed():
            core.start_optimizing(threads, retrain)
        try:
            while not core.wait(_WAIT):
                if progress is not None and progress(core.optimized) is False:
                    core.cancel()
        except BaseException:
            core.cancel()
            while not core.wait(_WAIT):
                pass
            raise
        with typed():
            core.raise_outcome()
        done = not core.was_cancelled
        if done and progress is not None:
            progress(1.0)
        return done

    def close(self) -> None:
        """Flush and let go of the folder. Closing twice is harmless."""
        core, self._vectors = self._vectors, None
        lock, self._lock = self._lock, None
        try:
            if core is not None and lock is not None:
                core.cancel()
                while not core.wait(_WAIT):
                    pass
                with typed():
                    core.flush()
        finally:
            if lock is not None:
                os.close(lock)

    def __enter__(self) -> Self:
        """Use it as a context manager: it is closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Say how many vectors there are, and where."""
        if self._vectors is None:
            return "Index(closed)"
        place = "in memory" if self._path is None else str(self._path)
        return f"Index({len(self)} vectors of {self.dim} {self.dtype}, {place})"
