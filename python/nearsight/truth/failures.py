"""What SQLite reports, in our words: each failure with the file's name and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

import apsw

from nearsight.errors import CorruptionError, DatabaseError, ReadOnlyError

BUSY_TIMEOUT_MS = 10_000  # how long a statement waits for another process before it fails
IOERR_DATA = 8202  # SQLITE_IOERR_DATA: a page's checksum does not match


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, naming the file and the remedy."""
    try:
        yield
    except apsw.NotADBError as error:
        raise DatabaseError(
            f"{path} is not a nearsight database. Give the path of one, or of a file that does not "
            "exist yet to create one there."
        ) from error
    except (apsw.CorruptError, apsw.IOError) as error:
        if isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) != IOERR_DATA:
            raise DatabaseError(
                f"{path}: the disk reported an error ({error}). Nothing of the current change was "
                "kept; everything acknowledged before is. Check the disk, then open it again."
            ) from error
        raise damaged(path, "a page is not what nearsight wrote") from error
    except apsw.FullError as error:
        raise DatabaseError(
            f"{path}: the disk is full. Nothing of the current change was kept; everything "
            "acknowledged before is. Free some space and repeat it."
        ) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise ReadOnlyError(
            f"{path} cannot be written: check the permissions of the file and of its folder, or "
            "open it with read_only=True."
        ) from error
    except apsw.BusyError as error:
        raise DatabaseError(
            f"{path} is being written by another process and did not become free within "
            f"{BUSY_TIMEOUT_MS // 1000} s. Try again when it has finished."
        ) from error
    except apsw.CantOpenError as error:
        raise DatabaseError(
            f"{path} cannot be opened: check that it is a file and that you may read and write it "
            "and its folder."
        ) from error
    except OSError as error:
        raise DatabaseError(
            f"{path}: the operating system reported an error ({error.strerror}). Everything "
            "acknowledged before is kept. Check the disk, then open it again."
        ) from error
    except (UnicodeDecodeError, JSONDecodeError) as error:
        raise damaged(path, f"a text in it is not what nearsight writes, {error}") from error
    except apsw.Error as error:
        if is_damage(error):
            raise damaged(path, f"its tables are not those nearsight made ({error})") from error
        raise DatabaseError(
            f"{path}: SQLite refuses ({error}). Nothing of the current change was kept; everything "
            "acknowledged before is. Open it again; if that does not help, restore a copy."
        ) from error


def is_damage(error: apsw.Error) -> bool:
    """Does SQLite miss what every database of ours has? Our statements fit our tables."""
    return isinstance(error, apsw.SQLError) and str(error).startswith(("no such", "malformed"))


def damaged(path: Path, how: str) -> CorruptionError:
    """The error that says that, and how, the file is damaged."""
    return CorruptionError(
        f"{path} is damaged: {how} (a failing disk, or a write by another program). Restore a copy "
        "of the file."
    )
