"""What people see: lines, tables and complaints that a file's name cannot garble."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from nearsight import Input


def prepare_streams() -> None:
    """Let no character stop a line: what the terminal cannot show is escaped.

    What the caller closed (`>&-`) leads nowhere, or the next file opened would be in its place.
    """
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(line: str, *, to: TextIO | None = None) -> None:
    """Write one line, its control characters escaped: names come from anywhere."""
    print(printable(line), file=to or sys.stdout)


def complain(line: str) -> None:
    """Write one line to standard error, as `nearsight: …`."""
    say(f"nearsight: {line}", to=sys.stderr)


def say_json(value: object) -> None:
    """Write one JSON object as one line, at once: some of them are promises."""
    print(json.dumps(value), flush=True)


def printable(text: str) -> str:
    """The text with everything escaped that could move a terminal's cursor or break a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write columns, numbers to the right; the last column may be as long as it likes."""
    cells = [list(head), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        padded = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        say("  ".join([*padded, row[-1]]).rstrip())


def place(input: Input) -> str:
    """Where an input came from: its file, or the name it was given."""
    path: Path | None = input.path
    return input.name if path is None else str(path)


def counted(count: int, noun: str) -> str:
    """`1 input`, `2 inputs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes for people: 999 bytes, 1.5 MB."""
    if count < 1000:
        return f"{count} bytes"
    power = min(len(str(count)) - 1, 11) // 3
    return f"{count / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"
