"""`nearsight repair`: build the cache again, or save what is left of a damaged file."""

import argparse
from pathlib import Path

import nearsight
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import FAILURE, OK
from nearsight.cli.database import existing_path
from nearsight.cli.terminal import complain, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `repair` takes."""
    command = add_command(
        subparsers,
        "repair",
        run,
        "Build the cache again; with --to, save what can be read of a damaged database into a new "
        "file, and say how much is lost. The damaged file itself is never changed.",
        "nearsight repair",
        "nearsight repair --to saved.ns",
    )
    command.add_argument("--to", type=Path, metavar="FILE", help="the new file; must not exist")


def run(args: argparse.Namespace) -> int:
    """Repair, and say what became of it."""
    path = existing_path(args)
    if args.to is not None:
        return _salvage(path, args)
    if found := nearsight.check(path).file:
        for line in found:
            complain(line)
        complain(
            f"the cache cannot help {path}: save what is left with `nearsight repair --to NEW`"
        )
        return FAILURE
    with nearsight.open(path, model=args.model) as app:
        app.repair()
    if not args.quiet:
        say("the cache was built again")
    return OK


def _salvage(path: Path, args: argparse.Namespace) -> int:
    tables = nearsight.salvage(path, args.to)
    if args.json:
        say_json({"path": str(args.to), "tables": tables})
    elif not args.quiet:
        for name, (kept, lost) in tables.items():
            if kept or lost:
                say(f"{name:>13}  {kept} kept, {lost} lost")
    return OK
