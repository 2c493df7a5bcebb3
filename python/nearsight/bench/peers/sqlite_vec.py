"""sqlite-vec: every vector compared, in SQLite."""

from importlib import import_module
from pathlib import Path
from typing import Any

from nearsight.bench.peers.peer import Flags, Ids, Peer, Vectors, column, padded


class SqliteVec(Peer):
    """A virtual table, in which each mask is a metadata column."""

    package = "sqlite-vec"
    exact = True

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Insert all in one transaction."""
        columns = [column(name) for name in masks]
        facts = "".join(f", {name} integer" for name in columns)
        db = _connected(path)
        with db:
            db.execute(
                f"create virtual table v using vec0(e float[{rows.shape[1]}]"
                f" distance_metric=cosine{facts})"
            )
            said = zip(*(mask.tolist() for mask in masks.values()), strict=True)
            marks = ", ".join("?" * (2 + len(columns)))
            into = "".join(f", {name}" for name in columns)
            rows_of = (row.tobytes() for row in rows)
            db.executemany(
                f"insert into v(rowid, e{into}) values ({marks})",
                (
                    (i, *both[:1], *both[1])
                    for i, both in enumerate(zip(rows_of, said, strict=True))
                ),
            )
        db.close()

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Open the file."""
        self._db = _connected(path)

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One after the other; it has no batches."""
        also = f" and {within} = 1" if within else ""
        sql = f"select rowid from v where e match ? and k = ?{also} order by distance"
        return padded(
            [[i for (i,) in self._db.execute(sql, (query.tobytes(), k))] for query in queries], k
        )

    def restriction(self, name: str, mask: Flags) -> Any:
        """Ask for the column that the build made."""
        return column(name)

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Insert and commit; no mask lets these through."""
        names = [row[1] for row in self._db.execute("pragma table_info(v)")]
        facts = [name for name in names if name.startswith("in_")]
        into = "".join(f", {name}" for name in facts)
        zeros = ", 0" * len(facts)
        with self._db:
            self._db.executemany(
                f"insert into v(rowid, e{into}) values (?, ?{zeros})",
                [(int(i), row.tobytes()) for i, row in zip(ids, rows, strict=True)],
            )

    def remove(self, ids: Ids) -> None:
        """Delete and commit."""
        with self._db:
            self._db.executemany("delete from v where rowid = ?", [(int(i),) for i in ids])


def _connected(path: Path) -> Any:
    """By apsw: the sqlite3 of many a Python loads no extensions."""
    db: Any = import_module("apsw").Connection(str(path))
    db.enable_load_extension(True)
    db.load_extension(import_module("sqlite_vec").loadable_path())
    return db
