"""The columns' files of cpp/FORMAT.md, written here a second time from the page alone.

tests/data/formats/columns-v1 holds what the first build of this format wrote for `history`. It is
opened for ever and never made anew.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from nearsight import _core

V1 = Path(__file__).parents[1] / "data" / "formats" / "columns-v1"
TRUTH = bytes(range(16))
GENERATION, ERASED = 9, 2
# document, owner, row, facts
KNOWN: list[tuple[int, int, int, list[_core.Fact]]] = [
    (5, 70, 0, [("iso", 100), ("name", "é"), ("geo", (48.5, -2.25))]),
    (2, 70, 11, [("gone", 1)]),
    (9, 50, 12, [("iso", 100.0), ("iso", -1.5), ("is", True), ("name", "")]),
    (7, 60, 11, [("iso", 2**53 + 1), ("is", False), ("no", None)]),
]
# what follows from the page: sorted, without the document that was erased
DOCS, OWNERS, ROWS = [2, 5, 7, 9], [50, 60, 70], [0, 11, 12]
OWNER_OF, ROW_OF = [2, 2, 1, 0], [1, 0, 1, 2]


def double(number: float) -> bytes:
    """Give a double's bytes in the order of the doubles."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", number))
    return struct.pack(">Q", bits ^ (2**64 - 1 if bits >> 63 else 2**63))


def number(nearest: float, away: int = 0) -> bytes:
    """Give a number's key."""
    return double(nearest) + struct.pack(">H", 0x8000 + away)


COLUMNS: list[tuple[bytes, list[tuple[bytes, list[int]]]]] = [
    (b"geo\0\x04", [(double(48.5) + double(-2.25), [1])]),
    (b"gone\0\x02", [(number(1), [0])]),
    (b"is\0\x01", [(b"\0", [2]), (b"\1", [3])]),
    (b"iso\0\x02", [(number(-1.5), [3]), (number(100), [1, 3]), (number(2.0**53, 1), [2])]),
    (b"name\0\x03", [(b"", [3]), ("é".encode(), [1])]),
    (b"no\0\x00", [(b"", [2])]),
]


def history(directory: Path) -> None:
    """Write the cache that is stored: two seals, the second with one document erased."""
    columns = _core.Columns.open(str(directory), TRUTH)
    docs, owners, rows, facts = zip(*KNOWN, strict=True)
    columns.put(docs, owners, rows, facts)
    columns.commit(8)
    columns.seal()
    columns.erase([ERASED])
    columns.commit(GENERATION)
    columns.seal()


def crc(data: bytes) -> bytes:
    """Give the CRC-32C of the bytes as it stands in the files."""
    return struct.pack("<I", _core.crc32c("scalar", data))


def section(values: list[int], dtype: str) -> bytes:
    """Give numbers, padded to a multiple of 8 bytes."""
    return padded(np.array(values, dtype).tobytes())


def padded(data: bytes) -> bytes:
    """Add zeros up to a multiple of 8 bytes."""
    return data + bytes(-len(data) % 8)


def ends(sizes: list[tuple[int, int]]) -> bytes:
    """Give where things of these sizes end."""
    return np.cumsum(np.array(sizes, "<u8"), axis=0, dtype="<u8").tobytes()


def counts() -> bytes:
    """Give "Counts" of the page."""
    keys = [key for _, column in COLUMNS for key in column]
    sizes = [len(COLUMNS), sum(len(name) for name, _ in COLUMNS)]
    sizes += [len(keys), sum(len(key) for key, _ in keys), sum(len(docs) for _, docs in keys)]
    return struct.pack("<8Q", len(DOCS), len(OWNERS), len(ROWS), *sizes)


def segment() -> tuple[bytes, bytes]:
    """Give the segment as the page says, and the CRC of its CRC table."""
    page = b"NSFACT1\n" + struct.pack("<I", 1) + TRUTH + struct.pack("<Q", 1) + counts()
    page += bytes(4092 - len(page))
    keys = [key for _, column in COLUMNS for key in column]
    data = section(DOCS, "<u8") + section(OWNERS, "<u8") + section(ROWS, "<u8")
    data += section(OWNER_OF, "<u4") + section(ROW_OF, "<u4")
    data += ends([(len(name), len(column)) for name, column in COLUMNS])
    data += padded(b"".join(name for name, _ in COLUMNS))
    data += ends([(len(key), len(docs)) for key, docs in keys])
    data += padded(b"".join(key for key, _ in keys))
    data += section([doc for _, docs in keys for doc in docs], "<u4")
    return page + crc(page) + data + crc(data), crc(crc(data))


def manifest(table_crc: bytes) -> bytes:
    """Give the manifest as the page says."""
    data = b"NSFACTS\n" + struct.pack("<I", 1) + TRUTH + struct.pack("<QI", GENERATION, 1)
    data += struct.pack("<Q", 1) + table_crc + counts() + struct.pack("<QQ", 1, 0b1110)
    return data + crc(data)


def files(directory: Path) -> dict[str, bytes]:
    """Give the bytes of every file in a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_what_is_written_is_what_the_page_says(tmp_path: Path) -> None:
    history(tmp_path)
    written, table_crc = segment()
    assert files(tmp_path) == {"facts-1.seg": written, "columns": manifest(table_crc)}


def test_version_1_is_still_written_as_it_first_was(tmp_path: Path) -> None:
    history(tmp_path)
    assert files(tmp_path) == files(V1)


def test_version_1_still_opens() -> None:
    columns = _core.Columns.open(str(V1), TRUTH, read_only=True)
    assert (columns.dropped_because, columns.generation) == ("", GENERATION)
    now = columns.snapshot()
    now.verify()
    assert now.docs(now.all()).tolist() == [5, 7, 9]
    assert now.docs(now.equal("iso", 100)).tolist() == [5, 9]
    assert now.docs(now.within("geo", 48, -2, 100)).tolist() == [5]
    assert now.rows(now.all()).tolist() == [11, 12]


LIES: dict[str, tuple[int, int, str]] = {
    "segment number 0": (40, 0, "segment number"),
    "a segment that is not there": (40, 7, "facts-7.seg"),
    "no documents": (52, 0, "counts"),
    "too many documents": (52, 2**32, "counts"),
    "more owners than documents": (60, 5, "counts"),
    "no rows": (68, 0, "counts"),
    "more postings than there can be": (108, 2**40 + 1, "counts"),
    "more keys than the file has": (92, 1000, "wrong size"),
    "a bitmap that is too long": (116, 2, "bitmap size"),
    "a bit past the last document": (124, 2**4, "bitmap"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_lies_is_set_aside_though_its_checksum_is_right(
    tmp_path: Path, lie: str
) -> None:
    at, value, says = LIES[lie]
    good = files(V1)
    (tmp_path / "facts-1.seg").write_bytes(good["facts-1.seg"])
    lying = bytearray(good["columns"][:-4])
    struct.pack_into("<Q", lying, at, value)
    (tmp_path / "columns").write_bytes(bytes(lying) + crc(bytes(lying)))
    columns = _core.Columns.open(str(tmp_path), TRUTH)
    assert says in columns.dropped_because
    assert columns.generation == len(columns.snapshot()) == 0
