"""Search of vectors: `nearsight.Index` beside the engines that people would use instead.

    nearsight bench vectors --n 1000000 --against hnswlib,faiss,usearch --keep FOLDER --table

Everybody searches the same rows, drawn from a seed or embedded from photos, in one thread. Builds,
openings and changes run in a process of each one's own, where memory can be told; searches of all
take turns in one. What counts at a recall is the fastest setting that reaches it. With `keep`,
rows, queries, what is right and every index that was built stay in a folder and are used again.

What is right is numpy's. Records say of which part they are: `build`, `open`, `search`, `batch`,
`filters`, `changes`, `stream` (the machine, reading all rows once), and `bars`: what was aimed at,
and whether it was met.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from nearsight import ArgumentError
from nearsight.bench import bars, builds, changes, openings, races
from nearsight.bench.collection import Collection
from nearsight.bench.measure import Record
from nearsight.bench.peers import OURS, PEERS, chosen, installed
from nearsight.bench.plots import saved

PARTS = ("build", "open", "search", "batch", "filters", "changes")
AGAINST = "numpy,hnswlib,usearch,faiss"


def run(
    n: int = 100_000,
    dim: int = 512,
    k: int = 10,
    rounds: int = 5,
    seed: int = 1,
    against: str = AGAINST,
    keep: Path | None = None,
    data: str = "drawn",
    folder: Path | None = None,
    parts: str = ",".join(PARTS),
    rebuild: str = "",
    plots: Path | None = None,
) -> Iterator[Record]:
    """Yield records as the parts are done, then what follows from them; `plots` is a folder.

    `against` and `rebuild` name peers (see `nearsight.bench.peers.chosen`); nearsight always takes
    part. `data` is "drawn" or "photos", of the pictures in `folder`; photos know their own n and
    dim. `ArgumentError` for names that nobody has.
    """
    asked = [part for part in parts.split(",") if part]
    if unknown := set(asked) - set(PARTS):
        raise ArgumentError(f"no part is called {min(unknown)!r}: there are {', '.join(PARTS)}")
    names = list(dict.fromkeys([*OURS, *chosen(against)]))
    with ExitStack() as stack:
        home = keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="nearsight-bench-"))
        )
        facts: Record = {"data": data, "n": n, "dim": dim, "seed": seed}
        collection = Collection.made(home, facts, folder)
        collection.worst(k, "like")
        base: Record = {"bench": "vectors", **collection.facts, "k": k, "rounds": rounds}
        records: list[Record] = []
        for record in _measured(home, names, k, rounds, asked, chosen(rebuild)):
            records.append({**base, **record})
            yield records[-1]
        for record in bars.held(records):
            yield {**base, **record}
        if plots is not None:
            saved(records, plots)


def _measured(
    home: Path, names: list[str], k: int, rounds: int, parts: list[str], rebuilt: list[str]
) -> Iterator[Record]:
    there = [who for who in names if installed(who)]
    for who in names:
        if who not in there:
            note = f"not installed: pip install {PEERS[who].package}"
            yield {"part": "build", "who": who, "note": note}
    made = list(builds.run(home, there, rebuilt))
    if "build" in parts:
        yield from made
    else:
        yield from (record for record in made if "note" in record)
    if "open" in parts:
        yield from openings.run(home, there, k)
    yield from races.run(home, there, k, rounds, [each for each in parts if each in _RACES])
    if "changes" in parts:
        yield from changes.run(home, there)


_RACES = ("search", "batch", "filters")
