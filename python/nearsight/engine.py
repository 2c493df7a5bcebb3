"""The engine: ranks every embedding, in C++. The only importer of the core.

It holds two fields for each embedding: "embedding", where a dot product is a cosine, and
"prediction", the model's probabilities, where a dot product with a concept's 0/1 weights is the
probability of the concept. Its cache on disk is derived from the truth: it may be deleted at any
moment, and this module says when it has to be.
"""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearsight import _core
from nearsight._core import Index, RowMask, Snapshot
from nearsight.errors import DataLossError
from nearsight.truth import Truth

__all__ = [
    "EMBEDDING",
    "PREDICTION",
    "CacheDamaged",
    "Engine",
    "Index",
    "RowMask",
    "Snapshot",
    "kernel",
    "version",
]

EMBEDDING = "embedding"
PREDICTION = "prediction"

_REPLAY_ROWS = 1024

kernel = _core.kernel
version = _core.__version__
CacheDamaged = _core.CorruptionError


class Engine:
    """The rows of one truth. Thread-safe: changes wait for each other, readers wait for nobody."""

    def __init__(self, truth: Truth, dim: int, labels: int, directory: Path) -> None:
        """Open the cache in `directory` and bring it up to the truth.

        Where it cannot be written, or may not because the truth is read-only, new rows are kept in
        memory.
        """
        self._truth = truth
        self._dim = dim
        self._labels = labels
        self._directory: Path | None = directory
        self._changing = threading.RLock()  # taken before the truth's lock, never after
        self._index = self._open()
        if self._index.dropped_because:
            self._warn(f"rebuilt: {self._index.dropped_because}")
        self.catch_up()

    def _open(self) -> Index:
        fields: list[_core.Field] = [(EMBEDDING, self._dim, "f32", "cosine")]
        if self._labels:
            fields.append((PREDICTION, self._labels, "f16", "dot"))
        read_only = self._truth.read_only
        if self._directory is not None and (self._directory.exists() or not read_only):
            try:
                return Index.open(str(self._directory), self._truth.uuid, fields, read_only)
            except OSError as error:
                self._warn(f"kept in memory: {error}")
        return Index.open("", self._truth.uuid, fields)

    def accepts(self, vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rows f32[n, dim] have a direction (finite, not zero) and so can be searched."""
        return self._index.accepts(EMBEDDING, vectors)

    def catch_up(self) -> None:
        """Replay what the truth has and the cache has not.

        Raises `DataLossError` if the cache has seen a later commit than the truth: then the truth
        lost acknowledged changes.
        """
        with self._changing, self._truth.snapshot():
            generation, seen = self._truth.generation, self._index.generation
            if seen > generation:
                raise DataLossError(
                    f"{self._truth.path} is at commit {generation}, but its cache has seen commit "
                    f"{seen}: {seen - generation} acknowledged commits are missing from the file "
                    "(its -wal file was removed, or an older copy was restored). Restore a newer "
                    f"copy; or, to go on with what is left, delete {self._directory}."
                )
            if seen == generation and self._index.last_id:
                return
            self._replay(generation)

    def _replay(self, generation: int) -> None:
        last = self._index.last_id
        while True:
            ids, *vectors = self._truth.embeddings.after(
                last, self._dim, self._labels, _REPLAY_ROWS
            )
            if not len(ids):
                break
            self._index.append(ids, vectors[: self._fields])
            last = int(ids[-1])
        self._index.erase(self._truth.embeddings.erased_since(self._index.generation))
        self._index.commit(generation)

    @property
    def _fields(self) -> int:
        return 2 if self._labels else 1

    def snapshot(self) -> Snapshot:
        """An immutable view of all that was committed. Lock-free, from any thread."""
        return self._index.snapshot()

    def rebuild(self, because: str) -> None:
        """Throw the cache away and derive it again from the truth."""
        self._warn(f"rebuilt: {because}")
        with self._changing, self._truth.snapshot():
            if self._directory is not None and not self._truth.read_only:
                from shutil import rmtree

                rmtree(self._directory, ignore_errors=True)
            if self._directory is not None and self._directory.exists():
                self._directory = None  # it would be read, and found damaged, again
            self._index = self._open()
            self._replay(self._truth.generation)

    def seal(self) -> None:
        """Write the cache, so that the next opening has nothing to replay. Failing is harmless."""
        if self._truth.read_only:
            return
        try:
            with self._changing:
                self._index.seal()
        except OSError as error:
            self._warn(f"not written: {error}")

    def _warn(self, what: str) -> None:
        import logging  # here and not above, to keep `import nearsight` light

        logging.getLogger("nearsight").warning("cache of %s %s", self._truth.path, what)
