"""Files that are being made beside their place, to be moved there whole."""

import os
from contextlib import suppress
from glob import escape
from pathlib import Path

__all__ = ["beside"]


def beside(place: Path, what: str) -> Path:
    """A hidden path beside `place` for what this process makes there; nothing is at it yet.

    What processes that were killed have left of the same (they are gone, as the number in the name
    tells) is taken away. Raises `OSError` where this process has left something that cannot be.
    """
    with suppress(OSError):
        for left in place.parent.glob(f".{escape(place.name)}-*-{what}*"):
            number = left.name.removeprefix(f".{place.name}-").partition("-")[0]
            if number.isdigit() and not _lives(int(number)):
                left.unlink()
    fresh = place.with_name(f".{place.name}-{os.getpid()}-{what}")
    fresh.unlink(missing_ok=True)
    return fresh


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True
