"""What several commands take, and how their help looks."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DATABASE = Path("photos.ns")


def add_command(
    subparsers: Subparsers,
    name: str,
    run: Callable[[argparse.Namespace], int],
    description: str,
    *examples: str,
) -> argparse.ArgumentParser:
    """A command with its help, its examples and the options that every command takes."""
    command = subparsers.add_parser(
        name,
        help=description[0].lower() + description[1:].split(". ")[0].rstrip("."),
        description=description,
        epilog=example(*examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    add_global_options(command, with_defaults=False)
    return command


def add_global_options(parser: argparse.ArgumentParser, *, with_defaults: bool) -> None:
    """The options that may stand before the command, which has the defaults, or after it."""

    def default(value: object) -> object:
        return value if with_defaults else argparse.SUPPRESS

    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--db",
        type=Path,
        metavar="FILE",
        default=default(None),
        help=f"the database (default: {DATABASE} in this folder)",
    )
    group.add_argument(
        "--model",
        metavar="NAME",
        default=default("general"),
        help="the model it was made with (default: general)",
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=default(False),
        help="one JSON object per line on standard output",
    )
    group.add_argument(
        "-q", "--quiet", action="store_true", default=default(False), help="errors only"
    )


def example(*lines: str) -> str:
    """The examples at the end of a help page."""
    return "\n".join(["examples:" if len(lines) > 1 else "example:", *(f"  {s}" for s in lines)])


def from_stdin(arguments: Iterable[str]) -> list[str]:
    """The arguments, with the lines of standard input in the place of `-`."""
    listed: list[str] = []
    for argument in arguments:
        if argument == "-":
            listed += filter(None, (line.strip() for line in sys.stdin))
        else:
            listed.append(argument)
    return listed
