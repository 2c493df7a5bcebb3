"""Which files are open as a database in this process.

A POSIX lock belongs to a process and a file: as soon as the process closes any descriptor of the
file, all its locks on it are gone, and another process may undo what was acknowledged
(https://sqlite.org/howtocorrupt.html, section 2.2). So whoever opens files that others name asks
here first. A list and no lock: its `append` and `remove` are atomic, and a lock that some thread
holds during a fork would stay locked in the child for ever.
"""

import os
from pathlib import Path

__all__ = ["hold", "is_held", "is_inherited", "release"]

_SUFFIXES = ("", "-wal", "-shm")  # the database, and what SQLite keeps beside it

_held: list[tuple[str, int]] = []  # real path, process; as often as it is open


def hold(path: Path) -> Path:
    """Announce that the database at `path` is about to be opened. Give the result to `release`."""
    real = os.path.realpath(path)  # SQLite's companions lie beside the file, not beside a link
    _held.append((real, os.getpid()))
    return Path(real)


def release(real: Path) -> None:
    """Tell that the database was closed, once for each `hold`."""
    _held.remove((str(real), os.getpid()))


def is_held(status: os.stat_result) -> bool:
    """Tell whether this is a database that is open here, or one of its companions."""
    return _is_any(status, {real for real, _ in _held})


def is_inherited(path: Path) -> bool:
    """Tell whether the database at `path` was open when this process was forked."""
    try:
        status = path.stat()
    except OSError:
        return False
    return _is_any(status, {real for real, process in _held if process != os.getpid()})


def _is_any(status: os.stat_result, databases: set[str]) -> bool:
    """Compare with the files as they are now: companions come and go."""
    return any(_is_same(status, real + suffix) for real in databases for suffix in _SUFFIXES)


def _is_same(status: os.stat_result, path: str) -> bool:
    try:
        return os.path.samestat(status, os.stat(path))  # noqa: PTH116 - names in bulk, no Path
    except OSError:
        return False
