"""The folder of `nearsight.Index`: it survives a kill, and damage is found or harmless."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nearsight import ArgumentError, CorruptionError, DatabaseError, Index, NotFoundError
from nearsight import VersionError as Newer

ROWS = 2500
DIM = 24

# Adds batches and says of each, once it is flushed, how many vectors there are; until it is killed.
WRITER = """
import sys
import numpy as np
import nearsight
index = nearsight.Index(8, sys.argv[1])
for batch in range(10**6):
    ids = np.arange(batch * 50, batch * 50 + 50)
    index.add(ids, np.random.default_rng(batch).standard_normal((50, 8)))
    if batch % 3 == 1:
        index.remove(ids[:10])
    if batch % 7 == 3:
        index.optimize()
    index.flush()
    print(batch, flush=True)
"""


def rows() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((ROWS, DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with segments, codes, erased and fresh rows."""
    folder = tmp_path_factory.mktemp("index") / "kept"
    with Index(DIM, folder) as index:
        index.add(np.arange(2000), rows()[:2000])
        index.optimize()
        index.add(np.arange(2000, ROWS), rows()[2000:])
        index.remove(np.arange(0, ROWS, 10))
    return folder


def answer(folder: Path) -> list[object]:
    """Everything that can be asked, and that all of it is good."""
    with Index.open(folder, read_only=True) as index:
        index.verify()
        found = index.search(rows()[:5], 20)
        return [index.ids.tolist(), found.ids.tolist(), index.vectors([1, 2499]).tolist()]


def test_what_was_flushed_is_there_again(kept: Path) -> None:
    with Index.open(kept) as index:
        assert (index.dim, index.dtype, len(index), index.coded) == (DIM, "f32", 2250, 2000)
        assert index.ids.tolist() == [i for i in range(ROWS) if i % 10]
        exact = index.search(rows(), 10, exact=True)
        near = index.search(rows(), 10, recall=0.999)
        assert (exact.ids == near.ids).mean() > 0.99


@pytest.mark.parametrize("after", [1, 4, 9, 12])
def test_a_kill_takes_nothing_that_was_flushed(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "index"
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        flushed = -1
        while flushed < after:
            flushed = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        flushed = max([flushed, *map(int, writer.stdout.read().split())])
    with Index.open(folder) as index:
        index.verify()
        there = set(index.ids.tolist())
        for batch in range(flushed + 1):
            ids = range(batch * 50 + (10 if batch % 3 == 1 else 0), batch * 50 + 50)
            assert there.issuperset(ids)
            vectors = np.random.default_rng(batch).standard_normal((50, 8))
            expected = vectors[-1] / np.linalg.norm(vectors[-1])
            assert np.allclose(index.vectors([batch * 50 + 49])[0], expected, atol=1e-6)
        assert max(there) < (flushed + 2) * 50
        index.add([10**9], [np.arange(1, 9)])
        assert index.search(np.arange(1, 9), 1).ids.tolist() == [10**9]


def test_every_file_that_is_flipped_is_found_out_or_harmless(kept: Path, tmp_path: Path) -> None:
    expected = answer(kept)
    random, found_out = np.random.default_rng(2), 0
    files = sorted(file for file in kept.iterdir() if file.name != "lock")
    assert {file.suffix for file in files} == {"", ".seg", ".nsc"}
    for file in files:
        for turn in range(25):
            folder = tmp_path / f"{file.name}-{turn}"
            shutil.copytree(kept, folder)
            content = bytearray(file.read_bytes())
            at = int(random.integers(min(len(content), 200 if turn < 12 else len(content))))
            content[at] ^= 1 << int(random.integers(8))
            (folder / file.name).write_bytes(content)
            found_out += is_found_out(folder, expected)
            shutil.rmtree(folder)
    assert found_out > 60


@pytest.mark.parametrize("share", [0, 0.4, 0.999])
def test_every_file_that_is_cut_short_is_found_out(
    kept: Path, tmp_path: Path, share: float
) -> None:
    expected = answer(kept)
    for file in [file for file in kept.iterdir() if file.name != "lock"]:
        folder = tmp_path / file.name
        shutil.copytree(kept, folder)
        os.truncate(folder / file.name, int(file.stat().st_size * share))
        is_found_out(folder, expected)
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        (folder / file.name).unlink()
        is_found_out(folder, expected)


def is_found_out(folder: Path, expected: list[object]) -> bool:
    """Hold a changed index to what it was: the same, or a typed error. Codes may just be gone."""
    try:
        found = answer(folder)
    except (CorruptionError, Newer, NotFoundError):
        return True
    assert found[0] == expected[0]
    assert found[2] == expected[2]
    return False


def test_damaged_codes_cost_no_answer(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(kept, folder)
    codes = next(folder.glob("codes-*.nsc"))
    content = bytearray(codes.read_bytes())
    content[4096:-100:512] = bytes(len(content[4096:-100:512]))
    codes.write_bytes(content)
    with Index.open(folder) as index:
        with pytest.raises(CorruptionError, match="codes-"):
            index.verify()
        exact = index.search(rows()[:9], 10, exact=True)
        found = index.search(rows()[:9], 10)
        assert found.exact
        assert np.array_equal(found.ids, exact.ids)
        index.verify()
        assert index.optimize()
        assert index.coded == 2250


def test_codes_from_a_future_that_was_lost_are_dropped(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(kept, folder)
    with Index.open(folder) as index:
        index.add([10**6], [np.ones(DIM)])
        index.optimize()
    for file in [*kept.glob("manifest"), *kept.glob("rows-*.seg")]:
        shutil.copy(file, folder)  # an older state, beside codes of a newer one
    with Index.open(folder) as index:
        assert index.coded == 0
        index.add([7 * 10**6], [-np.ones(DIM)])
        assert index.search(-np.ones(DIM), 1).ids.tolist() == [7 * 10**6]


def test_a_folder_is_one_index_s(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"Index\.open"):
        Index(DIM, kept)
    with pytest.raises(NotFoundError):
        Index.open(tmp_path)
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(ArgumentError, match="letter"):
        Index(DIM, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError):
        Index(DIM, tmp_path / "file")
    with Index.open(kept), pytest.raises(DatabaseError, match="in use"):
        Index.open(kept)
    with Index.open(kept, read_only=True) as index, Index.open(kept, read_only=True):
        index.add([10**6], [np.ones(DIM)])  # seen by this one only
        with pytest.raises(DatabaseError):
            index.flush()
    assert 10**6 not in answer(kept)[0]  # type: ignore[operator]


def test_optimizing_can_be_watched_and_given_up(tmp_path: Path) -> None:
    vectors = np.random.default_rng(3).standard_normal((40_000, 96)).astype(np.float32)
    with Index(96, tmp_path / "index") as index:
        index.add(np.arange(40_000), vectors)
        seen: list[float] = []
        assert not index.optimize(lambda done: seen.append(done) or False, threads=1)
        assert index.coded == 0
        assert list((tmp_path / "index").glob("codes-*")) == []

        def interrupt(_done: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index.optimize(interrupt)
        assert index.coded == 0
        assert index.search(vectors[0], 1, exact=True).ids.tolist() == [0]
        assert index.optimize(seen.append)
        assert index.coded == 40_000
        assert seen[-1] == 1
        assert all(0 <= done <= 1 for done in seen)
