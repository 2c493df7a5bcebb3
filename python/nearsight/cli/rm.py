"""`nearsight rm`: take inputs out."""

import argparse
import sys

from nearsight.cli.arguments import Subparsers, add_command, from_stdin
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_writable
from nearsight.cli.terminal import complain, counted, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `rm` takes."""
    command = add_command(
        subparsers,
        "rm",
        run,
        "Take inputs out of the database with all that is known of them. Your files stay.",
        "nearsight rm 0c1f6a4d9be2537f8a60d4c1b9e37f52",
        "nearsight search screenshot.png -k 3 -i | nearsight rm -",
    )
    command.add_argument(
        "id",
        nargs="+",
        metavar="ID",
        help="ids in full, as `nearsight search -i` prints them; - reads them from stdin",
    )


def run(args: argparse.Namespace) -> int:
    """Erase; ids that are not there are named and passed over."""
    ids = from_stdin(args.id)
    with open_writable(args) as app:
        erased = app.inputs.delete(ids)
        left = len(app.inputs)
    for unknown in dict.fromkeys(ids):
        if unknown not in set(erased):
            complain(f"no input has the id {unknown!r}: `nearsight search -i` prints them in full")
    if args.json:
        for id_ in erased:
            say_json({"id": id_, "status": "erased"})
    if not args.quiet:
        say(f"{len(erased)} erased; the database holds {counted(left, 'input')}", to=sys.stderr)
    return OK if erased else NOTHING
