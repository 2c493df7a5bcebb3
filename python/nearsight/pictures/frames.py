"""What a worker and the process that it works for say to each other.

A frame is the length of a JSON object, the object, and as many bytes as its "bytes" says.
"""

import json
from collections.abc import Mapping
from typing import Any

from nearsight.pictures.header import Header
from nearsight.values.region import BoundingBox

__all__ = ["LENGTH_BYTES", "NO_MEMORY", "pack", "request", "to_header"]

LENGTH_BYTES = 4
NO_MEMORY = 12  # exit status of a worker that could not even take the file in
_FIELDS = ("format", "width", "height", "orientation", "box", "least")


def pack(message: Mapping[str, Any], *parts: bytes | memoryview) -> list[bytes | memoryview]:
    """Write one frame: the length of the JSON (4 bytes, little end first), the JSON, the parts."""
    text = json.dumps({**message, "bytes": sum(map(len, parts))}).encode()
    return [len(text).to_bytes(LENGTH_BYTES, "little") + text, *parts]


def request(header: Header, memory: int, seconds: int) -> list[bytes | memoryview]:
    """Write what a worker needs to know of a picture."""
    fields = {name: getattr(header, name) for name in _FIELDS}
    return pack({"header": fields, "memory": memory, "seconds": seconds}, *header.essence)


def to_header(fields: Mapping[str, Any], data: bytes) -> Header:
    """Read it again."""
    box = None if fields["box"] is None else BoundingBox(*fields["box"])
    return Header(**{**fields, "box": box}, essence=(data,))
