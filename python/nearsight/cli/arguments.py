"""What several commands take, and how their help looks."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DATABASE = Path("photos.ns")

_DATABASE_HELP = f"the database (default: {DATABASE} in this folder)"
_MODEL_HELP = "the model it was made with"
_NEGATIVE = re.compile(
    r"-(?!0$)[\d.]"
)  # a number, or a latitude and longitude, but not the option -0
_OPTION = re.compile(r"-[a-z]|--[a-z-]+")


def add_command(
    subparsers: Subparsers,
    name: str,
    run: Callable[[argparse.Namespace], int],
    description: str,
    *examples: str,
    database: str | None = _DATABASE_HELP,
    model: str = _MODEL_HELP,
) -> argparse.ArgumentParser:
    """A command with its help, its examples and the options that every command takes.

    `database` and `model` are its help on --db and --model; None for one that uses no database.
    """
    command = subparsers.add_parser(
        name,
        help=description[0].lower() + description[1:].split(". ")[0].rstrip("."),
        description=description,
        epilog=example(*examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    add_global_options(command, with_defaults=False, database=database, model=model)
    return command


def add_global_options(
    parser: argparse.ArgumentParser,
    *,
    with_defaults: bool,
    database: str | None = _DATABASE_HELP,
    model: str = _MODEL_HELP,
) -> None:
    """The options that may stand before the command, which has the defaults, or after it."""

    def default(value: object) -> object:
        return value if with_defaults else argparse.SUPPRESS

    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--db",
        type=Path,
        metavar="FILE",
        default=default(None),
        help=argparse.SUPPRESS if database is None else database,
    )
    group.add_argument(
        "--model",
        metavar="NAME",
        default=default("general"),
        help=f"{model} (default: general)",
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
    """The arguments, with the lines of standard input in the place of `-`.

    Lines that end with NUL, if there is any; bytes that are no UTF-8 come as in file names.
    """
    listed: list[str] = []
    for argument in arguments:
        if argument == "-":
            given = sys.stdin.buffer.read()
            lines = given.split(b"\0" if b"\0" in given else b"\n")
            listed += [os.fsdecode(line).rstrip("\r") for line in lines if line.strip()]
        else:
            listed.append(argument)
    return listed


def bind_negative_numbers(arguments: Sequence[str]) -> list[str]:
    """`-k -1` as `-k=-1`: beside the option -0, argparse takes negative numbers for options."""
    bound: list[str] = []
    for argument in arguments:
        before = bound[-1] if bound else ""
        if _NEGATIVE.match(argument) and _OPTION.fullmatch(before):
            bound[-1] = f"{before}={argument}"
        else:
            bound.append(argument)
    return bound
