"""Building: seconds, memory and disk of each engine's index, which is kept for the other parts."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from nearsight.bench.collection import Collection
from nearsight.bench.measure import (
    Record,
    files_of,
    memory_mb,
    middle,
    peak_memory,
    tried,
)
from nearsight.bench.peers import PEERS, installed

_CODE = """
import sys
from nearsight.bench.builds import measure
measure(*sys.argv[1:])
"""


def run(home: Path, names: list[str], rebuilt: list[str]) -> Iterator[Record]:
    """Build what is not there yet, each in a process of its own; a record of each, old or new."""
    for who in names:
        if PEERS[who].built_as:
            continue
        about = built(home, who).parent / "build.json"
        if who in rebuilt or not about.exists():
            shutil.rmtree(about.parent, ignore_errors=True)
            about.parent.mkdir(parents=True)
            if failed := tried(_CODE, home, who):
                yield {"part": "build", "who": who, **failed[0]}
                continue
        yield {"part": "build", **json.loads(about.read_text("utf-8"))}


def built(home: Path, who: str) -> Path:
    """Where the index of `who` lies, or will: a file or a folder."""
    return home / "built" / (PEERS[who].built_as or who) / "index"


def is_built(home: Path, who: str) -> bool:
    """Was it built to the end?"""
    return (built(home, who).parent / "build.json").exists()


def measure(home: str, who: str) -> None:
    """Build in this process, and write what that took beside the index."""
    collection, path, peer = Collection(Path(home)), built(Path(home), who), PEERS[who]
    masks, before = collection.masks, memory_mb()
    start, processor = time.perf_counter(), time.process_time()
    with peak_memory() as peak:
        peer.build(collection.rows, path, masks)
    record: Record = {
        "who": who,
        "version": installed(who),
        "parameters": peer.parameters,
        "seconds": middle([time.perf_counter() - start]),
        "cpu_seconds": middle([time.process_time() - processor]),
        **{f"peak_{name}": middle([peak[name] - before[name]]) for name in peak},
        "disk_mb": disk_mb(Path(home), who),
    }
    (path.parent / "build.json").write_text(json.dumps(record) + "\n", "utf-8")


def disk_mb(home: Path, who: str) -> float:
    """Everything that it needs to open: its own files, and the rows where it asks for them."""
    files = files_of(built(home, who)) + ([home / "rows"] if PEERS[who].asks_rows else [])
    return middle([sum(file.stat().st_size for file in files) / 1e6])
