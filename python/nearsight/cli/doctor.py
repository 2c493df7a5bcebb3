"""`nearsight doctor`: is this installation sound?"""

import argparse

from nearsight import diagnosis
from nearsight.cli.arguments import Subparsers, add_command
from nearsight.cli.codes import FAILURE, OK
from nearsight.cli.terminal import say, say_json


def configure(subparsers: Subparsers) -> None:
    """Say what `doctor` takes."""
    add_command(
        subparsers,
        "doctor",
        run,
        "Check this installation: packages, core, model file, and a round trip with the network "
        "closed. Every check says what it saw; one that fails says what to do.",
        "nearsight doctor",
        database=None,
        model="the model to check",
    )


def run(args: argparse.Namespace) -> int:
    """Print each check as soon as it is done."""
    sound = True
    for check in diagnosis.diagnose(args.model):
        sound = sound and check.ok
        if args.json:
            say_json(check.to_dict())
        elif not (args.quiet and check.ok):
            say(f"{'OK  ' if check.ok else 'FAIL'}  {check.name}: {check.evidence}")
            if not check.ok:
                say(f"      {check.remedy}")
    return OK if sound else FAILURE
