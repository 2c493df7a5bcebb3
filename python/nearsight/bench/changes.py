"""Changing: rows that are added in blocks and one by one, and removed, in a copy of the index."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from nearsight.bench.builds import built, is_built
from nearsight.bench.collection import Collection
from nearsight.bench.drawing import units
from nearsight.bench.measure import Record, middle, tried
from nearsight.bench.peers import PEERS, Peer, UnableError, Vectors

_BLOCKS, _BLOCK = 8, 500
_ONES = 50
_CODE = """
import sys
from nearsight.bench.changes import measure
measure(*sys.argv[1:])
"""


def run(home: Path, names: list[str]) -> Iterator[Record]:
    """A record of each that was built and whose index can be changed."""
    for who in (who for who in names if is_built(home, who) and not PEERS[who].built_as):
        for record in tried(_CODE, home, who):
            yield {"part": "changes", "who": who, **record}


def measure(home: str, who: str) -> None:
    """Change a copy in this process, and print what that took."""
    collection, original = Collection(Path(home)), built(Path(home), who)
    with tempfile.TemporaryDirectory(prefix="nearsight-bench-", dir=home) as folder:
        copy = Path(folder) / "index"
        if original.is_dir():
            shutil.copytree(original, copy)
        else:
            shutil.copyfile(original, copy)
        print(json.dumps(_changed(PEERS[who](copy, collection.rows), collection)))


def _changed(peer: Peer, collection: Collection) -> Record:
    """Everything is looked for at once: `found` says which share of what was added is there."""
    n, value = len(collection.rows), peer.values[-1]
    new, ids = _new(collection), np.arange(n, n + _BLOCKS * _BLOCK + _ONES)
    blocks = [slice(i * _BLOCK, (i + 1) * _BLOCK) for i in range(_BLOCKS)]
    ones = [slice(i, i + 1) for i in range(_BLOCKS * _BLOCK, len(ids))]
    record: Record = {}
    try:
        added = [_ms(lambda i=i: peer.add(ids[i], new[i])) for i in blocks]  # type: ignore[misc]
        record["rows_per_second"] = middle([1000 * _BLOCK / ms for ms in added])
        query = collection.queries["like"][:1]
        record["search_after_ms"] = middle([_ms(lambda: peer.search(query, 10, value))])
        single = [_ms(lambda i=i: peer.add(ids[i], new[i])) for i in ones]  # type: ignore[misc]
        record["one_ms"] = middle(single)
        some = slice(None, None, len(ids) // 100)
        best = peer.search(new[some], 1, value)[:, 0]
        record["found"] = round(float(np.mean(best == ids[some])), 4)
        removed = [_ms(lambda i=i: peer.remove(ids[i])) for i in ones]  # type: ignore[misc]
        record["remove_ms"] = middle(removed)
        left = peer.search(new[-_ONES:], 1, value)[:, 0]
        record["gone"] = round(float(np.mean(left != ids[-_ONES:])), 4)
    except UnableError as error:
        record["note"] = str(error)
    return record


def _new(collection: Collection) -> Vectors:
    """Rows as there are, each led astray a little."""
    random = np.random.default_rng(2)
    count = _BLOCKS * _BLOCK + _ONES
    rows = collection.rows[np.sort(random.integers(len(collection.rows), size=count))]
    noise = random.standard_normal(rows.shape, np.float32) / np.float32(rows.shape[1] ** 0.5)
    return units(rows + np.float32(0.3) * noise)


def _ms(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - start)
