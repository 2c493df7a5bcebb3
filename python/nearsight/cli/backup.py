"""`nearsight backup`: copy the database while it is in use."""

import argparse
import sys
from pathlib import Path

from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import say, say_json, size


def configure(subparsers: Subparsers) -> None:
    """Say what `backup` takes."""
    command = add_command(
        subparsers,
        "backup",
        run,
        "Copy the database to a file of its own, also while programs write to it. The copy is "
        "checked, and appears whole or not at all. Restoring is the same the other way round.",
        "nearsight backup /mnt/stick/photos.ns",
        "nearsight backup photos.ns --db /mnt/stick/photos.ns --overwrite",
    )
    command.add_argument("to", type=Path, metavar="FILE", help="where the copy goes")
    command.add_argument("--overwrite", action="store_true", help="replace a file that is there")


def run(args: argparse.Namespace) -> int:
    """Copy, and say how much."""
    with open_existing(args) as app:
        copy = app.backup(args.to, overwrite=args.overwrite)
        inputs = len(app.inputs)
    count = copy.stat().st_size
    if args.json:
        say_json({"path": str(copy), "size_bytes": count})
    elif not args.quiet:
        say(f"{copy}: {size(count)}, of a database of {inputs} inputs", to=sys.stderr)
    return OK
