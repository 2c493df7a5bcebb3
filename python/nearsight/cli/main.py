"""From a command line to an exit code."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from nearsight import ArgumentError, NearsightError, __version__
from nearsight.cli import (
    add,
    backup,
    bench,
    check,
    compact,
    demo,
    doctor,
    info,
    predict,
    repair,
    rm,
    search,
    show,
    suggest,
    teach,
)
from nearsight.cli.arguments import add_global_options, bind_negative_numbers, example
from nearsight.cli.codes import BROKEN_PIPE, FAILURE, INTERRUPTED, USAGE
from nearsight.cli.terminal import complain, prepare_streams

_COMMANDS = (
    *(add, search, show, info, rm),
    *(teach, predict, suggest),
    *(check, backup, compact, repair),
    *(demo, doctor, bench),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command (of `sys.argv` if `argv` is None); its exit code. Bad usage exits with 2."""
    prepare_streams()
    given = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(bind_negative_numbers(given))
    level = logging.ERROR if args.quiet else logging.WARNING
    logging.basicConfig(format="nearsight: %(message)s", level=level)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except ArgumentError as error:
        return _failed(error, USAGE)
    except BrokenPipeError:
        return _stop_writing()
    except NearsightError as error:
        return _failed(error, FAILURE)
    except OSError as error:
        complain(_in_words(error))
        return FAILURE
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    return code


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    whole = argparse.ArgumentParser(
        prog="nearsight",
        description="Put pictures in, find them again: by picture, concept or words. No network.",
        epilog="exit codes: 0 done or found, 1 nothing found, 2 bad usage, 3 failure, 130 Ctrl-C\n"
        + example("nearsight add ~/Pictures", "nearsight search dog"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"nearsight {__version__}")
    add_global_options(whole, with_defaults=True)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.configure(commands)
    return whole


def _failed(error: Exception, code: int) -> int:
    complain(str(error))
    return code


def _in_words(error: OSError) -> str:
    """What the system refused, and what to do."""
    what = error.filename or "reading or writing"
    if isinstance(error, PermissionError):
        return f"{what}: you have no right to this: check the rights of the file and its folders"
    return f"{what}: {error.strerror or error}"


def _stop_writing() -> int:
    """Whoever read our output has left: say nothing more, also not while Python shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
