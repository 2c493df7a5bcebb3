"""The program of a worker: decodes one picture after another, and can do nothing else.

It reads requests from its standard input and answers on its standard output, in `frames`.
`worker` starts it and speaks to it.
"""

from __future__ import annotations

import json
import os
from io import BytesIO
from typing import Any

from nearsight.pictures.confinement import confine, restrict
from nearsight.pictures.decoder import pixels_of
from nearsight.pictures.frames import LENGTH_BYTES, NO_MEMORY, pack, to_header
from nearsight.pictures.header import Header
from nearsight.pictures.unusable import UnusableError

__all__ = ["main"]

_INPUT, _OUTPUT = 0, 1
_KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_MODES = ("RGB", "RGBA", "P", "L", "1", "I;16", "CMYK", "F", "LA", "LAB", "YCbCr")


def main() -> None:
    """Serve until the other side hangs up."""
    _prepare()
    _send(pack({"without": confine()}))
    while True:
        try:
            request = _receive()
        except MemoryError:
            raise SystemExit(NO_MEMORY) from None
        if request is None:
            return
        message, data = request
        restrict(message["memory"], message["seconds"])
        _send(_answer(to_header(message["header"], data)))
        del request, data


def _prepare() -> None:
    """Decode one small picture of every kind, so that nothing is left to import."""
    from PIL import Image

    for kind in _KINDS:
        for mode in _MODES:
            file = BytesIO()
            try:
                Image.new(mode, (2, 2)).save(file, kind)
            except (OSError, ValueError):
                continue  # not every format has every mode
            header = Header(kind, 2, 2, (file.getvalue(),), orientation=6)
            pixels_of(file.getvalue(), header)


def _answer(header: Header) -> list[bytes | memoryview]:
    try:
        rgb, alpha = pixels_of(header.file(), header)
    except UnusableError as error:
        return pack({"error": str(error), "memory": isinstance(error.__cause__, MemoryError)})
    except MemoryError:
        return pack({"error": "", "memory": True})
    planes = [rgb.tobytes(), *([alpha.tobytes()] if alpha else [])]
    return pack({"size": rgb.size, "alpha": alpha is not None}, *planes)


def _send(frame: list[bytes | memoryview]) -> None:
    for part in frame:
        view = memoryview(part)
        while view:
            view = view[os.write(_OUTPUT, view) :]


def _receive() -> tuple[dict[str, Any], bytes] | None:
    length = _read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    message = json.loads(_read(int.from_bytes(length, "little")))
    return message, _read(message["bytes"])


def _read(count: int) -> bytes:
    """Read so many bytes; fewer only when the other side has hung up."""
    found = bytearray()
    while len(found) < count and (more := os.read(_INPUT, min(count - len(found), 1 << 20))):
        found += more
    return bytes(found)
