"""Flip a bit of every byte, and cut at every length, of each file: truth, log, caches, codes.

    python tests/reliability/sweep.py [--share 1.0] [--seed 1] [--only truth,log] [--json]

What `damage.py` asks of a sample in full, this asks of every place, and as little as shows it: of
the truth and of a log all rows of all tables, of the caches a search by a picture and one by a
filter, of an index of vectors two searches and every vector. Files are changed in place and put
back; nothing is copied. A child does it, and may die: that is counted.

"same" and "noticed" are allowed. "older", for a log only: a flip took its last commit, or it ends
early; that is what a power cut leaves, and cannot be told from it (`nearsight.truth.log`).
"""

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from ctypes import c_long
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

import numpy as np
from planted import Planted, plain

import nearsight
from nearsight import NearsightError
from nearsight.truth import Truth

VERDICTS = ("same", "noticed", "older", "SILENT", "RAISED", "SIGNAL")
WRITER = """
import os, sys
import nearsight
from planted import Planted, plain
app = nearsight.open(sys.argv[1], model=Planted())
for n in range(int(sys.argv[2])):
    app.inputs.add(nearsight.Item(plain((6 * n + 1, 9, 40)), id=f"i{n}", metadata={"n": n},
        geo=(48, 2), concepts=["word"], regions=[nearsight.Region((0, 0, 0.5, 0.5))] * (n % 2)))
app.close() if sys.argv[3] == "close" else os._exit(0)
"""
Ask = Callable[[Path], str]


def rows(path: Path) -> str:
    """Every row of every table, as one digest."""
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    truth = Truth(path, read_only=True)
    try:
        said = hashlib.sha256()
        with truth.reading() as db:
            tables = db.execute("select name from sqlite_schema where type = 'table' order by 1")
            for (table,) in tables.fetchall():
                for row in db.execute(f'select * from "{table}"'):
                    said.update(repr(row).encode())
        return said.hexdigest()
    finally:
        truth.close()


def found(path: Path) -> str:
    """What searches of a database find that is read with the cache that lies beside it."""
    with nearsight.open(path, model=MODEL, read_only=True) as app:
        hits = [app.search(image=plain((90, 60, 30)), k=99), app.search(where="@n < 9", k=99)]
        return repr([[(hit.input.id, hit.score) for hit in each] for each in hits])


def nearest(folder: Path) -> str:
    """What an index of vectors says."""
    with nearsight.Index.open(folder) as index:
        query = np.arange(1, 21)
        hits = [index.search(query, 50, exact=exact) for exact in (False, True)]
        everything = index.vectors(index.ids).tobytes()
        return repr([hit.ids.tolist() for hit in hits]) + hashlib.sha256(everything).hexdigest()


MODEL = Planted()
ASK: dict[str, Ask] = {"truth": rows, "log": rows, "cache": found, "codes": nearest}


def make(part: str, folder: Path) -> tuple[Path, list[Path]]:
    """The reference: what is opened, and the files that are damaged."""
    folder.mkdir()
    if part == "codes":
        chance = np.random.default_rng(1)
        with nearsight.Index(20, folder / "index") as index:
            index.add(np.arange(600), chance.standard_normal((600, 20)))
            index.optimize()
        files = sorted(f for f in (folder / "index").iterdir() if f.name != "lock")
        return folder / "index", files
    path = folder / "a.ns"
    count = {"truth": 12, "log": 5, "cache": 12}[part]
    command = [sys.executable, "-c", WRITER, str(path), str(count)]
    paths = os.pathsep.join(filter(None, (str(Path(__file__).parents[1] / "python"), *sys.path)))
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run([*command, "kill" if part == "log" else "close"], check=True, env=environment)
    cache = [file for file in path.with_name("a.ns-cache").iterdir() if file.name != "lock"]
    return path, {"truth": [path], "log": [path.with_name("a.ns-wal")], "cache": cache}[part]


def older_states(part: str, path: Path, file: Path) -> list[str]:
    """What a log says that ends early: a digest for each commit, the newest last."""
    if part != "log":
        return []
    content, states = file.read_bytes(), list[str]()
    for end in range(32, len(content), 24 + 8192):
        file.write_bytes(content[:end])
        try:
            states.append(rows(path))
        except NearsightError:
            continue
    file.write_bytes(content)
    return list(dict.fromkeys(states))


def sweep(
    part: str, path: Path, file: Path, places: list[int], counts: Any, at: Any, seed: int
) -> None:
    """The child: damage one file at some places; those from its length on are cuts."""
    logging.disable(logging.WARNING)  # of caches that are rebuilt
    ask, content = ASK[part], file.read_bytes()
    expected, older = ask(path), older_states(part, path, file)
    descriptor = os.open(file, os.O_RDWR)  # never closed: that would drop SQLite's locks
    chance = random.Random(seed)
    while at.value < len(places):
        is_cut, place = divmod(places[at.value], len(content))
        if is_cut:
            os.ftruncate(descriptor, place)
            said = verdict(ask, path, expected, older)
            os.pwrite(descriptor, content[place:], place)
        else:
            os.pwrite(descriptor, bytes([content[place] ^ 1 << chance.randrange(8)]), place)
            said = verdict(ask, path, expected, older[-1:])
            os.pwrite(descriptor, content[place : place + 1], place)
        counts[VERDICTS.index(said)] += 1
        at.value += 1


def verdict(ask: Ask, path: Path, expected: str, older: list[str]) -> str:
    """Ask again, and compare."""
    try:
        said = ask(path)
    except (NearsightError, OSError):
        return "noticed"
    except Exception as error:
        print(f"{path}: {error!r}", file=sys.stderr)
        return "RAISED"
    return "same" if said == expected else "older" if said in older else "SILENT"


def run(share: float, seed: int, parts: list[str]) -> dict[str, dict[str, int]]:
    """How often which verdict was given, by file."""
    chance, found = random.Random(seed), {}
    context = multiprocessing.get_context("spawn")
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=fast) as made:
        for part in parts:
            path, files = make(part, Path(made) / part)
            for file in files:
                size = 2 * file.stat().st_size
                places = sorted(chance.sample(range(size), max(1, round(size * share))))
                counts, at = context.Array(c_long, len(VERDICTS)), context.Value(c_long, 0)
                while at.value < len(places):
                    given = (part, path, file, places, counts, at, seed)
                    child = context.Process(target=sweep, args=given)
                    child.start()
                    child.join()
                    if at.value < len(places):
                        counts[VERDICTS.index("SIGNAL")] += 1
                        at.value += 1
                name = f"{part}/{file.name}"
                found[name] = {v: n for v, n in zip(VERDICTS, counts, strict=True) if n}
    return found


def main() -> int:
    """Run and print a table; 1 if something happened that must not."""
    parser = argparse.ArgumentParser(description="damage every place, ask again")
    parser.add_argument("--share", type=float, default=1.0, help="of the places (1.0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(ASK))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    counted = run(given.share, given.seed, given.only.split(","))
    if given.json:
        print(json.dumps(counted))
    else:
        total = sum(sum(counts.values()) for counts in counted.values())
        print(f"{total} in {time.perf_counter() - began:.0f} s")
        for name, counts in counted.items():
            print(f"{name:24}", ", ".join(f"{n} {what}" for what, n in counts.items()))
    verdicts = Counter(what for counts in counted.values() for what in counts)
    return 0 if set(verdicts) <= {"same", "noticed", "older"} else 1


if __name__ == "__main__":
    sys.exit(main())
