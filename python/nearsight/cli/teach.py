"""`nearsight teach`: learn concepts of your own from what is said of inputs."""

import argparse

from nearsight import App, ArgumentError, TrainingError, TrainingReport, Version
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import OK
from nearsight.cli.database import open_writable
from nearsight.cli.terminal import say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `teach` takes."""
    command = add_command(
        subparsers,
        "teach",
        run,
        "Learn concepts of your own from what is said of inputs (`nearsight add --concept`). The "
        "model is made if there is none of that name; what it learned is a new version, in use at "
        "once, for `predict` and for searches by the concepts.",
        "nearsight teach pets --concept rex --concept tom",
        "nearsight teach pets --json",
    )
    command.add_argument("name", metavar="MODEL", help="the id of your model")
    command.add_argument(
        "--concept",
        action="append",
        default=[],
        metavar="NAME",
        help="what it is to learn, beside what it has (repeatable)",
    )


def run(args: argparse.Namespace) -> int:
    """Train, and say how well each concept was learned."""
    with open_writable(args) as app:
        version = _trained(app, args.name, args.concept)
    if args.json:
        say_json({"model": args.name, **version.to_dict()})
    elif not args.quiet:
        for concept, report in version.reports.items():
            say(f"{concept}: {_in_words(report)}")
    return OK


def _trained(app: App, name: str, concepts: list[str]) -> Version:
    for model in (each for each in app.models if each.id == name):
        model.add_concepts(concepts)
        return model.train()
    if not concepts and name not in app.models:
        raise ArgumentError(f"there is no model {name!r} yet: say what it is to learn: --concept")
    made = app.models.create(name, concepts=concepts)
    try:
        return made.train()
    except TrainingError:
        app.models.delete(name)
        raise


def _in_words(report: TrainingReport) -> str:
    learned = f"from {report.positives} that show it, {report.negatives} that do not"
    if report.presumed:
        learned += f" and {report.presumed} presumed not to"
    precision = "unknown" if report.average_precision is None else f"{report.average_precision:.2f}"
    spread = "" if report.spread is None else f" ± {report.spread:.2f}"
    return f"{learned}; average precision {precision}{spread}. {report.advice}".rstrip()
