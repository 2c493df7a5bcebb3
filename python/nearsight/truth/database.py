"""The open file: one connection behind one lock, transactions, generations.

A caller holds the lock for one statement or one transaction, never while a picture is decoded or
embedded. Generations count commits; caches carry the one they were built from.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from nearsight.errors import ClosedError, ReadOnlyError
from nearsight.truth import schema
from nearsight.truth.connection import connect, translated

LOOKUP_SLICE = 500  # how many values one "in (…)" asks for


class Database:
    """The file of one truth. Thread-safe; everything raises `ClosedError` after `close`."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open the file, or create it unless `read_only`; see `connection` for what it raises."""
        self.path = path
        self.read_only = read_only
        self._lock = threading.RLock()
        db = connect(path, read_only=read_only)
        with translated(path):
            schema.ensure(db, path, read_only=read_only)
            self.uuid = bytes(db.execute("select value from meta where key = 'uuid'").get)
        self._db: apsw.Connection | None = db

    @property
    def closed(self) -> bool:
        """Was it closed?"""
        return self._db is None

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            db, self._db = self._db, None
            if db is not None:
                db.close()

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """The connection, for the statements of the block."""
        with self._lock, translated(self.path):
            if self._db is None:
                raise ClosedError(f"{self.path} was closed: open it again with nearsight.open().")
            yield self._db

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
                db.execute("commit")

    @contextmanager
    def writing(self) -> Iterator[int]:
        """All that is written inside becomes visible and durable together, or not at all.

        Yields the generation that the commit will have. Raises `ReadOnlyError`.
        """
        if self.read_only:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True; open it without.")
        with self.reading() as db:
            db.execute("begin immediate")
            try:
                generation = self.generation + 1
                db.execute("update meta set value = ? where key = 'generation'", (generation,))
                yield generation
                db.execute("commit")
            except BaseException:
                if (
                    db.in_transaction
                ):  # SQLite may have rolled back by itself (disk full, I/O error)
                    db.execute("rollback")
                raise

    @property
    def generation(self) -> int:
        """How many transactions were committed."""
        with self.reading() as db:
            return int(db.execute("select value from meta where key = 'generation'").get)


def select(db: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    return db.execute(sql, tuple(values)).fetchall()


def as_ids(rows: Iterable[tuple[Any, ...]]) -> NDArray[np.uint64]:
    """The first column as u64[n]."""
    return np.fromiter((row[0] for row in rows), np.uint64)
