"""Every read sees what was committed before it, whoever wrote it: counts, lists and searches."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.engine import Engine
from nearsight.search import Filtering

SHADES = [plain((n + 1, 2 * n + 1, 255 - n)) for n in range(100)]
QUERY = plain((90, 60, 30))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def found(app: nearsight.App) -> list[str]:
    return app.search(image=QUERY, k=100).ids


def test_two_apps_on_one_file_see_each_other_at_once(path: Path) -> None:
    with nearsight.open(path, model=Planted()) as one, nearsight.open(path, model=Planted()) as two:
        one.inputs.add(SHADES[:10])
        assert found(two) == found(one)
        two.inputs.add(SHADES[10:20])
        two.inputs.delete(found(two)[0])
        assert found(one) == found(two)
        assert len(found(one)) == 19


@pytest.mark.parametrize(
    "count",
    [
        lambda app: len(app.inputs),
        lambda app: len(app.inputs.list(per_page=100)),
        lambda app: len(app.inputs.list(where="shade", per_page=100)),
        lambda app: app.inputs.count("shade"),
        lambda app: len(app.search(image=QUERY, k=100)),
        lambda app: len(app.search(where="shade", k=100)),
        lambda app: len(app.search.annotations(k=100)),
        lambda app: sum(map(len, app.search.pages(image=QUERY, per_page=7))),
        lambda app: app.info().inputs,
    ],
)
def test_every_read_sees_what_others_committed_before_it(
    path: Path, count: Callable[[nearsight.App], int]
) -> None:
    with nearsight.open(path, model=Planted()) as one, nearsight.open(path, model=Planted()) as two:
        for n in (10, 20, 30):
            one.inputs.add(SHADES[n - 10 : n], concepts=["shade"])
            assert count(two) == n
        one.inputs.delete(all=True)
        assert count(two) == 0


def test_a_search_finds_no_fewer_than_were_counted_before(path: Path) -> None:
    with nearsight.open(path, model=Planted()) as app:
        missing: list[tuple[int, int]] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                counted = len(app.inputs)
                hits = len(app.search(image=QUERY, k=1000))
                if hits < counted:
                    missing.append((hits, counted))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for n in range(0, 100, 5):
            app.inputs.add(SHADES[n : n + 5])
        done.set()
        for reader in readers:
            reader.join()
        assert missing == []


def test_nobody_waits_for_a_cache_that_is_built_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nearsight.open(path, model=Planted()) as app, nearsight.open(path, model=Planted()) as two:
        app.inputs.add(SHADES)
        entered, go_on = threading.Event(), threading.Event()
        replay = Engine._replay

        def slowly(engine: Engine, *args: Any) -> None:
            if engine is app._engine:
                entered.set()
                assert go_on.wait(60)
            replay(engine, *args)

        monkeypatch.setattr(Engine, "_replay", slowly)
        rebuilding = threading.Thread(target=app.repair)
        rebuilding.start()
        assert entered.wait(60)
        two.inputs.add(plain((1, 2, 3)))
        assert len(app.search(image=QUERY, k=1000)) == 100
        go_on.set()
        rebuilding.join()
        assert len(app.search(image=QUERY, k=1000)) == 101


def test_others_write_while_a_filter_says_what_to_delete(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nearsight.open(path, model=Planted()) as app, nearsight.open(path, model=Planted()) as two:
        app.inputs.add([Item(plain((n, 9, 9)), id=f"{n}", concepts=["red"]) for n in range(3)])
        app.inputs.add(plain((9, 9, 200)), id="blue")
        changes = [
            lambda: two.inputs.add(plain((77, 9, 9)), id="new", concepts=["red"]),
            lambda: two.inputs.update("1", not_concepts=["red"]),
        ]
        monkeypatch.setattr(Filtering, "matches", meddled(app, changes))
        assert app.inputs.delete(where="red") == ["0", "2", "new"]
        assert changes == []
        assert [record.id for record in two.inputs] == ["1", "blue"]


def test_a_deletion_among_people_who_never_stop_writing_comes_to_an_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nearsight.open(path, model=Planted()) as app, nearsight.open(path, model=Planted()) as two:
        app.inputs.add(plain((200, 9, 9)), id="red", concepts=["red"])
        app.inputs.add(plain((9, 9, 200)), id="blue")
        rename = [lambda: two.inputs.update("blue", metadata={"n": 1})] * 3
        monkeypatch.setattr(Filtering, "matches", meddled(app, rename))
        assert app.inputs.delete(where="red") == ["red"]
        assert rename == []


def meddled(app: nearsight.App, changes: list[Callable[[], Any]]) -> Callable[..., Any]:
    """What filters, after one of these changes each time that `app` does."""
    matches = Filtering.matches

    def after_a_change(filtering: Filtering, *asked: Any) -> Any:
        found = matches(filtering, *asked)
        if changes and filtering is app.inputs._filtering:
            changes.pop(0)()
        return found

    return after_a_change
