"""A disk that remembers: what SQLite writes to a database and its log, in order, and when it syncs.

It is an SQLite VFS below the one that makes checksums, so it sees what would go to the medium. Make
it before anything of nearsight is opened, in a process of its own: it becomes the default VFS.
"""

from dataclasses import dataclass, field

import apsw


@dataclass(frozen=True, slots=True)
class Event:
    """One act on one file: write (offset, data), truncate (offset), sync, delete; or an ack."""

    act: str
    file: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class DiskLog:
    """Everything that happened to files whose name begins with `prefix`, while `prefix` is set."""

    events: list[Event] = field(default_factory=list)
    prefix: str = "\0"

    def note(self, act: str, file: str, offset: int = 0, data: bytes = b"") -> None:
        """Remember one act."""
        if file.startswith(self.prefix):
            self.events.append(Event(act, file[len(self.prefix) :], offset, data))

    def acknowledge(self) -> None:
        """The caller was told that what it asked for is done."""
        self.events.append(Event("ack"))


class _File(apsw.VFSFile):
    def __init__(self, log: DiskLog, name: object, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._log = log
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite named it
        super().xWrite(data, offset)
        self._log.note("write", self._name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite named it
        super().xTruncate(size)
        self._log.note("truncate", self._name, size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite named it
        super().xSync(flags)
        self._log.note("sync", self._name)


class _Vfs(apsw.VFS):
    def __init__(self, log: DiskLog) -> None:
        super().__init__("disk_log", "unix", makedefault=True)
        self._log = log

    def xOpen(self, name: object, flags: list[int]) -> _File:  # noqa: N802 - SQLite named it
        return _File(self._log, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802 - SQLite named it
        super().xDelete(name, sync_folder)
        self._log.note("delete", name, int(sync_folder))


def install() -> tuple[DiskLog, apsw.VFS]:
    """Make it the default VFS of this process; keep the second part alive as long as it is used."""
    log = DiskLog()
    return log, _Vfs(log)
