"""The cache files of cpp/FORMAT.md, written here a second time from the page alone.

tests/data/formats/vN holds what the first build of format N wrote for `history(…, STORED_ROWS)`. It
is opened for ever and never made anew: a build that can't read it, or that writes other bytes under
the same version, breaks its users' caches.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nearsight import _core

V1 = Path(__file__).parents[1] / "data" / "formats" / "v1"
TRUTH = bytes(range(16))
FIELDS: list[_core.Field] = [("picture", 5, "f32", "cosine"), ("labels é", 40, "f16", "dot")]
ERASED, GENERATION = 33, 9
STORED_ROWS = 70
MANY_ROWS = 9000  # their ids alone fill more than one block of 64 KiB


def vectors(rows: int, dim: int) -> NDArray[np.float32]:
    """Give rows of small whole numbers that no library's random generator has a say in."""
    row, column = np.indices((rows, dim))
    return ((row * 7 + column * (row % 13 + 1)) % 11 + 1).astype(np.float32)


def history(directory: Path, rows: int) -> None:
    """Write the cache that is stored: two seals, the second with one row erased."""
    index = _core.Index.open(str(directory), TRUTH, FIELDS)
    index.append(np.arange(1, rows + 1) * 3, [vectors(rows, 5), vectors(rows, 40)])
    index.commit(8)
    index.seal()
    index.erase([ERASED * 3])
    index.commit(GENERATION)
    index.seal()


def crc(data: bytes) -> bytes:
    """Give the CRC-32C of the bytes as it stands in the files."""
    return struct.pack("<I", _core.crc32c("scalar", data))


def padded(data: bytes, to: int) -> bytes:
    """Add zeros up to the next multiple of `to`."""
    return data + bytes(-len(data) % to)


def encoded_fields() -> bytes:
    """Give "Fields" of the page."""
    data = struct.pack("<I", len(FIELDS))
    for name, dim, element, metric in FIELDS:
        text = name.encode()
        data += struct.pack("<I", len(text)) + text
        data += struct.pack(
            "<IBB", dim, ["f32", "f16", "i8"].index(element), ["cosine", "dot"].index(metric)
        )
    return data


def segment(rows: int) -> tuple[bytes, bytes]:
    """Give the segment file as the page says, and the CRC of its CRC table."""
    head = b"NSROWS1\n" + struct.pack("<I", 1) + TRUTH + struct.pack("<QQ", 1, rows)
    page = padded(head + encoded_fields(), 4096)[:-4]
    data = padded((np.arange(1, rows + 1, dtype="<u8") * 3).tobytes(), 4096)
    wide = vectors(rows, 5).astype(np.float64)
    unit = (wide * (1 / np.sqrt((wide * wide).sum(axis=1, keepdims=True)))).astype("<f4")
    for numbers in [unit, vectors(rows, 40).astype("<f2")]:
        data += padded(b"".join(padded(row.tobytes(), 64) for row in numbers), 4096)
    table = b"".join(crc(data[at : at + 65536]) for at in range(0, len(data), 65536))
    return page + crc(page) + data + table, crc(table)


def manifest(rows: int, table_crc: bytes) -> bytes:
    """Give the manifest as the page says."""
    live = np.ones(-(-rows // 64) * 64, np.uint8)
    live[rows:] = live[ERASED - 1] = 0
    words = np.packbits(live, bitorder="little").tobytes()
    data = b"NSCACHE\n" + struct.pack("<I", 1) + TRUTH + struct.pack("<QQ", GENERATION, rows * 3)
    data += encoded_fields() + struct.pack("<I", 1)
    data += struct.pack("<QQ", 1, rows) + table_crc + struct.pack("<Q", len(words) // 8) + words
    return data + crc(data)


def files(directory: Path) -> dict[str, bytes]:
    """Give the bytes of every file in a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("rows", [STORED_ROWS, MANY_ROWS])
def test_what_is_written_is_what_the_page_says(tmp_path: Path, rows: int) -> None:
    history(tmp_path, rows)
    written, table_crc = segment(rows)
    assert files(tmp_path) == {"rows-1.seg": written, "manifest": manifest(rows, table_crc)}


def test_version_1_is_still_written_as_it_first_was(tmp_path: Path) -> None:
    history(tmp_path, STORED_ROWS)
    assert files(tmp_path) == files(V1)


def test_version_1_still_opens() -> None:
    index = _core.Index.open(str(V1), TRUTH, FIELDS)
    assert (index.dropped_because, index.generation, index.last_id) == ("", GENERATION, 210)
    snapshot = index.snapshot()
    snapshot.verify()
    assert snapshot.ids().tolist() == [row * 3 for row in range(1, 71) if row != ERASED]
    query = vectors(STORED_ROWS, 5)[20]
    ids, scores = snapshot.search([(1.0, "linear", 0.0, [("picture", query, 1.0, "linear")])], 1)
    assert (ids.tolist(), scores.round(6).tolist()) == ([63], [1.0])


def test_i8_rows_are_written_as_the_page_says(tmp_path: Path) -> None:
    index = _core.Index.open(str(tmp_path), TRUTH, [("bytes", 61, "i8", "dot")])
    rows = vectors(5, 61) - 4
    rows[0] *= np.float32(1e-3)
    index.append(np.arange(1, 6), [rows])
    index.commit(1)
    index.seal()
    stored = (tmp_path / "rows-1.seg").read_bytes()[8192 : 8192 + 5 * 128]
    scale = (np.abs(rows).max(axis=1) / np.float32(127)).astype("<f4")
    whole = np.rint(rows / scale[:, None].astype(np.float64)).astype(np.int8)
    for row, (numbers, step) in enumerate(zip(whole, scale, strict=True)):
        at = stored[row * 128 :][:128]
        assert at == numbers.tobytes() + bytes(63) + step.tobytes()


def test_sketches_are_written_as_the_page_says(tmp_path: Path) -> None:
    index = _core.Index.open(str(tmp_path), TRUTH, [("wide", 70, "f32+i8", "cosine")])
    index.append(np.arange(1, 6), [vectors(5, 70) - 4])
    index.commit(1)
    index.seal()
    stored = (tmp_path / "rows-1.seg").read_bytes()
    assert stored[60] == 3  # the header's element
    rows = np.frombuffer(stored[8192 : 8192 + 5 * 320], "<f4").reshape(5, 80)[:, :70]
    scale = (np.abs(rows.astype(float)).max(axis=1) / 127).astype("<f4")
    whole = np.rint(rows / scale[:, None].astype(float)).astype(np.int8)
    off = rows - whole * scale[:, None].astype(float)
    slips = np.linalg.norm(off, axis=1) + 86 * 2.0**-24 * np.linalg.norm(rows.astype(float), axis=1)
    for row, (numbers, slip, step) in enumerate(zip(whole, slips, scale, strict=True)):
        at = stored[12288 + row * 104 :][:104]
        assert at[:96] == padded(numbers.tobytes(), 96)
        assert at[100:] == step.tobytes()
        assert slip <= struct.unpack("<f", at[96:100])[0] <= slip * (1 + 1e-5)
    assert len(stored) == 3 * 4096 + 4096 + 4


ENTRY = 48 + len(encoded_fields())  # where the manifest's only segment is described
SECOND_WORD = slice(ENTRY + 36, ENTRY + 44)


def put(manifest: bytearray, at: int, number: int) -> None:
    """Overwrite the 64 bits at an offset."""
    struct.pack_into("<Q", manifest, at, number)


LIES: dict[str, tuple[Callable[[bytearray], object], str]] = {
    "segment number 0": (lambda m: put(m, ENTRY, 0), "segment number"),
    "a segment that is not there": (lambda m: put(m, ENTRY, 7), "rows-7.seg"),
    "no rows": (lambda m: put(m, ENTRY + 8, 0), "number of rows"),
    "more rows than there can be": (lambda m: put(m, ENTRY + 8, 2**40 + 1), "number of rows"),
    "more rows than the file has": (lambda m: put(m, ENTRY + 8, 128), "wrong size"),
    "another row of as many words": (lambda m: put(m, ENTRY + 8, 71), "header page"),
    "a bitmap that is too short": (
        lambda m: (put(m, ENTRY + 20, 1), m.__delitem__(SECOND_WORD)),
        "bitmap size",
    ),
    "a bitmap past the end": (
        lambda m: (put(m, ENTRY + 8, 2**40), put(m, ENTRY + 20, 2**34)),
        "early",
    ),
    "a bit past the last row": (lambda m: put(m, ENTRY + 36, 2**7 - 1), "bitmap"),
    "a second segment": (lambda m: m.__setitem__(ENTRY - 4, 2), "early"),
    "more than it should hold": (lambda m: m.append(0), "length"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_lies_is_set_aside_though_its_checksum_is_right(
    tmp_path: Path, lie: str
) -> None:
    alter, says = LIES[lie]
    good = files(V1)
    (tmp_path / "rows-1.seg").write_bytes(good["rows-1.seg"])
    lying = bytearray(good["manifest"][:-4])
    alter(lying)
    (tmp_path / "manifest").write_bytes(bytes(lying) + crc(bytes(lying)))
    index = _core.Index.open(str(tmp_path), TRUTH, FIELDS)
    assert says in index.dropped_because
    assert index.generation == len(index.snapshot()) == 0
