"""Filters over many inputs: counting, listing, and the best ten of what they let through.

All is asked of a database on disk through the public API, which shares a search among at most four
processors; numpy and SQLite get one. Filters are asked when searches are warm; a record says what
the first one took. What comes back is held to what plain numpy says of the same inputs; numpy ranks
what it lets through, SQLite counts by indexed JSON, in the same turns.
"""

import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import nearsight
from nearsight import App, diagnosis
from nearsight.bench.measure import ONE_THREAD, Record, in_new_python, middle, take_turns
from nearsight.bench.questions import Question, questions
from nearsight.bench.stock import RATES, Fake, Stock
from nearsight.errors import ArgumentError

_ALLOWED_MS = 50
_K = 10
_WARMING = 60  # searches
_TOLERANCE = 1e-5  # between two ways to sum float32 products
_DIAMETER = 2.0  # of the cosines: a score is (1 + cosine) / 2

_CODE = """
import sys
from nearsight.bench.filters import measure
measure(sys.argv[1], *map(int, sys.argv[2:]))
"""
_OPENING = """
import sys
from nearsight.bench.filters import print_opening
print_opening(sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""

Pixels = NDArray[np.uint8]


def run(
    inputs: int = 100_000,
    dim: int = 512,
    rounds: int = 5,
    seed: int = 1,
    keep: Path | None = None,
) -> list[Record]:
    """Records of the openings, then one for each filter; `agrees` says whether all was right.

    The files, about 9 KB for each input, lie in the folder for temporary files meanwhile, or in
    `keep`, where they stay and are used again: fill it once for the same `inputs`, `dim`, `seed`.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return in_new_python(_CODE, keep, inputs, dim, rounds, seed, environment=ONE_THREAD)
    with tempfile.TemporaryDirectory(prefix="nearsight-bench-") as home:
        return in_new_python(_CODE, home, inputs, dim, rounds, seed, environment=ONE_THREAD)


def measure(home: str, n: int, dim: int, rounds: int, seed: int) -> None:
    """Measure in this process, and print the records. What `home` holds already is not filled."""
    path, stock = Path(home) / "bench.ns", Stock(n, dim, seed)
    base: Record = {"bench": "filters", "inputs": n, "dim": dim, "k": _K, "rounds": rounds}
    if not path.exists():
        diagnosis.invent(path, stock.embedder, stock.batches())
    for who in ("first opening", "opening"):  # the first makes the cache that is not there yet
        (record,) = in_new_python(_OPENING, path, who, dim)
        print(json.dumps({**base, **record}), flush=True)
    with _sqlite(stock) as peer, nearsight.open(path, model=stock.embedder) as app:
        _check(app, n)
        print(json.dumps({**base, **_warmed(app)}), flush=True)
        moments = [app.inputs.list(page=_edge(rate, n), per_page=1)[0].added_at for rate in RATES]
        for question in questions(stock, moments):
            turn = _Turn(app, stock, question, peer)
            print(json.dumps({**base, **turn.record(rounds)}), flush=True)


def _warmed(app: App) -> Record:
    """Search until what a process does but once is done: pages read, their checksums compared."""
    times = []
    for turn in range(_WARMING):
        start = time.perf_counter()
        app.search(image=_picture(turn), k=_K)
        times.append(1000 * (time.perf_counter() - start))
    return {"who": "no filter", "first_search_ms": middle(times[:1]), "warm_ms": middle(times[-9:])}


def print_opening(path: str, who: str, dim: int) -> None:
    """Open a database in this process, ask it once, and print what that takes."""
    embedder, before = Fake(dim), _peak_mb()
    start = time.perf_counter()
    with nearsight.open(path, model=embedder) as app:
        opened = time.perf_counter()
        app.inputs.count("has(region)")
        asked = time.perf_counter()
        peak = _peak_mb() - before
        info = app.info()
    sizes = {"file_mb": info.size_bytes / 1e6, "cache_mb": info.cache_bytes / 1e6, "peak_mb": peak}
    times = {"seconds": opened - start, "first_count_ms": 1000 * (asked - opened)}
    rounded = {name: middle([value]) for name, value in (times | sizes).items()}
    print(json.dumps({"who": who, **rounded, "closing_s": middle([time.perf_counter() - asked])}))


def _check(app: App, n: int) -> None:
    if (kept := app.inputs.count()) != n:
        raise ArgumentError(
            f"{app.path} holds {kept} inputs, not {n}: give --inputs {kept}, or another folder"
        )


def _edge(rate: float, n: int) -> int:
    """The page of the first input that is too late, by pages of one."""
    return min(n, round(rate * n) + 1)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else 1024 * peak / 1e6


def _sqlite(stock: Stock) -> sqlite3.Connection:
    """What is known of the inputs, in memory, with an index for everything that is asked."""
    db = sqlite3.connect(":memory:")
    db.executescript(
        "create table facts (number integer primary key, metadata text);"
        "create table said (concept text, value integer, number integer)"
    )
    items = ((i, stock.item(i)) for i in range(stock.n))
    for number, item in items:
        db.execute("insert into facts values (?, ?)", (number, json.dumps(item.metadata)))
        for value, concepts in ((1, item.concepts), (0, item.not_concepts)):
            db.executemany(
                "insert into said values (?, ?, ?)", [(c, value, number) for c in concepts]
            )
    for name in ("level", "camera.maker", "order"):
        db.execute(f"create index [{name}] on facts (json_extract(metadata, '$.{name}'))")
    db.execute("create index concepts on said (concept, value)")
    return db


class _Turn(NamedTuple):
    """One question on its way through everybody."""

    app: App
    stock: Stock
    asked: Question
    peer: sqlite3.Connection

    def record(self, rounds: int) -> Record:
        """How long everybody takes, and whether nearsight is right."""
        seconds = take_turns(self._players(), rounds + 1)  # the first one warms up
        ms = {name: middle([1000 * t for t in times[1:]]) for name, times in seconds.items()}
        met = max(ms[name] for name in ("count_ms", "list_ms", "first_ms", "best_ms"))
        return {
            "who": f"{self.asked.kind} {100 * self.asked.rate:g} %",
            "matches": int(self.asked.mask.sum()),
            **ms,
            "agrees": all(self._agreements()),
            "target": f"<= {_ALLOWED_MS} ms",
            "met": met <= _ALLOWED_MS,
        }

    def _players(self) -> dict[str, Callable[[int], object]]:
        app, where = self.app, self.asked.where
        players: dict[str, Callable[[int], object]] = {
            "count_ms": lambda _: app.inputs.count(where),
            "list_ms": lambda _: app.inputs.list(where=where, per_page=_K),
            "first_ms": lambda _: app.search(where=where, k=_K),
            "best_ms": lambda turn: app.search(image=_picture(turn), where=where, k=_K),
            "numpy_best_ms": lambda turn: self._best(turn),
        }
        if (sql := self.asked.sql) is not None:
            players["sqlite_count_ms"] = lambda _: self.peer.execute(sql).fetchone()
        return players

    def _best(self, turn: int) -> tuple[list[str], NDArray[np.float32]]:
        vector = self.stock.embedder.embed(_picture(turn)[:1, :1][None]).vectors[0]
        return self.stock.best(vector / np.linalg.norm(vector), self.asked.mask, _K)

    def _agreements(self) -> Iterator[bool]:
        where, right = self.asked.where, np.flatnonzero(self.asked.mask)
        first = [f"{i:07}" for i in right[:_K]]
        yield self.app.inputs.count(where) == len(right)
        yield [each.id for each in self.app.inputs.list(where=where, per_page=_K)] == first
        yield [hit.id for hit in self.app.search(where=where, k=_K)] == first
        hits = self.app.search(image=_picture(0), where=where, k=_K)
        ids, cosines = self._best(0)
        scores = np.array([_DIAMETER * hit.score - 1 for hit in hits])
        yield len(hits) == len(ids)
        yield bool(np.all(np.abs(scores - cosines) <= _TOLERANCE)) if len(ids) else True
        clear = int(np.sum(cosines > cosines[-1] + _TOLERANCE)) if len(ids) else 0
        yield {*ids[:clear]} <= {hit.id for hit in hits}
        if self.asked.sql is not None:
            yield self.peer.execute(self.asked.sql).fetchone() == (len(right),)


def _picture(turn: int) -> Pixels:
    """A picture of one colour."""
    return np.full((2, 2, 3), 1 + turn % 255, np.uint8)
