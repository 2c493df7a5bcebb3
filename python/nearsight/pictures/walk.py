"""Find the pictures that something stands for: a path, a folder, a glob, bytes, an array, …"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import numpy as np

from nearsight.errors import PictureError
from nearsight.pictures.file import is_database, of_file, of_path, path_name, reason, start_of
from nearsight.pictures.formats import sniff
from nearsight.pictures.memory import (
    is_base64,
    of_array,
    of_base64,
    of_bytes,
    of_data_url,
    of_image,
)
from nearsight.pictures.source import Source

__all__ = ["find", "is_several"]

Found = Iterator[Source | PictureError]
T = TypeVar("T")

_READABLE = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib"}
_PHOTOS = {".heic", ".heif", ".avif", ".jxl", ".jp2", ".cr2", ".cr3", ".nef", ".arw", ".dng"}
_ENDINGS = _READABLE | {".tif", ".tiff"} | _PHOTOS
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MAGIC = re.compile(r"[*?[]")
_SNIFFED = 18
_MAX_DEPTH = 16
_SHOWN = 200


def find(what: object, keep: type[T] | tuple[()] = ()) -> Iterator[Source | PictureError | T]:
    """Yield a Source for every picture that `what` stands for, lazily and in a fixed order.

    A path; a folder (recursive, sorted by name, hidden entries left out, linked folders entered
    once); a glob such as `photos/**/*.jpg`; a `file://` or `data:` URL; the bytes of a picture
    file, or base64 of them (text or bytes); an open binary file (read from where it stands); a
    numpy array; a PIL image; a Source; or an iterable of all these.

    In folders and globs a file counts as a picture when its name ends like a photo's (then whatever
    is wrong with it is reported) or when its content is a picture; other files are passed over,
    and so are the files of a database that is open in this process.
    What is missing, unreadable or no picture at all comes as a PictureError in its place: yielded,
    not raised, so it never stops the rest. `http://` is among that: nearsight uses no network.
    Objects of the type `keep` are yielded as they are, for a caller that knows what they mean.
    """
    return _find(what, keep, 0)


def _find(what: Any, keep: Any, depth: int) -> Iterator[Any]:
    if isinstance(what, (Source, PictureError, keep)):
        yield what
    elif isinstance(what, os.PathLike):
        yield from _in_path(os.fsdecode(what))
    elif isinstance(what, str):
        yield from _in_text(what)
    elif isinstance(what, bytes | bytearray | memoryview):
        yield of_bytes(what)
    elif isinstance(what, np.ndarray):
        yield of_array(what)
    elif _is_pil(what):
        yield of_image(what)
    elif hasattr(what, "read"):
        yield of_file(what)
    elif is_several(what):
        yield from _in_each(what, keep, depth)
    else:
        yield PictureError(
            f"<{type(what).__name__}>",
            "is nothing that pictures can be read from; give a path, folder, bytes, open file, "
            "numpy array, PIL image, or a list of these",
        )


def is_several(what: object) -> bool:
    """Tell whether it is an iterable of things to find; one that stands for several is none."""
    one = (Source, PictureError, str, bytes, bytearray, memoryview, np.ndarray, Mapping)
    return isinstance(what, Iterable) and not (isinstance(what, one) or hasattr(what, "read"))


def _is_pil(what: object) -> bool:
    """Tell whether it is a PIL image; where Pillow was never imported, nobody can have made one."""
    # Another thread may be in the middle of importing it: the class comes later than the module.
    pil = getattr(sys.modules.get("PIL.Image"), "Image", None)
    return pil is not None and isinstance(what, pil)


def _in_each(several: Iterable[object], keep: Any, depth: int) -> Iterator[Any]:
    if depth == _MAX_DEPTH:
        yield PictureError(f"<{type(several).__name__}>", "is nested too deeply; flatten it")
        return
    for one in several:
        yield from _find(one, keep, depth + 1)


def _in_text(text: str) -> Found:
    """Tell apart what a string can be; a file that exists under this very name comes first."""
    if text[:5].lower() == "data:":
        yield of_data_url(text)
    elif text[:7].lower() == "file://":
        yield from _in_url(text)
    elif _SCHEME.match(text):
        yield PictureError(_shown(text), "nearsight uses no network; download it, give its path")
    elif os.path.lexists(text):
        yield from _in_path(text)
    elif is_base64(text):
        yield of_base64(text)
    elif _MAGIC.search(text):
        yield from _in_glob(text)
    else:
        yield from _in_path(_home(text))


def _in_url(url: str) -> Found:
    host, slash, path = url[len("file://") :].partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        yield PictureError(_shown(url), "names no file on this machine; write file:///folder/name")
    else:
        yield from _in_path(os.fsdecode(unquote_to_bytes("/" + path)))


def _in_path(path: str) -> Found:
    try:
        os.lstat(path)
        is_folder = Path(path).is_dir()
    except OSError as error:
        refusal = PictureError(_shown(path), reason(error))
        refusal.__cause__ = error
        yield refusal
    except ValueError:
        yield PictureError(_shown(path), "no path can have a NUL or half a character; check it")
    else:
        yield from _in_folder(path) if is_folder else [of_path(path)]


def _shown(name: str) -> str:
    return path_name(name if len(name) <= _SHOWN else name[:_SHOWN] + "…") or "''"


def _in_folder(folder: str) -> Found:
    empty = True
    for found in _walk(Path(folder), set()):
        empty = False
        yield found
    if empty:
        yield PictureError(path_name(folder), "there is no picture in this folder")


def _walk(top: Path, entered: set[tuple[int, int]]) -> Found:
    """Depth first, by name. A folder that is reached again, through a link, is not entered again.

    A stack instead of recursion: folders may be nested deeper than Python's calls.
    """
    pending = [iter([top])]
    while pending:
        path = next(pending[-1], None)
        if path is None:
            pending.pop()
            continue
        try:
            is_folder = path.is_dir()
            if is_folder and _is_new(path, entered):
                pending.append(_entries(path))
            is_picture = not is_folder and _is_picture(path)
        except OSError as error:
            yield PictureError(path_name(str(path)), f"was left out: {reason(error)}")
            continue
        if is_picture:
            yield of_path(str(path))


def _is_new(folder: Path, entered: set[tuple[int, int]]) -> bool:
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    is_new = identity not in entered
    entered.add(identity)
    return is_new


def _entries(folder: Path) -> Iterator[Path]:
    """Sort the bare names, as there may be millions, and make paths of them one at a time."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    return (folder / name for name in names)


def _is_picture(path: Path) -> bool:
    """Tell whether a file met in a folder is to be treated as a picture."""
    if path.suffix.lower() in _ENDINGS:
        return not is_database(path)
    return sniff(start_of(path, _SNIFFED)) is not None


def _in_glob(pattern: str) -> Found:
    """Expand `*`, `?`, `[…]` and `**`; a hidden entry must be asked for by a dot in the pattern."""
    entered: set[tuple[int, int]] = set()
    empty = True
    try:
        for path in _matches(_home(pattern)):
            for found in _walk(path, entered):
                empty = False
                yield found
    except (ValueError, NotImplementedError, OSError) as error:
        yield PictureError(_shown(pattern), f"is no pattern that can be used ({error})")
        return
    if empty:
        missing = PictureError(_shown(pattern), "no picture matches this pattern; check it")
        missing.__cause__ = FileNotFoundError(pattern)
        yield missing


def _home(path: str) -> str:
    """Replace a leading `~`; a user whom nobody knows stays as written."""
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        return path


def _matches(pattern: str) -> list[Path]:
    """Sorted paths; `**` does not enter linked folders, so that it cannot go round in circles."""
    parts = Path(pattern).parts
    first = next(place for place, part in enumerate(parts) if _MAGIC.search(part))
    base, rest = Path(*parts[:first]), Path(*parts[first:])
    hidden = any(part.startswith(".") for part in rest.parts)
    found = (path for path in base.glob(str(rest)) if hidden or not _is_hidden(path, base))
    return sorted(found)


def _is_hidden(path: Path, base: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(base).parts)
