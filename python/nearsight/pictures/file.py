"""Pictures in files: by path, or open. Whatever the path leads to, reading it never hangs."""

from __future__ import annotations

import errno
import os
import re
import stat
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote

from nearsight.held import is_held
from nearsight.pictures.limits import Limits
from nearsight.pictures.source import Source
from nearsight.pictures.unusable import UnusableError

__all__ = ["is_database", "of_file", "of_path", "path_name", "reason", "start_of"]

_CHUNK_BYTES = 1 << 20
# Control characters, lone surrogates, and marks that reorder text: a name must not lie in a log,
# and must be storable as UTF-8.
_UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_REASONS = {
    errno.ENOENT: "there is no such file or folder; check the path",
    errno.ENOTDIR: "there is no such file or folder; check the path",
    errno.EACCES: "permission denied; make it and the folders above it readable for this user",
    errno.EPERM: "permission denied; make it and the folders above it readable for this user",
    errno.ELOOP: "its symbolic links lead in a circle; remove or repair them",
    errno.ENAMETOOLONG: "its path is longer than this system allows",
    errno.EIO: "the disk cannot read it (input/output error); check the disk",
    errno.EMFILE: "too many files are open; close some, or raise the limit (ulimit -n)",
}


def path_name(path: str) -> str:
    r"""Write a path so that it can be printed and stored.

    >>> path_name("holiday\n.jpg")
    'holiday\\n.jpg'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), path)


def reason(error: OSError) -> str:
    """Say in plain words, with the cure, why the system refused."""
    return _REASONS.get(error.errno or 0, f"cannot be read: {error.strerror or error}")


def of_path(path: str) -> Source:
    """Return a file as a source; whether it can be read turns out when it is loaded."""
    uri = "file://" + quote(os.fsencode(Path(path).absolute()))
    return Source(path_name(path), uri, partial(_read_path, path))


def _read_path(path: str, limits: Limits) -> bytes:
    try:
        with _open(path) as file:
            expected = os.fstat(file.fileno()).st_size
            limits.check_bytes(expected)
            return _read_all(file, expected, limits)
    except OSError as error:
        broken_link = isinstance(error, FileNotFoundError) and os.path.lexists(path)
        words = "is a link to something that does not exist; remove or repair it"
        raise UnusableError(words if broken_link else reason(error)) from error


def _open(path: str | Path) -> IO[bytes]:
    """Open a regular file, and nothing else: a pipe or a device could hang or worse.

    Nor a database that is open in this process: to close it again would drop its locks.
    """
    status = Path(path).stat()
    _require_regular(status.st_mode)
    if is_held(status):
        raise UnusableError("is the open database itself, or a part of it, not a picture")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    file = os.fdopen(descriptor, "rb", buffering=0)
    try:
        # Looked at again, now that it cannot change: it may have been replaced in between.
        _require_regular(os.fstat(descriptor).st_mode)
    except UnusableError:
        file.close()
        raise
    return file


def _require_regular(mode: int) -> None:
    for is_kind, words in _KINDS:
        if is_kind(mode):
            raise UnusableError(f"is {words}, not a file with a picture")


def _read_all(file: IO[bytes], expected: int, limits: Limits) -> bytes:
    """Read to the end, in one go if the size is as expected, and never far beyond the limit."""
    chunks: list[bytes] = []
    total, ask = 0, min(expected, limits.max_bytes) + 1
    while chunk := file.read(ask):
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise UnusableError("the file was opened as text; open it with mode 'rb'")
        chunks.append(bytes(chunk))
        total, ask = total + len(chunk), _CHUNK_BYTES
        limits.check_bytes(total)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def is_database(path: Path) -> bool:
    """Tell whether this is a file of a database that is open in this process."""
    try:
        return is_held(path.stat())
    except OSError:
        return False


def start_of(path: Path, count: int) -> bytes:
    """Return the first bytes of a regular file; of anything else, or if unreadable, none."""
    try:
        with _open(path) as file:
            return file.read(count)
    except (OSError, UnusableError):
        return b""


def of_file(file: IO[bytes]) -> Source:
    """Return an open binary file as a source, from where it stands to its end. It stays open."""
    name = getattr(file, "name", None)
    shown = path_name(name) if isinstance(name, str) and name else "<file>"
    return Source(shown, None, partial(_read_open, file))


def _read_open(file: IO[bytes], limits: Limits) -> bytes:
    try:
        return _read_all(file, _CHUNK_BYTES, limits)
    except UnusableError:
        raise
    # The object is the caller's: closed files raise ValueError, others what they like.
    except Exception as error:
        raise UnusableError(f"the open file cannot be read: {error}") from error
