"""`nearsight predict`: what pictures show, as a model sees it."""

import argparse
from collections.abc import Mapping
from typing import Any

from nearsight import App, NotFoundError, PictureError
from nearsight.cli.arguments import Subparsers, add_command, from_stdin
from nearsight.cli.codes import FAILURE, OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import complain, say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `predict` takes."""
    command = add_command(
        subparsers,
        "predict",
        run,
        "Say what pictures show, as a model sees it. They need not be in the database, and do not "
        "come in.",
        "nearsight predict cat.jpg",
        "nearsight predict holiday/*.jpg --with pets --json",
        "nearsight predict poster.png --with color",
    )
    command.add_argument(
        "picture", nargs="+", metavar="PICTURE", help="their paths; - reads them from stdin"
    )
    command.add_argument(
        "--with",
        dest="name",
        default="general",
        metavar="MODEL",
        help="one of your own, or general, food, travel, apparel, embed, color, focus (general)",
    )
    command.add_argument("-k", "--top", type=int, default=5, metavar="N", help="concepts (5)")
    command.add_argument(
        "--min-value", type=float, default=0.0, metavar="P", help="leave out what is less probable"
    )


def run(args: argparse.Namespace) -> int:
    """Predict; pictures that cannot be used are named and passed over."""
    pictures = from_stdin(args.picture)
    seen = 0
    with open_existing(args) as app:
        app.models.get(args.name)  # its absence is no fault of the first picture's
        for picture in pictures:
            try:
                said = _seen(app, picture, args)
            except (PictureError, NotFoundError) as error:
                complain(str(error))
                continue
            seen += 1
            _say(picture, said, args)
    return OK if seen else FAILURE


def _seen(app: App, picture: str, args: argparse.Namespace) -> dict[str, Any]:
    """What the model makes of one picture, JSON-ready. Raises what `predict` does."""
    model: Any = app.models.get(args.name)
    if model.type == "embed":
        return {"vector": model.predict(picture).tolist()}
    if model.type == "color":
        return {"colors": [color._asdict() for color in model.predict(picture)]}
    limits = {"min_value": args.min_value, "max_concepts": args.top}
    found = model.predict(picture, **(limits if model.type == "concept" else {}))
    return {"concepts": [{"name": name, "probability": value} for name, value in found]}


def _say(picture: str, said: Mapping[str, Any], args: argparse.Namespace) -> None:
    if args.json:
        say_json({"source": picture, "model": args.name, **said})
        return
    if "vector" in said:
        words = f"a vector of {len(said['vector'])} numbers; --json prints them"
    elif "colors" in said:
        words = ", ".join(f"{c['name']} {c['hex']} {c['share']:.2f}" for c in said["colors"])
    else:
        words = ", ".join(f"{c['name']} {c['probability']:.2f}" for c in said["concepts"])
    say(f"{picture}: {words or 'nothing in particular'}")
