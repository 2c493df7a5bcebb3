"""The folder of an index: one process at a time writes to it."""

import os
from pathlib import Path

from nearsight.errors import DatabaseError, ReadOnlyError


def claimed(folder: Path) -> int:
    """Lock the folder (made if missing) for this process, until it lets go or dies."""
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError as error:
        raise ReadOnlyError(f"cannot write in {folder}: {error}; open it read_only") from None
    except OSError as error:
        raise DatabaseError(f"cannot use {folder}: {error}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DatabaseError(
            f"{folder} is in use: close the other nearsight.Index, or open it read_only"
        ) from None
    return lock
