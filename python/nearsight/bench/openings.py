"""Opening: the time until the first answer, and what an index that is searched holds in memory.

Each in a process of its own. Memory is what that process grew by beyond Python and numpy, after 200
searches: the engine's libraries are part of it. Cold means that the system had to read the files
anew, libraries excepted.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nearsight.bench.builds import built, disk_mb, is_built
from nearsight.bench.collection import Collection
from nearsight.bench.measure import (
    Record,
    files_of,
    forget,
    memory_mb,
    middle,
    tried,
)
from nearsight.bench.peers import PEERS

_WARM = 3  # times
_CODE = """
import sys
from nearsight.bench.openings import measure
measure(*sys.argv[1:])
"""


def run(home: Path, names: list[str], k: int) -> Iterator[Record]:
    """A record of each that was built."""
    rows_mb = (home / "rows").stat().st_size / 1e6
    for who in (who for who in names if is_built(home, who)):
        forget([*files_of(built(home, who)), home / "rows"])
        seen = [record for _ in range(1 + _WARM) for record in tried(_CODE, home, who, k)]
        if failed := [record for record in seen if "note" in record]:
            yield {"part": "open", "who": who, **failed[0]}
            continue
        disk = disk_mb(home, who)
        yield {
            "part": "open",
            "who": who,
            "cold_ms": middle([sum(_times(seen[0]))]),
            "warm_ms": middle([sum(_times(one)) for one in seen[1:]]),
            "first_warm_ms": middle([_times(one)[1] for one in seen[1:]]),
            **{
                name: middle([float(str(one[name])) for one in seen[1:]])
                for name in seen[0]
                if name.endswith("_mb")
            },
            "disk_mb": disk,
            "disk_of_rows": middle([disk / rows_mb]),
        }


def _times(record: Record) -> tuple[float, float]:
    return float(str(record["open_ms"])), float(str(record["first_ms"]))


def measure(home: str, who: str, k: str) -> None:
    """Open in this process, ask, and print what that took."""
    collection, peer = Collection(Path(home)), PEERS[who]
    queries = collection.queries["like"]
    value = peer.values[len(peer.values) // 2]
    before, start = memory_mb(), time.perf_counter()
    opened = peer(built(Path(home), who), collection.rows)
    between = time.perf_counter()
    opened.search(queries[:1], int(k), value)
    end = time.perf_counter()
    for query in queries:
        opened.search(query[np.newaxis], int(k), value)
    grown = {name: value - before[name] for name, value in memory_mb().items()}
    times = {"open_ms": 1000 * (between - start), "first_ms": 1000 * (end - between)}
    print(json.dumps(times | grown))
