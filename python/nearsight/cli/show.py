"""`nearsight show`: all that is known of an input."""

import argparse
import json

from nearsight import App, Input
from nearsight.cli.arguments import Subparsers, add_command, from_stdin
from nearsight.cli.codes import NOTHING, OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import complain, place, say, say_json, size

_LEAST_PROBABILITY = 0.01


def configure(subparsers: Subparsers) -> None:
    """Say what `show` takes."""
    command = add_command(
        subparsers,
        "show",
        run,
        "Show what is known of inputs and what the model sees in them.",
        "nearsight show 0c1f6a4d9be2537f8a60d4c1b9e37f52",
        "nearsight search dog -i | nearsight show - --json",
    )
    command.add_argument(
        "id",
        nargs="+",
        metavar="ID",
        help="ids in full, as `nearsight search -i` prints them; - reads them from stdin",
    )
    command.add_argument("-k", "--top", type=int, default=5, metavar="N", help="concepts (5)")


def run(args: argparse.Namespace) -> int:
    """Show each input; unknown ids are named and passed over."""
    found = 0
    with open_existing(args) as app:
        for id_ in from_stdin(args.id):
            if id_ not in app.inputs:
                complain(f"no input has the id {id_!r}: `nearsight search -i` prints them in full")
                continue
            found += 1
            _show(app, app.inputs[id_], args)
    return OK if found else NOTHING


def _show(app: App, input: Input, args: argparse.Namespace) -> None:
    seen = app.inputs.predictions(input.id, args.top, _LEAST_PROBABILITY)
    if args.json:
        predicted = [{"id": c.id, "name": c.name, "probability": p} for c, p in seen]
        say_json({**input.to_dict(), "predicted": predicted})
        return
    said = [name if shows else f"not {name}" for name, shows in input.concepts.items()]
    facts = {
        "id": input.id,
        "picture": place(input),
        "format": f"{input.format}, {input.width} x {input.height}, {size(input.size_bytes)}",
        "content": f"SHA-256 {input.content}",
        "added": input.added_at.astimezone().isoformat(" ", "seconds"),
        "said": ", ".join(said) or "nothing",
        "metadata": json.dumps(input.metadata, ensure_ascii=False) if input.metadata else "none",
        "geo": "unknown" if input.geo is None else "{}, {}".format(*input.geo),
        "seen": ", ".join(f"{c.name} {p:.2f}" for c, p in seen) or "nothing in particular",
    }
    for name, fact in facts.items():
        say(f"{name:>8}  {fact}")
