"""`nearsight add`: put pictures in."""

import argparse
import sys
from collections import Counter
from contextlib import closing

from nearsight import App, Outcome
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import FAILURE, INTERRUPTED, NOTHING, OK
from nearsight.cli.database import open_or_create
from nearsight.cli.progress import Progress
from nearsight.cli.terminal import complain, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `add` takes."""
    command = add_command(
        subparsers,
        "add",
        run,
        "Put pictures in. What is in already is skipped, so an interrupted run is simply repeated. "
        "Fails only if no picture could be used; each that cannot is named with its reason.",
        "nearsight add ~/Pictures",
        "nearsight add beach/*.jpg --concept beach --not-concept snow",
    )
    command.add_argument("source", nargs="+", help="file, folder, glob or file:// URL")
    command.add_argument(
        "--concept", action="append", default=[], metavar="NAME", help="say that all show this"
    )
    command.add_argument(
        "--not-concept", action="append", default=[], metavar="NAME", help="… that none shows this"
    )


def run(args: argparse.Namespace) -> int:
    """Add, and say what became of each source."""
    counts: Counter[str] = Counter()
    with open_or_create(args) as app:
        before = len(app.inputs)
        try:
            _add(app, args, counts)
        except KeyboardInterrupt:
            complain(
                f"interrupted; {len(app.inputs) - before} pictures were added and are kept. "
                "Run the same command again to go on."
            )
            return INTERRUPTED
        if not args.quiet:
            say(_summary(counts, len(app.inputs)), to=sys.stderr)
    if not counts:
        complain(f"no pictures in {', '.join(args.source)}")
        return NOTHING
    return FAILURE if counts["failed"] == counts.total() else OK


def _add(app: App, args: argparse.Namespace, counts: Counter[str]) -> None:
    adding = app.inputs.adding(args.source, concepts=args.concept, not_concepts=args.not_concept)
    with closing(adding), Progress(args.source, shown=not args.quiet) as progress:  # type: ignore[type-var]
        for outcome in adding:
            counts[outcome.status] += 1
            progress.advance()
            _report(outcome, args, progress)


def _report(outcome: Outcome, args: argparse.Namespace, progress: Progress) -> None:
    with progress.hidden():
        if args.json:
            say_json(outcome.to_dict())
        if outcome.error is not None:
            complain(str(outcome.error))


def _summary(counts: Counter[str], inputs: int) -> str:
    parts = [f"{counts['added']} added"]
    if counts["duplicate"]:
        parts.append(f"{counts['duplicate']} already in")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    return f"{', '.join(parts)}; the database holds {inputs} inputs"
