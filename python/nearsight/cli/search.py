"""`nearsight search`: find pictures again."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from nearsight import App, ArgumentError, Hits, Input
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import place, say, say_json, table


def configure(subparsers: Subparsers) -> None:
    """Say what `search` takes."""
    command = add_command(
        subparsers,
        "search",
        run,
        "Find pictures: like a picture, by a concept, or by words. A bare QUERY is a picture if "
        "there is such a file, else words. Without any query, every input that meets --where.",
        "nearsight search dog",
        "nearsight search holiday.jpg -k 5",
        'nearsight search --concept boat --where "beach and not dog >= 0.5" --html found.html',
        "nearsight search cat -f -0 | xargs -0 cp -t cats/",
    )
    _add_ranks(command)
    command.add_argument("-k", "--top", type=int, default=20, metavar="N", help="hits (20)")
    command.add_argument("--offset", type=int, default=0, metavar="N", help="skip the best N (0)")
    command.add_argument("--where", metavar="LINE", help="restrict, e.g. 'dog and not cat >= 0.5'")
    _add_forms(command)


def _add_ranks(command: argparse.ArgumentParser) -> None:
    ranks = command.add_mutually_exclusive_group()
    ranks.add_argument("query", nargs="?", metavar="QUERY", help="a picture's path, or words")
    ranks.add_argument("--image", metavar="PATH", help="pictures like this one")
    ranks.add_argument("--text", metavar="WORDS", help="by the concepts that the words name")
    ranks.add_argument("--concept", metavar="NAME", help="by a concept's name or id")
    ranks.add_argument("--input", metavar="ID", help="pictures like this input")


def _add_forms(command: argparse.ArgumentParser) -> None:
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("-f", "--files", action="store_true", help="print only paths")
    forms.add_argument("-i", "--ids", action="store_true", help="print only ids")
    command.add_argument("-0", "--null", action="store_true", help="end paths and ids with NUL")
    command.add_argument("--html", type=Path, metavar="FILE", help="write a page of the hits too")


def run(args: argparse.Namespace) -> int:
    """Search, and print the hits in the form that was asked for."""
    if args.json and (args.files or args.ids):
        raise ArgumentError("--json prints whole hits: leave out --files and --ids")
    if args.null and not (args.files or args.ids):
        raise ArgumentError("-0 ends paths or ids: add --files or --ids")
    with open_existing(args) as app:
        hits = app.search(k=args.top, offset=args.offset, where=args.where, **_rank(args))
        _print(hits, args)
        if args.html:
            _write_page(app, hits, args)
    return OK if len(hits) else NOTHING


def _rank(args: argparse.Namespace) -> dict[str, Any]:
    if args.query is not None:
        path = Path(args.query)
        return {"image": path} if path.is_file() else {"text": args.query}
    named = {name: getattr(args, name) for name in ("image", "text", "concept", "input")}
    if named["image"] is not None:
        named["image"] = Path(named["image"])  # never base64 or a glob
    return named


def _print(hits: Hits, args: argparse.Namespace) -> None:
    if args.json:
        for values in hits.to_dicts():
            say_json(values)
    elif args.files or args.ids:
        end = b"\0" if args.null else b"\n"
        for hit in hits:
            sys.stdout.buffer.write((hit.id.encode() if args.ids else _path(hit.input)) + end)
    else:
        _print_table(hits, quiet=args.quiet)


def _print_table(hits: Hits, *, quiet: bool) -> None:
    if not quiet:
        for line in hits.understood:
            say(line, to=sys.stderr)
        if not hits:
            say("nothing found", to=sys.stderr)
    if hits:
        rows = [(str(hit.rank), f"{hit.score:.3f}", place(hit.input)) for hit in hits]
        table(("rank", "score", "picture"), rows)


def _path(input: Input) -> bytes:
    """The path as the file system spells it, whatever bytes that has."""
    return os.fsencode(place(input))


def _write_page(app: App, hits: Hits, args: argparse.Namespace) -> None:
    from nearsight.demo.page import hits_section, page

    asked = next((a for a in _rank(args).values() if a is not None), "everything")
    heading = f"{asked}, where {args.where}" if args.where else str(asked)
    section = hits_section(heading, hits.understood, hits, app.inputs.thumbnail)
    args.html.write_text(page("nearsight search", f"{len(hits)} hits", section), encoding="utf-8")
