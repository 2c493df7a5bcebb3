"""`nearsight demo`: see it work."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import nearsight
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import FAILURE, OK
from nearsight.cli.terminal import complain, say, say_json

if TYPE_CHECKING:
    from nearsight.demo import Tour

_PAGE = Path("nearsight-demo.html")


def configure(subparsers: Subparsers) -> None:
    """Say what `demo` takes."""
    command = add_command(
        subparsers,
        "demo",
        run,
        "Put real photos in and find them again, by a picture, a concept and words. Uses the "
        "photos that ship with nearsight, or those of FOLDER, and writes a page of what it found.",
        "nearsight demo",
        "nearsight demo ~/Pictures --out pictures.html",
        database="where to put the pictures (default: nowhere that stays)",
        model="the model to use",
    )
    command.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="your own photos")
    command.add_argument(
        "--out", type=Path, default=_PAGE, metavar="PAGE", help=f"the page to write ({_PAGE})"
    )


def run(args: argparse.Namespace) -> int:
    """Take the tour in a temporary database, unless --db names one."""
    from nearsight.demo import require_writable

    require_writable(args.out)
    with tempfile.TemporaryDirectory(prefix="nearsight-demo-") as folder:
        return _run(args, args.db or Path(folder) / "demo.ns")


def _run(args: argparse.Namespace, database: Path) -> int:
    from nearsight.demo import PHOTOS, QUESTIONS, Tour, credits, take, write

    shipped = args.folder is None
    with nearsight.open(database, model=args.model) as app:
        tour: Tour = take(app, args.folder or PHOTOS, QUESTIONS if shipped else None)
        write(tour, app, args.out, credits() if shipped else ())
    if args.json:
        _say_as_json(tour, args.out)
    elif not args.quiet:
        _say(tour, args.out)
    for error in tour.failed:
        complain(str(error))
    wrong = [answer for answer in tour.answers if answer.is_wrong]
    for answer in wrong:
        complain(f"search by {answer.asked}: {answer.verdict}")
    return FAILURE if wrong else OK


def _say(tour: "Tour", page: Path) -> None:
    for name, seconds, remark in tour.steps:
        say(f"{1000 * seconds:8.1f} ms  {name}: {remark}")
    for answer in tour.answers:
        say(f"search by {answer.asked}: {answer.verdict}")
        for hit in answer.hits[:3]:
            say(f"{hit.rank:>8}. {hit.score:.3f}  {Path(hit.input.name).name}")
    say(f"The page to look at: {page.absolute().as_uri()}")


def _say_as_json(tour: "Tour", page: Path) -> None:
    for name, seconds, remark in tour.steps:
        say_json({"step": name, "seconds": seconds, "remark": remark})
    for answer in tour.answers:
        hits = answer.hits.to_dicts()
        say_json({"asked": answer.asked, "verdict": answer.verdict, "hits": hits})
    say_json({"page": str(page.absolute())})
