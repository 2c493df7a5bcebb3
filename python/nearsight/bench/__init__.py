"""Benchmarks: nearsight beside the alternative, interleaved in one run.

Each benchmark yields records (dicts): what was measured, of whom, under which conditions. Medians
are over rounds in which everybody takes a turn, so that a busy machine slows all of them alike.

`vectors` is the big one: `drawing` and `photos` make what is searched, `collection` keeps it and
knows what is right, `peers` are the engines, `builds`, `openings`, `races` and `changes` measure
them, `bars` compares with what was aimed at, and `plots` draws. `ann_benchmarks` is no benchmark
but our part in somebody else's.
"""

from collections.abc import Callable, Iterable

from nearsight.bench import filters, imports, ingest, search, vectors
from nearsight.bench.measure import Record

__all__ = ["BENCHMARKS", "Record"]

BENCHMARKS: dict[str, Callable[..., Iterable[Record]]] = {
    "ingest": ingest.run,
    "search": search.run,
    "vectors": vectors.run,
    "filters": filters.run,
    "import": imports.run,
}
