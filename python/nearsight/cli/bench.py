"""`nearsight bench`: measure it on this machine."""

import argparse
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import OK
from nearsight.cli.terminal import say, say_json, table

if TYPE_CHECKING:
    from nearsight.bench import Record

_NAMES = ("ingest", "search", "import")  # what is run where none is named
_ALL = (*_NAMES, "vectors", "filters")
_PHOTOS = Path("/usr/share/tuxpaint/stamps")  # Debian's tuxpaint-stamps-default


def configure(subparsers: Subparsers) -> None:
    """Say what `bench` takes."""
    command = add_command(
        subparsers,
        "bench",
        run,
        "Measure how fast pictures go in beside the model alone, exact search beside numpy and "
        "hnswlib, filters of many inputs beside SQLite and numpy, search of vectors beside the "
        "engines that people use for it, and what the import costs. "
        "Everybody takes turns in one run.",
        "nearsight bench",
        "nearsight bench search --n 20000 --dim 1280 --json",
        "nearsight bench vectors --n 1000000 --against hnswlib,faiss --keep built --plots plots",
        "nearsight bench vectors --data photos --parts build,search",
        "nearsight bench ingest --folder ~/Pictures --files 100",
        "nearsight bench filters --inputs 1000000 --keep ~/million",
        database=None,
        model="the model to put in with",
    )
    command.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help=f"{', '.join(_ALL)}; all but vectors if none is named",
    )
    command.add_argument("--rounds", type=_positive, metavar="N", help="turns that each one takes")
    ingest = command.add_argument_group("ingest")
    ingest.add_argument("--folder", type=Path, metavar="FOLDER", help="the pictures to put in")
    ingest.add_argument("--files", type=_positive, metavar="N", help="how many of them (256)")
    ingest.add_argument("--threads", type=_positive, metavar="N", help="of the model (all but one)")
    search = command.add_argument_group("search and vectors")
    search.add_argument("--n", type=_positive, metavar="N", help="vectors (100000)")
    search.add_argument(
        "--dim", type=_positive, metavar="N", help="numbers in each (512), for filters as well"
    )
    search.add_argument("-k", "--top", type=_positive, metavar="N", help="hits (10)")
    vectors = command.add_argument_group("vectors")
    vectors.add_argument(
        "--against",
        metavar="NAMES",
        help="numpy, hnswlib, usearch, faiss (those are meant where none is named), voyager, zvec, "
        "scann, sqlite-vec, lancedb, turbovec",
    )
    vectors.add_argument(
        "--parts", metavar="PARTS", help="some of build,open,search,batch,filters,changes"
    )
    vectors.add_argument(
        "--data", choices=["drawn", "photos"], help="what is searched; photos are of --folder"
    )
    vectors.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="filters too: keep and use again what is built"
    )
    vectors.add_argument("--rebuild", metavar="NAMES", help="whom to build anew in what is kept")
    vectors.add_argument("--plots", type=Path, metavar="FOLDER", help="draw SVG files there")
    filters = command.add_argument_group("filters")
    filters.add_argument(
        "--inputs", type=_positive, metavar="N", help="inputs of about 9 KB on disk (100000)"
    )
    command.set_defaults(usage=command.error)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number of at least 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the benchmarks that were named, and print each one's records as soon as it is done."""
    from nearsight.bench import BENCHMARKS

    for name in args.what or _NAMES:
        if name not in _ALL:
            args.usage(f"no benchmark is called {name!r}: there are {', '.join(_ALL)}")
        records = BENCHMARKS[name](**_settings(name, args))
        if args.json:
            for record in records:
                say_json(record)
        elif name == "vectors":
            _say_tables(records)
        else:
            _say(name, list(records))
    return OK


def _settings(name: str, args: argparse.Namespace) -> dict[str, Any]:
    given = {"rounds": args.rounds}
    if name == "ingest":
        given |= {"folder": args.folder or _photos(), "files": args.files}
        given |= {"threads": args.threads, "model": args.model}
    elif name in ("search", "vectors"):
        given |= {"n": args.n, "dim": args.dim, "k": args.top}
    if name == "vectors":
        given |= {key: getattr(args, key) for key in _OF_VECTORS}
    if name == "filters":
        given |= {"inputs": args.inputs, "dim": args.dim, "keep": args.keep}
    return {key: value for key, value in given.items() if value is not None}


_OF_VECTORS = ("against", "parts", "data", "keep", "rebuild", "plots", "folder")


def _photos() -> Path:
    """Some 800 photos and drawings where Debian's package is installed, else the demo's."""
    from nearsight.demo import PHOTOS

    return _PHOTOS if _PHOTOS.is_dir() else PHOTOS


def _say(name: str, records: "list[Record]") -> None:
    """A line of what holds for all records, then one for each: whom it is of and what it says."""
    same = {key for key, value in records[0].items() if all(r.get(key) == value for r in records)}
    say(f"{name}: {_facts({key: records[0][key] for key in records[0] if key in same})}")
    width = max(len(str(record["who"])) for record in records)
    for record in records:
        own = {key: value for key, value in record.items() if key not in same}
        say(f"  {record['who']!s:{width}}  {_facts(own)}")


def _say_tables(records: "Iterable[Record]") -> None:
    """A table of each part as soon as it is done: a line for each record."""
    for same, group in groupby(records, lambda record: [record.get(key) for key in _APART]):
        rows = list(group)
        facts = {key: value for key, value in zip(_APART, same, strict=True) if value is not None}
        say("")
        say(_facts(facts))
        seen = dict.fromkeys(key for row in rows for key in row if key not in _COMMON)
        head = [*(key for key in seen if key not in _LAST), *(key for key in _LAST if key in seen)]
        cells = ([_in_words(row.get(key, "")) for key in head] for row in rows)
        table([key.replace("_", " ") for key in head], cells)


_APART = ("part", "queries", "batch", "mask", "matches", "data", "n", "dim", "k", "rounds")
_COMMON = {"bench", "seed", "threads", *_APART}
_LAST = ("beside", "parameters", "note")


def _facts(record: "Record") -> str:
    shown = [key for key in record if key not in ("bench", "who")]
    return ", ".join(f"{key.replace('_', ' ')} {_in_words(record[key])}" for key in shown)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(each)}" for key, each in value.items())
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
