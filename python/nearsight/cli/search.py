"""`nearsight search`: find pictures again."""

import argparse
import os
import sys
from pathlib import Path

from nearsight import App, ArgumentError, Hit, Hits, Input
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_existing
from nearsight.cli.question import add_ranks, asked, in_words, search
from nearsight.cli.terminal import counted, place, say, say_json, table


def configure(subparsers: Subparsers) -> None:
    """Say what `search` takes."""
    command = add_command(
        subparsers,
        "search",
        run,
        "Find pictures: like a picture, by a concept, or by words. A bare QUERY is a picture if "
        "there is such a file or it is written like one (a / or an ending in it), else words. "
        "Without any query, every input that meets --where.",
        "nearsight search dog",
        "nearsight search holiday.jpg -k 5",
        'nearsight search --concept boat --where "beach and not dog >= 0.5" --html found.html',
        "nearsight search --image cat.jpg --unlike dog.jpg --where ':added >= 2024-06'",
        "nearsight search --query query.json",
        "nearsight search cat -f -0 | xargs -0 cp -t cats/",
    )
    add_ranks(command)
    _add_forms(command)


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
    if args.html:
        from nearsight.demo import require_writable

        require_writable(args.html)
    question = asked(args)
    with open_existing(args) as app:
        hits = search(app, question, args)
        _print(hits, args)
        if args.html:
            _write_page(app, hits, in_words(question, args), args)
    return OK if len(hits) else NOTHING


def _print(hits: Hits, args: argparse.Namespace) -> None:
    if args.json:
        for values in hits.to_dicts():
            say_json(values)
    elif args.files or args.ids:
        end = b"\0" if args.null else b"\n"
        for hit in hits:
            found = _id(hit, args).encode() if args.ids else _path(hit.input)
            sys.stdout.buffer.write(found + end)
    else:
        _print_table(hits, quiet=args.quiet)


def _print_table(hits: Hits, *, quiet: bool) -> None:
    if not quiet:
        for line in hits.understood:
            say(line, to=sys.stderr)
        if not hits:
            say("nothing found", to=sys.stderr)
    if hits:
        rows = [(str(hit.rank), f"{hit.score:.3f}", _place(hit)) for hit in hits]
        table(("rank", "score", "picture"), rows)


def _id(hit: Hit, args: argparse.Namespace) -> str:
    """Of what was asked for: the input, or the annotation."""
    return hit.annotation.id if args.annotations and hit.annotation else hit.id


def _place(hit: Hit) -> str:
    """The picture, and the part of it, if it is one."""
    box = None if hit.annotation is None else hit.annotation.box
    part = "" if box is None else f"  [{', '.join(f'{edge:.2f}' for edge in box)}]"
    return place(hit.input) + part


def _path(input: Input) -> bytes:
    """The path as the file system spells it, whatever bytes that has."""
    return os.fsencode(place(input))


def _write_page(app: App, hits: Hits, heading: str, args: argparse.Namespace) -> None:
    from nearsight.demo.page import hits_section, page, save

    section = hits_section(heading, hits.understood, hits, app.inputs.thumbnail)
    save(page("nearsight search", counted(len(hits), "hit"), section), args.html)
    if not args.quiet:
        say(f"The page to look at: {args.html.absolute().as_uri()}", to=sys.stderr)
