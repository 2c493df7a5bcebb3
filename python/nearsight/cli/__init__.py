"""The command `nearsight`: one file per command, each over the public package.

A command module has two functions: `configure(subparsers)` says what it takes, `run(args)` does it
and returns its exit code. `main` joins them, and is the only place that turns errors into codes.
"""

from nearsight.cli.main import main

__all__ = ["main"]
