"""Opening and closing, the cache that follows the truth, and other processes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight import _core
from nearsight.embedders import Embedded
from nearsight.engine import Caches, Engine
from nearsight.engine.folder import Cache
from nearsight.errors import (
    ArgumentError,
    ClosedError,
    DatabaseError,
    DataLossError,
    ModelError,
    ModelMismatchError,
    ReadOnlyError,
)
from nearsight.truth.embeddings import EmbeddingTable

SHADES = [plain((n + 1, 2 * n + 1, 255 - n)) for n in range(100)]
QUERY = plain((90, 60, 30))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def cache_of(path: Path) -> Path:
    return path.with_name(path.name + "-cache")


def filled(path: Path) -> list[tuple[str, float]]:
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES)
        return answer(app)


def answer(app: nearsight.App) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in app.search(image=QUERY, k=100)]


def reopened(path: Path) -> list[tuple[str, float]]:
    with nearsight.open(path, model=Planted()) as app:
        return answer(app)


def test_reopening_gives_the_same_answers(path: Path) -> None:
    expected = filled(path)
    assert len(expected) == 100
    assert reopened(path) == expected


def test_without_its_cache_a_database_gives_the_same_answers(path: Path) -> None:
    expected = filled(path)
    assert any(cache_of(path).iterdir())
    shutil.rmtree(cache_of(path))
    assert reopened(path) == expected
    assert any(cache_of(path).iterdir())


def test_every_damaged_cache_file_is_noticed_and_rebuilt(path: Path, tmp_path: Path) -> None:
    expected = filled(path)
    good = tmp_path / "good"
    shutil.copytree(cache_of(path), good)
    names = sorted(file.name for file in good.iterdir())
    assert len(names) >= 2
    for name in names:
        content = (good / name).read_bytes()
        for at in range(0, len(content), max(1, len(content) // 25)):
            damaged = bytearray(content)
            damaged[at] ^= 0x10
            shutil.rmtree(cache_of(path))
            shutil.copytree(good, cache_of(path))
            (cache_of(path) / name).write_bytes(damaged)
            assert reopened(path) == expected


def damaged_segment(path: Path, at: int) -> None:
    """Flip a bit of the one segment: its ids begin behind a page of header, its vectors later."""
    (segment,) = cache_of(path).glob("rows-*.seg")
    content = bytearray(segment.read_bytes())
    content[at] ^= 0x10
    segment.write_bytes(content)


@pytest.mark.parametrize("at", [4096, 12288])
def test_a_damaged_cache_stops_no_change_and_no_closing(path: Path, at: int) -> None:
    filled(path)
    damaged_segment(path, at)
    with nearsight.open(path, model=Planted()) as app:
        first = next(iter(app.inputs)).id
        assert app.inputs.delete(first) == [first]
        report = app.inputs.add([plain((9, 8, 7)), SHADES[0]])
        assert [outcome.status for outcome in report.outcomes] == ["added", "added"]
    with nearsight.open(path, model=Planted()) as app:
        assert len(app.inputs) == 101
        assert len(app.search(image=QUERY, k=1000)) == 101
        assert app.search(image=SHADES[0], k=1).ids == [first]


@pytest.mark.parametrize("at", [0, 4096, 8192, -100])
def test_damaged_facts_are_noticed_and_rebuilt_by_whoever_asks_first(path: Path, at: int) -> None:
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((n, 9, 9)) for n in range(1, 60)], metadata={"n": 7})
        warm = app.inputs.list(per_page=1)[0].id
        app.inputs.update(warm, concepts=["warm"])
    asked: list[Callable[[nearsight.App], object]] = [
        lambda app: app.inputs.count("warm"),
        lambda app: len(app.inputs.list(where="warm")),
        lambda app: len(app.search(where='warm and {"n": 7}')),
        lambda app: len(app.inputs.delete(where="warm")),
    ]
    for ask in asked:
        (facts,) = cache_of(path).glob("facts-*.seg")
        content = bytearray(facts.read_bytes())
        content[at] ^= 1
        facts.write_bytes(content)
        with nearsight.open(path, model=Planted()) as app:
            assert ask(app) == 1


@pytest.mark.parametrize("at", [4096, 12288])
def test_a_damaged_cache_that_is_only_closed_is_no_error(path: Path, at: int) -> None:
    expected = filled(path)
    damaged_segment(path, at)
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[0])
    assert reopened(path) == expected


def test_a_copy_that_went_its_own_way_does_not_share_its_cache(path: Path, tmp_path: Path) -> None:
    """Copied, changed on both sides, copied back: the cache beside it is of another history."""
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[:20])
    away = tmp_path / "away" / path.name
    away.parent.mkdir()
    shutil.copy(path, away)
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[20:50])
    with nearsight.open(away, model=Planted()) as app:
        app.inputs.add(SHADES[50:80])
        app.inputs.add(SHADES[80:])
        expected = answer(app)
    shutil.copy(away, path)
    assert reopened(path) == expected


def test_searches_during_a_rebuild_see_everything(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted()) as app:
        wrong: list[int] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                found = len(app.search(image=QUERY, k=100))
                if found != 100:
                    wrong.append(found)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(30):
            app._engine.rebuild("a test asked for it")
        done.set()
        for reader in readers:
            reader.join()
        assert wrong == []
        assert answer(app) == expected


def test_only_one_app_writes_a_cache_and_the_next_one_takes_over(path: Path) -> None:
    with nearsight.open(path, model=Planted()) as first:
        with nearsight.open(path, model=Planted()) as second:
            second.inputs.add(SHADES)
            assert len(answer(second)) == 100
        assert not list(cache_of(path).glob("rows-*"))
        first.refresh()
        assert len(answer(first)) == 100
    assert len(list(cache_of(path).glob("rows-*"))) == 1


def test_files_of_other_people_in_the_cache_folder_stay(path: Path) -> None:
    filled(path)
    (cache_of(path) / "notes.txt").write_text("mine")
    damaged_segment(path, 4096)
    assert len(reopened(path)) == 100
    assert (cache_of(path) / "notes.txt").read_text() == "mine"


def test_hits_that_others_erased_are_replaced_by_the_next_best(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted()) as app:
        with nearsight.open(path, model=Planted()) as other:
            other.inputs.delete([id_ for id_, _ in expected[:30]])
        assert [hit.id for hit in app.search(image=QUERY, k=5)] == [i for i, _ in expected[30:35]]


def test_a_model_with_columns_of_its_own_is_told_so(path: Path) -> None:
    model = Planted()
    model.labels = tuple(reversed(model.labels))
    with nearsight.open(path, model=model) as app:
        (id_,) = app.inputs.add(QUERY).added
        assert app.search(image=QUERY).ids == [id_]
        for ask in (lambda: app.search(concept="tabby"), lambda: app.inputs.predictions(id_)):
            with pytest.raises(ModelError, match="not, in this order"):
                ask()


def test_answers_of_the_wrong_shape_or_no_numbers_change_nothing(path: Path) -> None:
    class Wrong(Planted):
        def embed(self, pixels):  # type: ignore[no-untyped-def]
            right = super().embed(pixels)
            if self.calls == 2:
                return Embedded(right.vectors[:, :3], right.probabilities)
            if self.calls == 3:
                return Embedded(right.vectors, right.probabilities[:, :7])
            if self.calls == 4:
                right.probabilities[0, 5] = np.nan
            return right

    with nearsight.open(path, model=Wrong()) as app:
        app.inputs.add(SHADES[0])
        for _ in range(2):
            with pytest.raises(ModelError, match="promise"):
                app.inputs.add(SHADES[1])
        report = app.inputs.add([SHADES[1], SHADES[2]])
        assert [outcome.status for outcome in report.outcomes] == ["failed", "added"]
    assert len(reopened(path)) == 2


def test_a_cache_that_is_behind_catches_up(path: Path, tmp_path: Path) -> None:
    filled(path)
    shutil.copytree(cache_of(path), tmp_path / "old")
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((3, 99, 3))])
        app.inputs.delete(app.search(image=SHADES[0]).ids[:2])
        expected = answer(app)
    shutil.rmtree(cache_of(path))
    shutil.move(tmp_path / "old", cache_of(path))
    assert reopened(path) == expected


def test_another_databases_cache_is_not_used(path: Path, tmp_path: Path) -> None:
    expected = filled(path)
    other = tmp_path / "other.ns"
    with nearsight.open(other, model=Planted()) as app:
        app.inputs.add(SHADES[:50])
    shutil.rmtree(cache_of(path))
    shutil.copytree(cache_of(other), cache_of(path))
    assert reopened(path) == expected


def test_a_rebuild_that_was_cut_short_goes_on_where_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = filled(path)
    shutil.rmtree(cache_of(path))
    monkeypatch.setattr("nearsight.engine.engine._REPLAY_ROWS", 10)
    monkeypatch.setattr("nearsight.engine.engine._REPLAY_PAGES", 2)
    asked: list[int] = []
    after = EmbeddingTable.after

    def failing(*asking: Any) -> Any:
        asked.append(asking[1])
        if asked == [0, 10, 20, 30, 40]:
            raise DatabaseError("no more")
        return after(*asking)

    def seal_instead(cache: Cache) -> None:
        caches[0].rows.seal()
        release(cache)

    caches: list[Caches] = []
    release, opened = Cache.release, Engine._open

    def opening(self: Engine) -> Caches:
        caches.append(opened(self))
        return caches[-1]

    monkeypatch.setattr(Engine, "_open", opening)
    monkeypatch.setattr(Cache, "release", seal_instead)  # rows go to disk as many of them would
    monkeypatch.setattr(EmbeddingTable, "after", failing)
    with pytest.raises(DatabaseError, match="no more"):
        nearsight.open(path, model=Planted())
    monkeypatch.setattr(Cache, "release", release)
    asked.clear()
    assert reopened(path) == expected
    assert asked[0] == 40
    assert len(asked) < 12


def test_a_cache_ahead_of_the_truth_proves_loss(path: Path, tmp_path: Path) -> None:
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[:50])
    shutil.copy(path, tmp_path / "backup")
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[50:])
    shutil.copy(tmp_path / "backup", path)
    with pytest.raises(DataLossError, match=r"commit \d+, but its cache has seen commit \d+"):
        nearsight.open(path, model=Planted())
    shutil.rmtree(cache_of(path))
    assert len(reopened(path)) == 50


def test_an_emptied_file_is_no_new_database(path: Path) -> None:
    filled(path)
    path.write_bytes(b"")
    for read_only in (False, True):
        with pytest.raises(DataLossError, match="is empty, but was a database"):
            nearsight.open(path, model=Planted(), read_only=read_only)
    shutil.rmtree(cache_of(path))
    with nearsight.open(path, model=Planted()) as app:
        assert len(app.inputs) == 0


def test_a_database_keeps_to_the_model_it_was_made_with(path: Path) -> None:
    filled(path)
    with pytest.raises(ModelMismatchError, match="planted"):
        nearsight.open(path, model=Planted(fingerprint="1" * 64))
    assert len(reopened(path)) == 100


def test_closing_twice_is_safe_and_using_it_after_is_said(path: Path) -> None:
    app = nearsight.open(path, model=Planted())
    app.inputs.add(SHADES[:3])
    app.close()
    app.close()
    for use in (
        lambda: len(app.inputs),
        lambda: app.search(image=QUERY),
        app.info,
        lambda: app.inputs.add(SHADES[3]),
    ):
        with pytest.raises(ClosedError, match="was closed"):
            use()


def test_read_only_searches_and_refuses_changes(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted(), read_only=True) as app:
        assert answer(app) == expected
        with pytest.raises(ReadOnlyError):
            app.inputs.add(QUERY)
        with pytest.raises(ReadOnlyError):
            app.inputs.delete(expected[0][0])


def test_read_only_uses_the_cache_and_leaves_no_trace(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((9, 9, n + 1)) for n in range(30)])
        stale = sorted(cache_of(path).iterdir())
        contents = [file.read_bytes() for file in stale]
        with nearsight.open(path, model=Planted(), read_only=True) as reader:
            assert len(answer(reader)) == 100  # k
            assert len(reader.search(image=QUERY, k=1000)) == 130
        assert sorted(cache_of(path).iterdir()) == stale
        assert [file.read_bytes() for file in stale] == contents
    shutil.rmtree(cache_of(path))
    with nearsight.open(path, model=Planted(), read_only=True) as reader:
        assert {id_ for id_, _ in expected} <= set(reader.search(image=QUERY, k=1000).ids)
    assert not cache_of(path).exists()


def test_a_cache_that_cannot_be_written_is_only_slower(path: Path) -> None:
    cache_of(path).write_text("a file is in the way of the folder")
    expected = filled(path)
    assert len(expected) == 100
    assert reopened(path) == expected


@pytest.mark.parametrize("bad", ["", "a\0b", "\udcff.ns", None, 3, b"bytes"])
def test_what_is_no_path_is_refused(bad: object) -> None:
    with pytest.raises(ArgumentError, match="path"):
        nearsight.open(bad, model=Planted())  # type: ignore[arg-type]


def test_info_tells_what_is_there(path: Path) -> None:
    filled(path)
    with nearsight.open(path, model=Planted()) as app:
        info = app.info()
        assert (info.inputs, info.model, info.path) == (100, "planted", path)
        assert info.size_bytes >= path.stat().st_size > 0
        assert info.cache_bytes > 0
        assert info.kernel in _core.available_kernels()
        assert info.to_dict()["path"] == str(path)


@pytest.mark.parametrize("bad", [5, None, object(), b"general"])
def test_what_is_no_model_is_refused(path: Path, bad: object) -> None:
    with pytest.raises(ArgumentError, match="model="):
        nearsight.open(path, model=bad)  # type: ignore[arg-type]
    assert not path.exists()


def test_a_forked_child_does_not_keep_the_cache_from_its_parent(path: Path) -> None:
    code = """
import os, signal, sys, time
import numpy as np
import nearsight
app = nearsight.open(sys.argv[1], model='grid')
child = os.fork()
if not child:
    time.sleep(60)
    os._exit(0)
app.close()
with nearsight.open(sys.argv[1], model='grid') as app:
    app.inputs.add(np.full((9, 9, 3), 77, np.uint8))
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=100)
    assert list(cache_of(path).glob("rows-*"))


def test_a_killed_parents_cache_is_free_though_its_child_lives(path: Path) -> None:
    code = """
import os, signal, sys, time
import nearsight
app = nearsight.open(sys.argv[1], model='grid')
child = os.fork()
if not child:
    os.close(1)
    time.sleep(60)
    os._exit(0)
time.sleep(0.3)
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=100)
    try:
        with nearsight.open(path, model="grid") as app:
            app.inputs.add(QUERY)
        assert list(cache_of(path).glob("rows-*"))
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)
