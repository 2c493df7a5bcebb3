"""`nearsight suggest`: which inputs to label next."""

import argparse
import sys

from nearsight import ArgumentError, Model
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import place, say, say_json, table


def configure(subparsers: Subparsers) -> None:
    """Say what `suggest` takes."""
    command = add_command(
        subparsers,
        "suggest",
        run,
        "Name the inputs whose label would help a model of your own most, the most helpful first. "
        "Say of each what it shows with `nearsight add FILE --concept` or `--not-concept`, then "
        "teach again.",
        "nearsight suggest pets -k 5",
    )
    command.add_argument("name", metavar="MODEL", help="the id of your model")
    command.add_argument("-k", "--top", type=int, default=10, metavar="N", help="inputs (10)")


def run(args: argparse.Namespace) -> int:
    """Print the suggestions."""
    with open_existing(args) as app:
        model = app.models[args.name]
        if not isinstance(model, Model):
            raise ArgumentError(
                f"{args.name!r} comes with nearsight and learns nothing here: name one of your own"
            )
        found = model.suggest(args.top)
    if args.json:
        for each in found:
            asked = {"concept": each.concept, "probability": each.probability}
            say_json({**asked, "input": each.input.to_dict()})
    elif found:
        head = ("concept", "probability", "id", "picture")
        rows = [(s.concept, f"{s.probability:.2f}", s.input.id, place(s.input)) for s in found]
        table(head, rows)
    elif not args.quiet:
        say("nothing is unlabelled", to=sys.stderr)
    return OK if found else NOTHING
