"""What `nearsight search` is asked: from its arguments to hits."""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from nearsight import App, ArgumentError, Hits, NotFoundError, Query

_FILE_ENDING = re.compile(r"[^\s.]\.[A-Za-z][A-Za-z0-9]{1,4}$")  # .jpg, and as well .txt
_FOR_WORDS = "; to search by these words, put --text before them"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATTERN = re.compile(r"[*?[]")
_RANKS = ("image", "unlike", "text", "concept", "input", "region")
_BESIDE = ("crop", "language", "where")


def add_ranks(command: argparse.ArgumentParser) -> None:
    """What to order by and what to restrict to."""
    command.add_argument(
        "query", nargs="*", default=[], metavar="QUERY", help="a picture's path, or words"
    )
    ranks = command.add_argument_group("what to rank by; several weigh the same")
    ranks.add_argument(
        "--image", action="append", metavar="PATH", help="pictures like this one (repeatable)"
    )
    ranks.add_argument(
        "--unlike", action="append", metavar="PATH", help="… and unlike this one (repeatable)"
    )
    ranks.add_argument("--text", metavar="WORDS", help="by the concepts that the words name")
    ranks.add_argument(
        "--concept", action="append", metavar="NAME", help="by a concept's name or id (repeatable)"
    )
    ranks.add_argument(
        "--input", action="append", metavar="ID", help="pictures like this input (repeatable)"
    )
    ranks.add_argument(
        "--region", action="append", metavar="ID", help="… like this region (repeatable)"
    )
    ranks.add_argument(
        "--crop", metavar="T,L,B,R", help="a part of the picture: fractions from the top left"
    )
    ranks.add_argument("--language", metavar="CODE", help="of the words or concept, as ja")
    command.add_argument("-k", "--top", type=int, default=20, metavar="N", help="hits (20)")
    command.add_argument("--offset", type=int, default=0, metavar="N", help="skip the best N (0)")
    command.add_argument("--where", metavar="LINE", help="restrict, e.g. 'dog and @iso < 400'")
    command.add_argument("--min-score", type=float, metavar="S", help="leave out what scores less")
    command.add_argument(
        "--annotations", action="store_true", help="find annotations, one hit for each"
    )
    command.add_argument(
        "--query",
        dest="whole",
        metavar="FILE",
        help="a whole query as JSON, {ranks, where}, instead of all that; - reads it from stdin",
    )


def asked(args: argparse.Namespace) -> dict[str, Any]:
    """What to search for, as `app.search` takes it. Raises `ArgumentError`."""
    if args.whole is not None:
        return {"query": _whole(args)}
    given = {name: getattr(args, name) for name in (*_RANKS, *_BESIDE)}
    if query := " ".join(args.query):
        kind = "image" if _is_written_as_a_file(query) else "text"
        if given[kind] is not None:
            raise ArgumentError(f"{query!r} and --{kind}: give one of them")
        given[kind] = [query] if kind == "image" else query
    for kind in ("image", "unlike"):
        if given[kind] is not None:
            given[kind] = [_picture(path) for path in given[kind]]
    if given["crop"] is not None:
        given["crop"] = _numbers(given["crop"])
    return {name: value for name, value in given.items() if value is not None}


def search(app: App, question: dict[str, Any], args: argparse.Namespace) -> Hits:
    """The hits. Raises what `app.search` does."""
    if "query" in question:
        return _search_whole(app, question["query"], args)
    find = app.search.annotations if args.annotations else app.search
    try:
        return find(k=args.top, offset=args.offset, min_score=args.min_score, **question)
    except NotFoundError as error:
        if args.query and "image" in question:
            raise NotFoundError(f"{error}{_FOR_WORDS}") from error
        raise


def in_words(question: dict[str, Any], args: argparse.Namespace) -> str:
    """What was asked, as a heading."""
    if args.whole is not None:
        return f"query {args.whole}"
    values = [question[name] for name in _RANKS if name in question]
    each = [str(v) for value in values for v in (value if isinstance(value, list) else [value])]
    heading = ", ".join(each) or "everything"
    return f"{heading}, where {args.where}" if args.where else heading


def _search_whole(app: App, query: Query, args: argparse.Namespace) -> Hits:
    if args.top > 0 and args.offset % args.top:
        raise ArgumentError(f"--offset {args.offset}: with --query, give a multiple of -k")
    page = args.offset // args.top + 1 if args.top > 0 else 1
    return app.search.ask(query, k=args.top, page=page, min_score=args.min_score)


def _whole(args: argparse.Namespace) -> Query:
    besides = [name for name in (*_RANKS, *_BESIDE) if getattr(args, name) is not None]
    if args.query or besides:
        beside = f"--{besides[0]}" if besides else repr(" ".join(args.query))
        raise ArgumentError(f"--query says all of it: leave out {beside}")
    text = sys.stdin.buffer.read() if args.whole == "-" else Path(args.whole).read_bytes()
    try:
        query = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"--query {args.whole}: {error}; give a JSON object") from None
    return Query.read(query, "annotations" if args.annotations else "inputs")


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


def _numbers(given: str) -> list[float]:
    try:
        return [float(number) for number in given.split(",")]
    except ValueError:
        raise ArgumentError(f"--crop {given}: give four fractions, as 0,0,0.5,1") from None
