"""The write-ahead log as it lies on the disk: does it still hold the commits that it was given?

SQLite ends the recovery of a log (https://sqlite.org/fileformat2.html#walformat) at the first frame
whose checksum does not match, because that is what a power cut leaves of a commit that nobody was
told of. A flipped bit looks the same and would take all later commits away, in silence. What tells
them apart: a commit is begun after the one before it is on the medium. So where a commit is
followed by another one's frame, all frames up to there were safe once, and one of them that does
not match is damage. Of the last commit in a log it cannot be told, and neither of a file that was
ever written with durability "fast", where commits wait for nothing.
"""

from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES, _FRAME_HEADER_BYTES, _CHECKED_BYTES = 32, 24, 8
_MAGIC = 0x377F0682
_ORDERS = ("<u4", ">u4")  # what the magic number's last bit says of the words of checksums
_READINGS = 3  # a log that another process is just writing may look damaged once
_Words: TypeAlias = NDArray[np.uint32]


def damaged_frame(path: Path, page_size: int) -> int | None:
    """The first frame of the log at `path` that hides acknowledged commits, counted from 1.

    0 stands for the log's header; None says that there is none, or no log.
    """
    for _ in range(_READINGS):
        try:
            content = path.read_bytes()  # SQLite holds no lock on this file: held.py
        except FileNotFoundError:
            return None
        frame = _hiding(content, page_size)
        if frame is None:
            return None
    return frame


def _hiding(content: bytes, page_size: int) -> int | None:
    size = _FRAME_HEADER_BYTES + page_size
    count = (len(content) - _HEADER_BYTES) // size
    if count < 1:
        return None
    header = np.frombuffer(content, ">u4", _HEADER_BYTES // 4).astype(np.uint32)
    frames = np.frombuffer(content, np.uint8, count * size, _HEADER_BYTES).reshape(count, size)
    orders = [order for order in _ORDERS if _is_good(content, header, order, page_size)]
    if orders:
        return _hidden_by(frames, orders[0], header[4:6], header[6:8])
    found = (_hidden_by(frames, order, None, header[6:8]) for order in _ORDERS)
    return 0 if any(frame is not None for frame in found) else None


def _is_good(content: bytes, header: _Words, order: str, page_size: int) -> bool:
    words = np.frombuffer(content, order, 6).astype(np.uint32)[None]
    checked = _summed(words, np.zeros((1, 2), np.uint32))[0]
    magic = _MAGIC + _ORDERS.index(order)
    return (header[0], header[2]) == (magic, page_size) and bool((checked == header[6:8]).all())


def _hidden_by(
    frames: NDArray[np.uint8], order: str, salts: _Words | None, before: _Words
) -> int | None:
    """The first frame that does not match and cannot be what a power cut leaves.

    `salts`: what each frame of this log repeats; None where its header cannot be believed.
    """
    heads = np.ascontiguousarray(frames[:, :_FRAME_HEADER_BYTES]).view(">u4").astype(np.uint32)
    told = heads[:, 4:6]
    sums = _checksums(frames, np.vstack([before, told[:-1]]), order)
    is_ours = (heads[:, 2:4] == (heads[0, 2:4] if salts is None else salts)).all(1)
    good = (sums == told).all(1) & is_ours
    if salts is not None and good.all():
        return None
    first = 0 if salts is None else int(np.argmin(good))
    if first + 1 < len(good):  # what does not match may be the checksum alone
        after = _checksums(frames[first + 1 : first + 2], sums[first : first + 1], order)
        good[first + 1] |= is_ours[first + 1] & (after == told[first + 1]).all()
    # A commit, and after it a frame that continues it: what comes before was on the medium.
    is_commit = (heads[:, 1] != 0) & (good | (np.arange(len(good)) == first))
    is_continued = np.append(good[1:], False)
    return first + 1 if (is_commit & is_continued)[first:].any() else None


def _checksums(frames: NDArray[np.uint8], before: _Words, order: str) -> _Words:
    """What each frame's checksum has to be, given that of the frame before it: u32[n, 2]."""
    page = frames[:, _FRAME_HEADER_BYTES:]
    checked = np.concatenate([frames[:, :_CHECKED_BYTES], page], axis=1)
    return _summed(np.ascontiguousarray(checked).view(order).astype(np.uint32), before)


def _summed(words: _Words, before: _Words) -> _Words:
    """SQLite's checksum of rows of words: of each pair (a, b) s1 += a + s2, then s2 += b + s1.

    That is linear in all of them, modulo 2^32: one product with what each word counts in the end.
    """
    weights, carried = _weights(words.shape[1])
    summed: _Words = words @ weights + before @ carried
    return summed


@cache
def _weights(count: int) -> tuple[_Words, _Words]:
    """For each of `count` words, and for (s1, s2) before them, what they add to (s1, s2)."""
    first, second = np.array([1, 0]), np.array([0, 1])  # what s1 and s2 count in the end
    weights = np.zeros((count, 2), np.uint32)
    for at in range(count - 2, -1, -2):
        weights[at], weights[at + 1] = first + second, second
        first, second = (first + second) % 2**32, (first + 2 * second) % 2**32
    return weights, np.array([first, second], np.uint32)
