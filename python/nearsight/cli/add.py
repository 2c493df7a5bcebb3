"""`nearsight add`: put pictures in."""

import argparse
import json
import sys
from collections import Counter
from contextlib import closing
from typing import Any

from nearsight import App, ArgumentError, Outcome
from nearsight.cli.arguments import Subparsers, add_command, from_stdin
from nearsight.cli.codes import FAILURE, INTERRUPTED, NOTHING, OK
from nearsight.cli.database import open_or_create
from nearsight.cli.progress import Progress
from nearsight.cli.terminal import complain, counted, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `add` takes."""
    command = add_command(
        subparsers,
        "add",
        run,
        "Put pictures in. What is in already is skipped, so an interrupted run is simply repeated. "
        "Fails only if no picture could be used; each that cannot is named with its reason.",
        "nearsight add ~/Pictures",
        "nearsight add beach/*.jpg --concept beach --not-concept snow --geo 43.69,7.27",
        "find . -newer photos.ns -name '*.jpg' -print0 | nearsight add -",
    )
    command.add_argument(
        "source", nargs="+", help="file, folder, glob or file:// URL; - reads them from stdin"
    )
    command.add_argument(
        "--concept", action="append", default=[], metavar="NAME", help="say that all show this"
    )
    command.add_argument(
        "--not-concept", action="append", default=[], metavar="NAME", help="… that none shows this"
    )
    command.add_argument(
        "--metadata", metavar="JSON", help='a JSON object for each new one, as {"trip": "Nice"}'
    )
    command.add_argument(
        "--geo", metavar="LAT,LON", help="where all new ones are, in degrees, as 43.69,7.27"
    )


def run(args: argparse.Namespace) -> int:
    """Add, and say what became of each source."""
    counts: Counter[str] = Counter()
    given = _given(args)
    sources = from_stdin(args.source)
    with open_or_create(args) as app:
        before = len(app.inputs)
        try:
            _add(app, sources, given, args, counts)
        except KeyboardInterrupt:
            complain(
                f"interrupted; what was added stays ({counted(len(app.inputs) - before, 'input')})."
                " Run the same command again to go on."
            )
            return INTERRUPTED
        if not args.quiet:
            say(_summary(counts, len(app.inputs)), to=sys.stderr)
    if counts["duplicate"] and (args.metadata is not None or args.geo is not None):
        complain(
            "what was in already keeps its own metadata and place; app.inputs.update changes them"
        )
    if not counts:
        complain(f"no pictures in {', '.join(args.source)}")
        return NOTHING
    return FAILURE if counts["failed"] == counts.total() else OK


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What is said of all pictures. Raises `ArgumentError`."""
    given = {"concepts": args.concept, "not_concepts": args.not_concept}
    if args.metadata is not None:
        try:
            given["metadata"] = json.loads(args.metadata)
        except (ValueError, RecursionError) as error:
            example = """--metadata '{"trip": "Nice"}'"""
            raise ArgumentError(f"--metadata: {error}; give a JSON object, as {example}") from None
    if args.geo is not None:
        try:
            given["geo"] = [float(number) for number in args.geo.split(",")]
        except ValueError:
            wanted = "give (latitude, longitude) in degrees, as 43.69,7.27"
            raise ArgumentError(f"--geo {args.geo}: {wanted}") from None
    return given


def _add(
    app: App,
    sources: list[str],
    given: dict[str, Any],
    args: argparse.Namespace,
    counts: Counter[str],
) -> None:
    adding = app.inputs.adding(sources, **given)
    with closing(adding), Progress(sources, shown=not args.quiet) as progress:
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
    return f"{', '.join(parts)}; the database holds {counted(inputs, 'input')}"
