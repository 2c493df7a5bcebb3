"""The engine: ranks embeddings and keeps the facts that filters ask for, in C++. The only importer
of the core.

Two fields for each embedding: "embedding", where a dot product is a cosine, and "prediction", the
model's probabilities, where a dot product with a concept's 0/1 weights is the probability of the
concept. And one document for each annotation: the facts about it (see `truth.facts`), the input it
belongs to, the embedding of what it is about. Its cache on disk is derived from the truth: it may
be deleted at any moment, and this module says when it has to be.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from nearsight import _core
from nearsight._core import Columns, ColumnsSnapshot, DocSet, Index, RowMask, Snapshot
from nearsight.errors import DataLossError
from nearsight.truth import Truth, commits

__all__ = [
    "EMBEDDING",
    "PREDICTION",
    "CacheDamaged",
    "ColumnsSnapshot",
    "DocSet",
    "Engine",
    "EngineRank",
    "EngineTerm",
    "Index",
    "RowMask",
    "Snapshot",
    "View",
    "kernel",
    "version",
]

T = TypeVar("T")

EMBEDDING = "embedding"
PREDICTION = "prediction"

_REPLAY_ROWS = 1024
_DERIVED = ("manifest*", "rows-*.seg", "columns*", "facts-*.seg")  # the files of a cache

# What the core ranks by, as its stub has it: field, query, weight, curve; weight, squash, bias,
# terms.
EngineTerm = tuple[str, NDArray[np.float32], float, Literal["linear", "log"]]
EngineRank = tuple[float, Literal["linear", "sigmoid", "exp"], float, Sequence[EngineTerm]]

kernel = _core.kernel
version = _core.__version__
CacheDamaged = _core.CorruptionError


class View(NamedTuple):
    """All that one commit published: the embeddings as rows, the annotations as documents."""

    rows: Snapshot
    docs: ColumnsSnapshot


class Caches(NamedTuple):
    """The two derived stores of one truth; they follow it together."""

    rows: Index
    docs: Columns

    def view(self) -> View:
        """What the last commit published."""
        return View(self.rows.snapshot(), self.docs.snapshot())

    def seal(self) -> None:
        """Write what is only in memory yet."""
        self.rows.seal()
        self.docs.seal()


class Engine:
    """The rows of one truth. Thread-safe: changes wait for each other, readers wait for nobody."""

    def __init__(self, truth: Truth, dim: int, labels: int, directory: Path) -> None:
        """Open the cache in `directory` and bring it up to the truth.

        One app at a time writes a cache. Every other, and one that is read-only or finds a folder
        that cannot be written, reads what is there and keeps the rest in memory.
        """
        self._truth = truth
        self._dim = dim
        self._labels = labels
        self._changing = threading.RLock()  # taken before the truth's lock, never after
        self._cache = Cache(directory, read_only=truth.read_only)
        try:
            self._caches = self._open()
            self._view = self._caches.view()
            for dropped in (self._caches.rows.dropped_because, self._caches.docs.dropped_because):
                if dropped:
                    self._warn(f"rebuilt: {dropped}")
            self.catch_up()
        except BaseException:
            self._cache.release()
            raise

    def _open(self) -> Caches:
        fields: list[_core.Field] = [(EMBEDDING, self._dim, "f32", "cosine")]
        if self._labels:
            fields.append((PREDICTION, self._labels, "f16", "dot"))
        uuid = self._truth.uuid
        if self._cache.directory is not None:
            try:
                where, read_only = str(self._cache.directory), not self._cache.is_ours
                return Caches(
                    Index.open(where, uuid, fields, read_only),
                    Columns.open(where, uuid, read_only),
                )
            except OSError as error:
                self._warn(f"kept in memory: {error}")
        return Caches(Index.open("", uuid, fields), Columns.open("", uuid))

    def accepts(
        self, vectors: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Which of the rows f32[n, dim] and f32[n, labels] can be searched.

        Vectors have to be finite and not zero (they have a direction), probabilities finite.
        """
        accepted = self._caches.rows.accepts(EMBEDDING, vectors)
        if self._labels:
            accepted = accepted & self._caches.rows.accepts(PREDICTION, probabilities)
        return accepted

    @contextmanager
    def caught_up(self) -> Iterator[None]:
        """Let nobody change the truth while the block looks at all there is, and then writes.

        What it writes it begins with `truth.advance()`; from there on it asks nothing of the
        engine, which must never see a commit that may be taken back.
        """
        with self._changing, self._truth.alone():
            self.catch_up()
            yield

    def catch_up(self) -> None:
        """Replay what the truth has and the cache has not.

        Raises `DataLossError` if the cache has seen a later commit than the truth: then the truth
        lost acknowledged changes.
        """
        with self._changing:
            try:
                self._catch_up()
            except CacheDamaged as damage:
                self.rebuild(str(damage))

    def _catch_up(self) -> None:
        with self._truth.snapshot():
            generation, upto = self._truth.generation, self._truth.embeddings.last()
            seen = {cache.generation for cache in self._caches}
            known = all(map(self._truth.knows, seen))
        if seen == {generation} and self._caches.rows.last_id == upto:
            return
        newest = max(seen, key=commits)
        if not known and commits(newest) > commits(generation):
            raise DataLossError(
                f"{self._truth.path} is at commit {commits(generation)}, but its cache has seen "
                f"commit {commits(newest)}: acknowledged changes are missing from the file (its "
                "-wal file was removed, or an older copy was restored). Restore a newer copy; or, "
                f"to go on with what is left, delete {self._cache.given}."
            )
        if not known:
            self.rebuild("it followed another copy of the file, which went its own way")
            return
        self._replay(self._caches, generation, upto)

    def _replay(self, caches: Caches, generation: int, upto: int) -> None:
        """Bring `caches` to what the truth was when `generation` was its last commit, or later.

        Embeddings are read a page at a time, so that nobody waits for long: they never change,
        those that came later have ids above `upto`, and those that were erased are gone either
        way. An annotation that changes meanwhile is read as it is then, and again by the next
        replay.
        """
        rows, docs = caches
        last = rows.last_id
        while last < upto:
            ids, *vectors = self._truth.embeddings.after(
                last, upto, self._dim, self._labels, _REPLAY_ROWS
            )
            if not len(ids):
                break
            rows.append(ids, vectors[: 2 if self._labels else 1])
            last = int(ids[-1])
        if len(erased := self._truth.embeddings.erased_since(rows.generation)):
            rows.erase(erased)
        rows.commit(generation)
        for documents in self._truth.facts.changed_since(docs.generation, _REPLAY_ROWS):
            docs.put(*documents)
        if gone := self._truth.facts.erased_since(docs.generation):
            docs.erase(gone)
        docs.commit(generation)
        self._view = caches.view()

    def view(self) -> View:
        """An immutable view of all that was committed. Lock-free, from any thread."""
        return self._view

    def answer(self, ask: Callable[[View], T]) -> T:
        """What `ask` makes of the newest view; a cache that turns out damaged is rebuilt first."""
        try:
            return ask(self._view)
        except CacheDamaged as damage:
            self.rebuild(str(damage))
            return ask(self._view)

    def rebuild(self, because: str) -> None:
        """Derive the cache again from the truth; until it is whole, the old one is searched."""
        self._warn(f"rebuilt: {because}")
        with self._changing:
            with self._truth.snapshot():
                generation, upto = self._truth.generation, self._truth.embeddings.last()
            self._cache.clear()
            fresh = self._open()
            self._replay(fresh, generation, upto)
            self._caches = fresh

    def close(self) -> None:
        """Write the cache, so that the next opening has nothing to replay, and let go of it.

        A cache that cannot be written is no error: it is derived again.
        """
        with self._changing:
            try:
                if self._cache.is_ours:
                    self._caches.seal()
            except OSError as error:
                self._warn(f"not written: {error}")
            except (CacheDamaged, ValueError) as damage:
                self._warn(f"removed: {damage}")
                self._cache.clear()
            finally:
                self._cache.release()

    def _warn(self, what: str) -> None:
        import logging  # here and not above, to keep `import nearsight` light

        logging.getLogger("nearsight").warning("cache of %s %s", self._truth.path, what)


class Cache:
    """The folder of one engine's derived files: whose it is, and taking the files away.

    `directory` is None where there is nothing to read and nothing may be written.
    """

    def __init__(self, directory: Path, *, read_only: bool) -> None:
        """Claim the folder, unless `read_only` or another app has it (a lock that dies with it)."""
        self.given = directory
        self.directory: Path | None = directory
        self._lock: int | None = None if read_only else self._claimed()
        if self._lock is None and not directory.is_dir():
            self.directory = None

    @property
    def is_ours(self) -> bool:
        """May this engine write?"""
        return self._lock is not None

    def _claimed(self) -> int | None:
        import fcntl

        try:
            self.given.mkdir(exist_ok=True)
            lock = os.open(self.given / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        _claims.add(self)
        return lock

    def leave_to_the_parent(self) -> None:
        """In a forked child: let go of its copy of the lock, which would outlive the parent."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def clear(self) -> None:
        """Remove the derived files if they are ours to remove; else do without the folder."""
        left = 0 if self.is_ours else 1
        for file in [file for derived in _DERIVED for file in self.given.glob(derived)]:
            try:
                if self.is_ours:
                    file.unlink(missing_ok=True)
            except OSError:
                left += 1
        if left:
            self.directory = None  # the damaged files would be read again

    def release(self) -> None:
        """Give the folder to whoever wants it next."""
        lock, self._lock = self._lock, None
        if lock is not None:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough where a forked child has it
            os.close(lock)


_claims: WeakSet[Cache] = WeakSet()


def _leave_claims_to_the_parent() -> None:
    for cache in list(_claims):
        cache.leave_to_the_parent()


os.register_at_fork(after_in_child=_leave_claims_to_the_parent)
