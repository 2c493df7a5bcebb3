"""The open file: one connection behind one lock, transactions, generations.

A caller holds the lock for one statement or one transaction, never while a picture is decoded or
embedded. A generation names one commit: the count of commits, followed by random bits that tell it
from the commit of the same number in a copy of the file. Caches carry the one they were built from.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from nearsight import held
from nearsight.errors import (
    ClosedError,
    CorruptionError,
    DatabaseError,
    NearsightError,
    ReadOnlyError,
)
from nearsight.truth import schema
from nearsight.truth.connection import Durability, connect, discard, hurry, transaction
from nearsight.truth.failures import damaged, translated
from nearsight.truth.records import RANDOM_BITS, commits

LOOKUP_SLICE = 500  # how many values one "in (…)" asks for
_REMEMBERED = 4096  # generations; a cache that is further behind is built again


class Database:
    """The file of one truth. Thread-safe; everything raises `ClosedError` after `close`.

    It belongs to the process that opened it. SQLite cannot follow a fork
    (https://sqlite.org/howtocorrupt.html, section 2.6), so in a forked child everything raises
    `DatabaseError`, except `close`, which leaves what belongs to the parent alone.
    """

    def __init__(self, path: Path, *, read_only: bool, durability: Durability = "full") -> None:
        """Open the file, or create it unless `read_only`; see `connection` for what it raises."""
        self.path = path
        self.read_only = read_only
        self.durability = durability
        self._lock = threading.RLock()
        self._process = os.getpid()
        if held.is_inherited(path):
            # SQLite would believe that this process has the locks, which only the parent has.
            raise DatabaseError(
                f"{path} was open when this process was forked, and cannot be opened again in it. "
                "Open it after the fork only, or start the process with the method 'spawn'."
            )
        self._held = held.hold(path)
        try:
            self._db: apsw.Connection | None = self._connected()
        except BaseException:
            held.release(self._held)
            raise

    def _connected(self) -> apsw.Connection:
        db = connect(self.path, read_only=self.read_only)
        try:
            with translated(self.path):
                schema.ensure(db, self.path, read_only=self.read_only)
                self.uuid = bytes(self._fact(db, "uuid"))
                if self.durability == "fast" and not self.read_only:
                    hurry(db, self.path)
        except BaseException:
            discard(db)
            raise
        return db

    @property
    def closed(self) -> bool:
        """Was it closed, or is this a process forked from the one that it belongs to?"""
        return self._is_elsewhere or self._db is None

    @property
    def _is_elsewhere(self) -> bool:
        return os.getpid() != self._process

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._is_elsewhere:
            return
        with self._lock:
            db, self._db = self._db, None
            if db is not None:
                db.close()
                held.release(self._held)

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """The connection, for the statements of the block."""
        if self._is_elsewhere:  # before the lock: a thread that holds it may not exist here
            raise DatabaseError(
                f"{self.path} was opened before this process was forked: it is its parent's. "
                "Open it after the fork only, or start the process with the method 'spawn'."
            )
        with self._lock, translated(self.path):
            if self._db is None:
                raise ClosedError(f"{self.path} was closed: open it again with nearsight.open().")
            with _suspecting(self._db, self.path):
                yield self._db

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """What is refused inside is refused because of what the file holds: `CorruptionError`."""
        try:
            yield
        except ValueError as error:
            raise damaged(self.path, f"it holds what nearsight never writes, {error}") from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see one and the same commit."""
        with self.reading() as db:
            if db.in_transaction:  # inside `writing`: it sees its own state already
                yield
                return
            db.execute("begin")
            try:
                yield
            finally:
                if db.in_transaction:  # SQLite ends it by itself where a page is damaged
                    db.execute("commit")

    @contextmanager
    def writing(self) -> Iterator[int]:
        """All that is written inside becomes visible and durable together, or not at all.

        Yields the generation that the commit will have. Raises `ReadOnlyError`.
        """
        with self.alone():
            yield self.advance()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all other writers out, to look before writing: `advance` comes before the first
        change, and caches catch up before that. Raises `ReadOnlyError`.
        """
        self.require_writable()
        with self.reading() as db, transaction(db):
            yield

    def require_writable(self) -> None:
        """Raise `ReadOnlyError` if nothing may be written."""
        if self.read_only:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True; open it without.")

    def advance(self) -> int:
        """Begin the commit that `alone` will make; its generation, which triggers write down."""
        count = commits(self.generation) + 1
        random = int.from_bytes(os.urandom(RANDOM_BITS // 8), "big")
        generation = count << RANDOM_BITS | random
        oldest = max(0, count + 1 - _REMEMBERED) << RANDOM_BITS
        with self.reading() as db:
            db.execute("update meta set value = ? where key = 'generation'", (generation,))
            db.execute("insert into history values (?)", (generation,))
            db.execute("delete from history where generation < ?", (oldest,))
        return generation

    @property
    def generation(self) -> int:
        """The last commit: 0 in a new file, then rising; below 2**63. See `commits`."""
        with self.reading() as db:
            return int(self._fact(db, "generation"))

    def knows(self, generation: int) -> bool:
        """Was this one of the file's newest 4096 generations, or 0, its first?"""
        with self.reading() as db:
            return (
                generation == 0
                or db.execute("select 1 from history where generation = ?", (generation,)).get
                is not None
            )

    def _fact(self, db: apsw.Connection, key: str) -> Any:
        fact = db.execute("select value from meta where key = ?", (key,)).get
        if fact is None:
            raise CorruptionError(f"{self.path} is damaged: it has no {key}. Restore a copy of it.")
        return fact


@contextmanager
def _suspecting(db: apsw.Connection, path: Path) -> Iterator[None]:
    """Let what fails inside be the file's fault, if SQLite finds that its rows break our rules.

    Rows with good checksums that nearsight never wrote surprise our code in ways that nobody can
    name beforehand: NULL where nothing may be missing, a text where a number belongs.
    """
    try:
        yield
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        if not isinstance(error, NearsightError) and not db.in_transaction:
            (found,) = next(db.execute("pragma quick_check(1)"))
            if found != "ok":
                raise damaged(path, found) from error
        raise


def select(db: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    return db.execute(sql, tuple(values)).fetchall()


def pairs(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Rows of two texts as a dictionary. Anything else is the file's fault: see `_suspecting`."""
    found = list(rows)
    for row in found:
        if not all(isinstance(value, str) for value in row):
            raise TypeError(f"{row} is no pair of texts")
    return dict(found)


def as_ids(rows: Iterable[tuple[Any, ...]]) -> NDArray[np.uint64]:
    """The first column as u64[n]."""
    return np.fromiter((row[0] for row in rows), np.uint64)
