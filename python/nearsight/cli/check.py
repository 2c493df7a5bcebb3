"""`nearsight check`: is the database sound?"""

import argparse

import nearsight
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import FAILURE, OK
from nearsight.cli.database import existing_path
from nearsight.cli.terminal import counted, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `check` takes."""
    add_command(
        subparsers,
        "check",
        run,
        "Look at every page of the database and every block of its cache, and name what is "
        "damaged. Changes nothing; other programs may have the database open.",
        "nearsight check --db trip.ns",
        "nearsight check -q --db /mnt/stick/photos.ns",
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found."""
    found = nearsight.check(existing_path(args))
    if args.json:
        say_json(found.to_dict())
    else:
        _say(found, quiet=args.quiet)
    return OK if found.ok else FAILURE


def _say(found: nearsight.Checkup, *, quiet: bool) -> None:
    for line in found.file:
        say(f"DAMAGED  {line}")
    if found.file:
        say(f"         What to do: restore a copy of {found.path}.")
    for line in found.cache:
        say(f"DAMAGED  {line}")
    if found.cache:
        say("         What to do: delete the folder; it is made again from the database.")
    if found.ok and not quiet:
        say(f"OK       {found.path}: {counted(found.pages, 'page')} and the cache are sound")
