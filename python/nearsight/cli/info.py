"""`nearsight info`: what a database holds."""

import argparse

from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import OK
from nearsight.cli.database import open_existing
from nearsight.cli.terminal import say, say_json, size


def configure(subparsers: Subparsers) -> None:
    """Say what `info` takes."""
    add_command(
        subparsers,
        "info",
        run,
        "Say what the database holds, how big it is and what searches it.",
        "nearsight info --db trip.ns",
    )


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    with open_existing(args) as app:
        info, models = app.info(), [model.id for model in app.models]
    if args.json:
        say_json(info.to_dict())
        return OK
    more = info.annotations - info.inputs
    said = [f"{name} ({yes} yes, {no} no)" for name, (yes, no) in info.said.items()]
    facts = {
        "database": str(info.path),
        "inputs": f"{info.inputs}, with {more} more annotations" if more else str(info.inputs),
        "said": ", ".join(said) or "nothing",
        "model": ", ".join([info.model, *models]),
        "size": f"{size(info.size_bytes)}, and {size(info.cache_bytes)} of cache",
        "commits": str(info.commits),
        "kernel": info.kernel,
    }
    for name, fact in facts.items():
        say(f"{name:>8}  {fact}")
    return OK
