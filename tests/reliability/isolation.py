"""Search a database while it is changed, and look whether every answer is of one moment.

    python tests/reliability/isolation.py [--reads 1000000] [--processes 2] [--threads 4] [--json]

A writer adds inputs in families, marks all of a family anew and deletes whole families; each is one
transaction. So at any moment a family is there as a whole, with one mark, or not at all, and an
answer that has a part of one mixes two moments. Threads of the writer's own app read, and threads
in other processes, which say `refresh` now and then. Every answer is looked at: by a filter, by a
rank, by both, of inputs and of annotations.

The control is `--torn`: the writer makes each change in two transactions. Answers have to be mixed.
"""

import argparse
import json
import multiprocessing
import os
import queue
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

from planted import Planted, plain

import nearsight
from nearsight import Hits, Item

FAMILY = 6
FAMILIES = 8
EYE = Planted()


def write(app: nearsight.App, chance: random.Random, torn: bool, step: int) -> None:
    """Add, mark or delete one family, in one transaction each (in two, if `torn`)."""
    name = f"f{step if step < FAMILIES else chance.randrange(FAMILIES)}"
    ids = [f"{name}-{n}" for n in range(FAMILY)]
    is_there, is_last = ids[0] in app.inputs, chance.random() < 0.3
    for some in [ids[:2], ids[2:]] if torn else [ids]:
        if not is_there:
            app.inputs.add([_member(name, id_, step) for id_ in some], allow_duplicate=True)
        elif is_last:
            app.inputs.delete(some)
        else:
            app.inputs.update(some, metadata={"mark": step}, action="merge")


def _member(name: str, id_: str, step: int) -> Item:
    number = int(id_.split("-")[1])
    return Item(
        plain((40 + 7 * number, 10 + 20 * int(name[1:]), 60)),
        id=id_,
        concepts=[name],
        metadata={"mark": step, "all": 1},
    )


@dataclass(frozen=True)
class Asked:
    """How much one process reads."""

    reads: int
    threads: int


def read(app: nearsight.App, chance: random.Random, seen: Counter[str]) -> None:
    """Ask one question and look at its answer: mostly cheap ones, so that there are many."""
    kind = chance.choices(list(QUESTIONS), [20, 20, 1, 1, 1, 1])[0]
    whole = QUESTIONS[kind](app, chance)
    seen["reads"] += 1
    seen[kind] += 1
    if not whole:
        seen["VIOLATIONS"] += 1
        seen[f"VIOLATIONS {kind}"] += 1


def _count(app: nearsight.App, chance: random.Random) -> bool:
    return app.inputs.count(f"f{chance.randrange(FAMILIES)}") in (0, FAMILY)


def _view(app: nearsight.App, chance: random.Random) -> bool:
    """The embeddings and the documents that one commit published, without SQL."""
    view = app._engine.view()
    return len(view.rows) == view.docs.all().count() and len(view.rows) % FAMILY == 0


def _is_whole(hits: Hits) -> bool:
    families = Counter(hit.input.id.split("-")[0] for hit in hits)
    return set(families.values()) <= {FAMILY}


def _colour(chance: random.Random) -> Any:
    return plain((chance.randrange(1, 255), 99, 60))


QUESTIONS: dict[str, Callable[[nearsight.App, random.Random], bool]] = {
    "counts": _count,
    "views": _view,
    "by filter": lambda app, chance: _is_whole(
        app.search(where=f"f{chance.randrange(FAMILIES)}", k=1000)
    ),
    "by rank": lambda app, chance: _is_whole(app.search(image=_colour(chance), k=1000)),
    "by both": lambda app, chance: _is_whole(
        app.search(image=_colour(chance), where=f"@mark > {chance.randrange(999)}", k=1000)
    ),
    "annotations": lambda app, chance: _is_whole(app.search.annotations(where="@all = 1", k=1000)),
}


def readers(app: nearsight.App, asked: Asked, refreshing: bool, seed: int) -> Counter[str]:
    """Read in several threads until there were reads enough; what they saw."""
    counts = [Counter[str]() for _ in range(asked.threads)]

    def loop(turn: int) -> None:
        chance, seen = random.Random(f"{seed} {turn}"), counts[turn]
        while seen["reads"] < asked.reads / asked.threads:
            if refreshing and chance.random() < 0.2:
                app.refresh()
                seen["refreshes"] += 1
            for _ in range(10):
                read(app, chance, seen)

    started = [threading.Thread(target=loop, args=(turn,)) for turn in range(asked.threads)]
    for each in started:
        each.start()
    for each in started:
        each.join()
    return sum(counts, Counter())


def elsewhere(path: Path, asked: Asked, read_only: bool, seed: int, tell: Any) -> None:
    """Another process: an app of its own, its threads and what they saw."""
    with nearsight.open(path, model=EYE, read_only=read_only) as app:
        tell.put(readers(app, asked, True, seed))


def run(reads: int, processes: int, threads: int, torn: bool, seed: int) -> Counter[str]:
    """Change a database until so many answers were looked at, here and in other processes."""
    asked = Asked(reads // (processes + 1) + 1, threads)
    context = multiprocessing.get_context("spawn")
    tell, seen, writes = context.Queue(), [], 0
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        path = Path(made) / "a.ns"
        with nearsight.open(path, model=EYE) as app:
            chance = random.Random(seed)
            while writes < FAMILIES:  # so that all their concepts are known
                write(app, chance, False, writes)
                writes += 1
            here = threading.Thread(
                target=lambda: seen.append(readers(app, asked, False, seed)), daemon=True
            )
            working: list[Any] = [here]
            for n in range(processes):
                given = (path, asked, n % 2 == 1, seed + n + 1, tell)
                working.append(context.Process(target=elsewhere, args=given))
            for each in working:
                each.start()
            while len(seen) <= processes:
                write(app, chance, torn, writes)
                writes += 1
                time.sleep(0.005)
                with suppress(queue.Empty):
                    seen.append(tell.get_nowait())
            for each in working:
                each.join()
    return sum(seen, Counter(writes=writes))


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run and print a table; 1 if an answer mixed two moments."""
    parser = argparse.ArgumentParser(description="search while others write, look at every answer")
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2, help="beside the writer's")
    parser.add_argument("--threads", type=int, default=4, help="that read, in each process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--torn", action="store_true", help="the control: changes in two halves")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    seen = run(given.reads, given.processes, given.threads, given.torn, given.seed)
    if given.json:
        print(json.dumps(seen))
    else:
        print(f"{time.perf_counter() - began:.0f} s")
        for what, count in seen.items():
            print(f"{count:>9}  {what}")
    return 1 if seen["VIOLATIONS"] else 0


if __name__ == "__main__":
    sys.exit(main())
