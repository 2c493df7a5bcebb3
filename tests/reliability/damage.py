"""Flip bits in, and cut short, every file of a database, and ask it the same questions again.

    python tests/reliability/damage.py [--share 1.0] [--seed 1] [--json]

The reference is a database with a bit of everything and its cache. One byte at a time one bit is
flipped, then the file is cut at every length; a child process opens what is left, read-only and as
a writer, searches, filters and reads every row. Allowed are: a typed error, or the very answers of
the undamaged database. Everything else is counted: a wrong answer, another exception, a signal.
`--share` takes a sample of the places. `--blind` switches the checksums off: the control.
"""

import argparse
import hashlib
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

from planted import Planted, plain

import nearsight
from nearsight import Item, NearsightError, Region
from nearsight.truth import connection

QUERY = plain((90, 60, 30))
FILTERS = ("@n < 9", "word0", "within(48, 2, 500)", "has(region)", '@text = "text 7"')


def make(path: Path) -> None:
    """The reference database: metadata, places, regions, concepts, a custom model, deletions."""
    with nearsight.open(path, model=Planted()) as app:
        for n in range(40):
            item = Item(
                plain((6 * n, 255 - 3 * n, 40)),
                id=f"i{n}",
                concepts=[f"word{n % 3}"],
                metadata={"n": n, "text": f"text {n}"},
                geo=(48 + n / 100, 2.3),
                regions=[Region((0.1, 0.1, 0.6, 0.6), text="a part")] if n % 9 == 0 else [],
            )
            app.inputs.add(item)
        app.models.create("own", concepts=["word0"]).train()
        app.inputs.delete(["i5", "i6"])


def answers(path: Path, *, read_only: bool) -> str:
    """Everything that the database says, as one digest."""
    said = hashlib.sha256()
    with nearsight.open(path, model=Planted(), read_only=read_only) as app:
        found = [app.search(image=QUERY, k=100), app.search(concept="tabby", k=100)]
        found += [app.search(where=where, k=100) for where in FILTERS]
        for hits in found:
            said.update(json.dumps(hits.to_dicts(), default=str).encode())
        for record in app.inputs:
            said.update(json.dumps(record.to_dict()).encode())
        with app._truth.reading() as db:
            for table in ("embedding", "annotation", "said", "head", "model", "version", "input"):
                for row in db.execute(f"select * from {table}"):
                    said.update(repr(row).encode())
    return said.hexdigest()


def verdict(path: Path, expected: str, *, read_only: bool) -> str:
    """Ask again: "same", "noticed", "SILENT" or an unexpected exception's name."""
    try:
        return "same" if answers(path, read_only=read_only) == expected else "SILENT"
    except NearsightError:
        return "noticed"
    except Exception as error:
        return f"RAISED {type(error).__name__}"


def serve(pipe: Connection, blind: bool) -> None:
    """The child: give a verdict on each database that is named, until there is none."""
    import logging

    logging.disable(logging.WARNING)  # of caches that are rebuilt
    if blind:
        go_blind()
    while (asked := pipe.recv()) is not None:
        path, expected, read_only = asked
        pipe.send(verdict(path, expected, read_only=read_only))


def go_blind() -> None:
    """Read without checksums."""
    real = connection._configure

    def configure(db: object, *given: object, **named: object) -> None:
        db.pragma("checksum_verification", "off")  # type: ignore[attr-defined]
        real(db, *given, **named)  # type: ignore[arg-type]

    connection._configure = configure  # type: ignore[assignment]
    from nearsight.truth import schema

    schema.check_protection = lambda db, path: None


class Child:
    """A process that may die of what it is shown."""

    def __init__(self, blind: bool) -> None:
        self._blind = blind
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, self._blind), daemon=True)
        self.process.start()
        other.close()

    def ask(self, path: Path, expected: str, read_only: bool) -> str:
        """Its verdict; "SIGNAL n" or "HANGS" where it gave none."""
        self._pipe.send((path, expected, read_only))
        try:
            if self._pipe.poll(60):
                return str(self._pipe.recv())
            self.process.kill()
        except EOFError:
            pass
        self.process.join()
        code = self.process.exitcode or 0
        self._start()
        return "HANGS" if code == -9 else f"SIGNAL {-code}"

    def close(self) -> None:
        """Let it end."""
        self._pipe.send(None)
        self.process.join()


def damaged(content: bytes, share: float, chance: random.Random) -> Iterator[bytes]:
    """The file with one bit flipped in each byte, then cut at each length: a share of these."""
    for at in _sampled(len(content), share, chance):
        flipped = bytearray(content)
        flipped[at] ^= 1 << chance.randrange(8)
        yield bytes(flipped)
    for length in _sampled(len(content), share, chance):
        yield content[:length]


def _sampled(count: int, share: float, chance: random.Random) -> list[int]:
    return sorted(chance.sample(range(count), max(1, round(count * share))))


def run(share: float, seed: int, blind: bool = False) -> dict[str, Counter[str]]:
    """Damage each file in turn; how often which verdict was given, by file."""
    chance = random.Random(seed)
    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        good, bad = Path(made) / "good", Path(made) / "bad"
        good.mkdir()
        make(good / "a.ns")
        shutil.copytree(good, bad)
        expected = answers(bad / "a.ns", read_only=False)
        child = Child(blind)
        for file in sorted(
            file for file in good.rglob("*") if file.is_file() and file.stat().st_size
        ):
            name = str(file.relative_to(good))
            counts = found.setdefault(name, Counter())
            for turn, content in enumerate(damaged(file.read_bytes(), share, chance)):
                shutil.rmtree(bad)
                shutil.copytree(good, bad)
                if name == "a.ns" and turn % 2:  # a cache saves reading: half of them without
                    shutil.rmtree(bad / "a.ns-cache")
                (bad / name).write_bytes(content)
                counts[child.ask(bad / "a.ns", expected, read_only=turn % 3 == 0)] += 1
        child.close()
    return found


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run and print a table; 1 if something happened that must not."""
    parser = argparse.ArgumentParser(description="damage every file, ask again")
    parser.add_argument("--share", type=float, default=1.0, help="of the places (1.0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true", help="the control: without checksums")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    found = run(given.share, given.seed, given.blind)
    if given.json:
        print(json.dumps(found))
    else:
        print(f"{sum(c.total() for c in found.values())} in {time.perf_counter() - began:.0f} s")
        for name, counts in found.items():
            print(f"{name:28}", ", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return 0 if {*sum(found.values(), Counter())} <= {"same", "noticed"} else 1


if __name__ == "__main__":
    sys.exit(main())
