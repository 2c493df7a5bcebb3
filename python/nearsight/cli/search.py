"""`nearsight search`: find pictures again."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

from nearsight import App, ArgumentError, Hits, Input, NotFoundError
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import counted, place, say, say_json, table

_FILE_ENDING = re.compile(r"[^\s.]\.[A-Za-z][A-Za-z0-9]{1,4}$")  # .jpg, and as well .txt
_FOR_WORDS = "; to search by these words, put --text before them"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATTERN = re.compile(r"[*?[]")


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
        "nearsight search cat -f -0 | xargs -0 cp -t cats/",
    )
    _add_ranks(command)
    command.add_argument("-k", "--top", type=int, default=20, metavar="N", help="hits (20)")
    command.add_argument("--offset", type=int, default=0, metavar="N", help="skip the best N (0)")
    command.add_argument("--where", metavar="LINE", help="restrict, e.g. 'dog and @iso < 400'")
    _add_forms(command)


def _add_ranks(command: argparse.ArgumentParser) -> None:
    ranks = command.add_mutually_exclusive_group()
    ranks.add_argument(
        "query", nargs="*", default=[], metavar="QUERY", help="a picture's path, or words"
    )
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
    if args.html:
        from nearsight.demo import require_writable

        require_writable(args.html)
    rank = _rank(args)
    with open_existing(args) as app:
        hits = _search(app, rank, args)
        _print(hits, args)
        if args.html:
            _write_page(app, hits, rank, args)
    return OK if len(hits) else NOTHING


def _rank(args: argparse.Namespace) -> dict[str, Any]:
    """What to rank by, as `app.search` takes it. Raises `ArgumentError`."""
    query = " ".join(args.query)
    if args.query:
        return {"image": _picture(query)} if _is_written_as_a_file(query) else {"text": query}
    named = {name: getattr(args, name) for name in ("image", "text", "concept", "input")}
    if named["image"] is not None:
        named["image"] = _picture(named["image"])
    return named


def _is_written_as_a_file(query: str) -> bool:
    """Does a query mean a file, be it there or not? A mistyped path must not become words."""
    return bool(
        os.path.lexists(query)
        or query.startswith("file:")
        or os.sep in query
        or _FILE_ENDING.search(query)
    )


def _picture(given: str) -> Path | str:
    """One picture: a path, never base64 or a glob, or a URL. Raises `ArgumentError`."""
    if _URL.match(given):
        return given
    path = Path(given)
    if os.path.lexists(given):
        if path.is_dir():
            raise ArgumentError(f"{given} is a folder: name one picture in it{_FOR_WORDS}")
    elif _PATTERN.search(given):
        raise ArgumentError(f"no file is called {given}: name one picture, not a pattern")
    return path


def _search(app: App, rank: dict[str, Any], args: argparse.Namespace) -> Hits:
    try:
        return app.search(k=args.top, offset=args.offset, where=args.where, **rank)
    except NotFoundError as error:
        if args.query and "image" in rank:
            raise NotFoundError(f"{error}{_FOR_WORDS}") from error
        raise


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


def _write_page(app: App, hits: Hits, rank: dict[str, Any], args: argparse.Namespace) -> None:
    from nearsight.demo.page import hits_section, page, save

    asked = next((a for a in rank.values() if a is not None), "everything")
    heading = f"{asked}, where {args.where}" if args.where else str(asked)
    section = hits_section(heading, hits.understood, hits, app.inputs.thumbnail)
    save(page("nearsight search", counted(len(hits), "hit"), section), args.html)
    if not args.quiet:
        say(f"The page to look at: {args.html.absolute().as_uri()}", to=sys.stderr)
