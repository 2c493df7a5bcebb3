"""When a cache follows the truth, and when it has to be built again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nearsight.engine.caches import EMBEDDING, PREDICTION, CacheDamaged, Caches, View
from nearsight.engine.folder import Cache
from nearsight.errors import DatabaseError, DataLossError
from nearsight.truth import Truth, commits, compact

T = TypeVar("T")

_LOOK_AGAIN = 0.02  # seconds between two looks whether a cache is being built anew
_REPLAY_ROWS = 1024
# Commits: who finds the cache so far behind writes it at once, not only when closing it, so that
# the next one has less to replay, should this one be killed.
_SEAL_BEHIND = 64
_REPLAY_PAGES = 64  # so many are published at once: some 65,000 rows in memory, then on disk


class Engine:
    """The rows of one truth. Thread-safe: changes wait for each other.

    Whoever reads sees all that was committed before, by this process or by another: the truth is
    asked for its generation, and what the caches lack is replayed first. Only while a cache is
    built anew nobody waits for that: the old one answers.
    """

    def __init__(self, truth: Truth, dim: int, labels: int, directory: Path) -> None:
        """Open the cache in `directory` and bring it up to the truth.

        One app at a time writes a cache. Every other, and one that is read-only or finds a folder
        that cannot be written, reads what is there and keeps the rest in memory.
        """
        self._truth = truth
        self._dim = dim
        self._labels = labels
        self._changing = threading.RLock()  # taken before the truth's lock, never after
        self._deriving = False
        self._cache = Cache(directory, read_only=truth.read_only)
        try:
            self._caches = self._open()
            self._view = self._caches.view()
            for dropped in (self._caches.rows.dropped_because, self._caches.docs.dropped_because):
                if dropped:
                    self._warn(f"rebuilt: {dropped}")
            behind = commits(self._view.generation)
            self.catch_up()
            if self._cache.is_ours and commits(self._view.generation) - behind >= _SEAL_BEHIND:
                self._keep()
        except BaseException:
            self._cache.release()
            raise

    def _open(self) -> Caches:
        size = self._dim, self._labels
        if self._cache.directory is not None:
            try:
                read_only = not self._cache.is_ours
                directory = self._cache.directory
                return Caches.open(directory, self._truth.uuid, size, read_only=read_only)
            except OSError as error:
                self._warn(f"kept in memory: {error}")
        return Caches.open(None, self._truth.uuid, size, read_only=False)

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
        self.catch_up()  # most of it while others may still write
        with self._changing, self._truth.alone():
            self.catch_up()
            yield

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let the view be what the truth is, for the block: nothing is erased meanwhile."""
        self.catch_up()  # most of it while others need not wait
        with self._changing, self._truth.snapshot():
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
            self._view = self._caches.view()
            return
        newest = max(seen, key=commits)
        if not known and commits(newest) > commits(generation):
            if self._truth.durability == "fast":  # what was promised: the end may be missing
                self.rebuild("it had seen commits that a power cut took from the file")
                return
            raise DataLossError(
                f"{self._truth.path} is at commit {commits(generation)}, but its cache has seen "
                f"commit {commits(newest)}: acknowledged changes are missing from the file (its "
                "-wal file was removed, or an older copy was restored). Restore a newer copy; or, "
                f"to go on with what is left, delete {self._cache.given}."
            )
        if not known:
            self.rebuild("it followed another copy of the file, which went its own way")
            return
        with self._truth.blamed():
            self._replay(self._caches, generation, upto)

    def _replay(self, caches: Caches, generation: int, upto: int) -> None:
        """Bring `caches` to one commit of the truth, `generation` or a later one, and show them.

        Most of it is read while others may write. Where somebody did, rows and documents may be of
        different moments, and documents of several: what was missed is read in one transaction.
        """
        self._read(caches, generation, upto)
        with self._truth.snapshot():
            if (now := self._truth.generation) != generation:
                self._read(caches, now, self._truth.embeddings.last())
            self._view = caches.view()

    def _read(self, caches: Caches, generation: int, upto: int) -> None:
        """Take over what the truth was when `generation` was its last commit, or later.

        Embeddings are read a page at a time, so that nobody waits for long: they never change,
        those that came later have ids above `upto`, and those that were erased are gone either
        way. Those that were erased since the last replay are forgotten first: should this one be
        cut short, the rows that it published say where to go on. An annotation that changes
        meanwhile is read as it is then, and again by the next replay.
        """
        rows, docs = caches
        if len(erased := self._truth.embeddings.erased_since(rows.generation)):
            rows.erase(erased)
        last, pages = rows.last_id, 0
        while last < upto:
            ids, *vectors = self._truth.embeddings.after(
                last, upto, self._dim, self._labels, _REPLAY_ROWS
            )
            if not len(ids):
                break
            rows.append(ids, vectors[: 2 if self._labels else 1])
            last = int(ids[-1])
            if (pages := pages + 1) % _REPLAY_PAGES == 0:
                rows.commit(generation)
        rows.commit(generation)
        for documents in self._truth.facts.changed_since(docs.generation, _REPLAY_ROWS):
            docs.put(*documents)
        if gone := self._truth.facts.erased_since(docs.generation):
            docs.erase(gone)
        docs.commit(generation)

    def view(self) -> View:
        """An immutable view of all that is committed by now. Raises what `catch_up` does."""
        if self._truth.generation != self._view.generation:
            self._follow()
        return self._view

    def _follow(self) -> None:
        """Catch up, unless a cache is being built anew."""
        while not self._deriving:
            if self._changing.acquire(timeout=_LOOK_AGAIN):
                try:
                    self.catch_up()
                finally:
                    self._changing.release()
                return

    def answer(self, ask: Callable[[View], T]) -> T:
        """What `ask` makes of the view; a cache that turns out damaged is rebuilt first."""
        try:
            return ask(self.view())
        except CacheDamaged as damage:
            self.rebuild(str(damage))
            return ask(self._view)

    def rebuild(self, because: str) -> None:
        """Derive the cache again from the truth; until it is whole, the old one is searched."""
        self._warn(f"rebuilt: {because}")
        self._derive()

    def compact(self) -> None:
        """Rewrite the truth and the cache without what was erased; see `truth.compact`.

        Raises `DatabaseError` where the cache is another app's: what was erased would stay in it.
        """
        with self._changing:
            self._truth.require_writable()
            if not self._cache.is_ours:
                raise DatabaseError(
                    f"{self._cache.given} is written by another app, or cannot be written, so what "
                    "was erased would stay in it: close the other one, then compact again."
                )
            compact(self._truth)
            self._derive()
            if self._cache.directory is None:
                raise DatabaseError(
                    f"{self._cache.given}: files of the cache cannot be removed, and what was "
                    "erased may be in them. Delete the folder."
                )
            self._seal()

    def _derive(self) -> None:
        with self._changing:
            self._deriving = True
            try:
                with self._truth.snapshot():
                    generation, upto = self._truth.generation, self._truth.embeddings.last()
                self._cache.clear()
                fresh = self._open()
                with self._truth.blamed():
                    self._replay(fresh, generation, upto)
                self._caches = fresh
            finally:
                self._deriving = False

    def close(self) -> None:
        """Write the cache, so that the next opening has nothing to replay, and let go of it.

        A cache that cannot be written is no error: it is derived again.
        """
        with self._changing:
            try:
                if self._cache.is_ours:
                    self._seal()
            except (CacheDamaged, ValueError) as damage:
                self._warn(f"removed: {damage}")
                self._cache.clear()
            finally:
                self._cache.release()

    def _keep(self) -> None:
        """Write the cache; one that turns out damaged is derived again."""
        try:
            self._seal()
        except CacheDamaged as damage:
            self.rebuild(str(damage))

    def _seal(self) -> None:
        """Write the cache as far as the disk lets us: what is missing is derived again."""
        try:
            self._caches.seal()
        except OSError as error:
            self._warn(f"not written: {error}")

    def _warn(self, what: str) -> None:
        import logging  # here and not above, to keep `import nearsight` light

        logging.getLogger("nearsight").warning("cache of %s %s", self._truth.path, what)
