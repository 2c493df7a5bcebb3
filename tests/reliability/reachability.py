"""Add, update and delete at random, and then look for everything that is left.

    python tests/reliability/reachability.py [--changes 100000] [--seed 1] [--json]

In an app: every input that is there has to be found by its own picture among the best 10, by its
own filter, and no other one. In `nearsight.Index`: every id by its own vector, exactly and through
the codes; those that were removed never. The control is `--forgetful`: one row in a hundred is
erased behind the app's and the index's back.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

import numpy as np
from numpy.typing import NDArray

import nearsight
from nearsight import Item
from nearsight.embedders import Embedded
from nearsight.pictures import Picture

DIM = 48
BATCH = 250


class Noise:
    """An embedder that makes of each picture a random vector of its own."""

    name = "noise"
    fingerprint = "1" * 64
    dim = DIM
    labels: tuple[str, ...] = ()

    def prepare(self, picture: Picture) -> NDArray[np.uint8]:
        return np.asarray(picture.pixels, np.uint8)[:1, :2]

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        seeds = [int.from_bytes(each.tobytes(), "little") for each in pixels]
        rows = [np.random.default_rng(seed).standard_normal(DIM) for seed in seeds]
        return Embedded(np.array(rows, np.float32), np.zeros((len(rows), 0), np.float32))


def picture(number: int) -> NDArray[np.uint8]:
    """Two pixels that no other number has."""
    return np.frombuffer(number.to_bytes(6, "little"), np.uint8).reshape(1, 2, 3).copy()


def turns(changes: int, chance: random.Random) -> Iterator[tuple[str, list[int]]]:
    """What is done to which numbers, a batch at a time, so that some are added anew."""
    alive: set[int] = set()
    new = 0
    while changes > 0:
        act = chance.choices(["add", "update", "delete"], [5, 3, 2])[0] if alive else "add"
        if act == "add":
            chosen = list(range(new, new + BATCH))
            new += BATCH
            alive.update(chosen)
        else:
            chosen = chance.sample(sorted(alive), min(BATCH, len(alive)))
            if act == "delete":
                alive.difference_update(chosen)
        changes -= len(chosen)
        yield act, chosen


def in_an_app(path: Path, changes: int, seed: int, forgetful: bool) -> dict[str, int]:
    """Make the changes in an app, then look for each input."""
    alive: dict[int, int] = {}
    with nearsight.open(path, model=Noise()) as app:
        for turn, (act, numbers) in enumerate(turns(changes, random.Random(seed))):
            ids = [f"i{n}" for n in numbers]
            if act == "add":
                app.inputs.add(
                    [Item(picture(n), id=f"i{n}", metadata={"n": n, "t": turn}) for n in numbers]
                )
            elif act == "update":
                app.inputs.update(ids, metadata={"t": turn})
            else:
                app.inputs.delete(ids)
                for n in numbers:
                    del alive[n]
                continue
            alive |= dict.fromkeys(numbers, turn)
        if forgetful:
            some = app._engine.view().rows.ids()[::100]
            app._engine._caches.rows.erase(some)
            app._engine._caches.rows.commit(app._engine._caches.rows.generation)
            app._engine._view = app._engine._caches.view()
        by_picture = by_filter = 0
        for n, turn in alive.items():
            by_picture += f"i{n}" == app.search(image=picture(n), k=1)[0].input.id
            by_filter += app.inputs.count(f"@n = {n} and @t = {turn}") == 1
        found = set(app.search(k=10**7).ids)
    return {
        "there": len(alive),
        "found by picture": by_picture,
        "found by filter": by_filter,
        "found though deleted": len(found - {f"i{n}" for n in alive}),
        "missing among all": len({f"i{n}" for n in alive} - found),
    }


def in_an_index(changes: int, seed: int, forgetful: bool) -> dict[str, int]:
    """Make the changes in an index of vectors, then look for each id."""
    chance = np.random.default_rng(seed)
    alive: dict[int, NDArray[np.float32]] = {}
    index = nearsight.Index(DIM)
    for turn, (act, numbers) in enumerate(turns(changes, random.Random(seed))):
        if act == "delete":
            index.remove(numbers)
            for n in numbers:
                del alive[n]
            continue
        rows = chance.standard_normal((len(numbers), DIM)).astype(np.float32)
        (index.add if act == "add" else index.update)(numbers, rows)
        alive |= dict(zip(numbers, rows, strict=True))
        if turn % 97 == 96:
            index.optimize()
    index.optimize()
    ids = np.array(list(alive), np.uint64)
    if forgetful:
        index.remove(ids[::100])
    rows = np.array(list(alive.values()))
    near = index.search(rows, 1)
    exact = index.search(rows, 1, exact=True)
    return {
        "there": len(ids),
        "coded": index.coded,
        "found exactly": int((exact.ids[:, 0] == ids).sum()),
        "found through codes": int((near.ids[:, 0] == ids).sum()),
        "found though deleted": len({*near.ids.ravel().tolist()} - {*ids.tolist()}),
    }


def main() -> int:
    """Run and print a table; 1 if something cannot be found, or is though it was deleted."""
    parser = argparse.ArgumentParser(description="change at random, then look for what is left")
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forgetful", action="store_true", help="the control")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        app = in_an_app(Path(made) / "a.ns", given.changes, given.seed, given.forgetful)
    index = in_an_index(given.changes, given.seed, given.forgetful)
    if given.json:
        print(json.dumps({"app": app, "index": index}))
    else:
        print(f"{given.changes} changes each, {time.perf_counter() - began:.0f} s")
        for name, found in (("app", app), ("index", index)):
            print(name, ", ".join(f"{n} {what}" for what, n in found.items()))
    all_found = app["there"] == app["found by picture"] == app["found by filter"]
    all_found &= index["there"] == index["found exactly"]
    most = index["found through codes"] >= 0.999 * index["there"]
    extra = app["found though deleted"] + app["missing among all"] + index["found though deleted"]
    return 0 if all_found and most and not extra else 1


if __name__ == "__main__":
    sys.exit(main())
