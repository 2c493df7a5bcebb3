"""The folder of one database's derived files: whose it is, and taking the files away.

It lies beside the database and may be deleted at any moment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from nearsight.errors import DatabaseError

_OURS = ("manifest", "manifest-*.tmp", "rows-*.seg", "columns", "columns-*.tmp", "facts-*.seg")


def cache_of(path: Path) -> Path:
    """Where the derived files of the database at `path` are."""
    return path.with_name(path.name + "-cache")


@contextmanager
def forgotten(directory: Path) -> Iterator[None]:
    """Take the derived files away because another database takes its place, and keep others out.

    Raises `DatabaseError` where the folder is another app's or the files cannot be removed.
    """
    try:
        is_there = directory.is_dir()
    except OSError as error:
        raise DatabaseError(f"{directory} cannot be looked into ({error.strerror}).") from error
    if not is_there:
        yield
        return
    cache = Cache(directory, read_only=False)
    try:
        if not cache.is_ours:
            raise DatabaseError(f"{directory} is in use by another app: close that one first.")
        cache.clear()
        if cache.directory is None:
            raise DatabaseError(f"{directory}: its files cannot be removed. Delete the folder.")
        yield
    finally:
        cache.release()


def is_folder(path: Path) -> bool:
    """Is there a folder that can be looked into, as far as the disk will say?"""
    try:
        return path.is_dir()
    except OSError:
        return False


class Cache:
    """The folder of one engine's derived files: whose it is, and taking the files away.

    `directory` is None where there is nothing to read and nothing may be written.
    """

    def __init__(self, directory: Path, *, read_only: bool) -> None:
        """Claim the folder, unless `read_only` or another app has it (a lock that dies with it)."""
        self.given = directory
        self.directory: Path | None = directory
        self._lock: int | None = None if read_only else self._claimed()
        if self._lock is None and not is_folder(directory):
            self.directory = None

    @property
    def is_ours(self) -> bool:
        """May this engine write?"""
        return self._lock is not None

    def _claimed(self) -> int | None:
        import fcntl

        try:
            self.given.mkdir(exist_ok=True)
            lock = os.open(self.given / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with suppress(OSError):
                os.close(lock)
            return None
        _claims.add(self)
        return lock

    def leave_to_the_parent(self) -> None:
        """In a forked child: let go of its copy of the lock, which would outlive the parent."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def clear(self) -> None:
        """Remove the derived files if they are ours to remove; else do without the folder."""
        try:
            files = [file for pattern in _OURS for file in self.given.glob(pattern)]
        except OSError:
            files = [self.given]  # which cannot be removed so
        left = 0 if self.is_ours else 1
        for file in files:
            try:
                if self.is_ours:
                    file.unlink(missing_ok=True)
            except OSError:
                left += 1
        if left:
            self.directory = None  # the damaged files would be read again

    def release(self) -> None:
        """Give the folder to whoever wants it next."""
        lock, self._lock = self._lock, None
        if lock is not None:
            import fcntl

            with suppress(OSError):  # the lock is gone with the process at the latest
                fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough where a child has it
            with suppress(OSError):
                os.close(lock)


_claims: WeakSet[Cache] = WeakSet()


def _leave_claims_to_the_parent() -> None:
    for cache in list(_claims):
        cache.leave_to_the_parent()


os.register_at_fork(after_in_child=_leave_claims_to_the_parent)
