"""`nearsight compact`: make the database small, and what was erased unreadable."""

import argparse
import sys

from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import OK
from nearsight.cli.database import open_writable
from nearsight.cli.terminal import say, say_json, size


def configure(subparsers: Subparsers) -> None:
    """Say what `compact` takes."""
    add_command(
        subparsers,
        "compact",
        run,
        "Rewrite the database and its cache, so that nothing of what was erased is left in them. "
        "No other program may have it open for writing.",
        "nearsight compact --db trip.ns",
    )


def run(args: argparse.Namespace) -> int:
    """Compact, and say what that freed."""
    with open_writable(args) as app:
        freed = app.compact()
        info = app.info()
    if args.json:
        say_json({"freed_bytes": freed, "size_bytes": info.size_bytes})
    elif not args.quiet:
        change = f"{size(freed)} freed" if freed >= 0 else f"{size(-freed)} more than before"
        say(f"{change}; the database takes {size(info.size_bytes)}", to=sys.stderr)
    return OK
