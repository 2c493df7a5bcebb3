"""Bad calls: which error, whether it names the value and the cure, and that nothing changes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bad_calls import BLACK, DEEP, HALF, HUGE, PICTURE, ROWS, WHERE, Call, Row, model
from planted import Planted, plain

import nearsight
from nearsight import App, Item, Region
from nearsight.errors import (
    ClosedError,
    NearsightError,
    ReadOnlyError,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad") / "photos.ns"
    with nearsight.open(path, model=Planted()) as app:
        reds, blues = [plain((250, n, 9)) for n in range(3)], [plain((9, n, 250)) for n in range(3)]
        app.inputs.add([Item(reds[0], id="a"), *reds[1:]], concepts=["red"])
        app.inputs.add([Item(blues[0], id="b"), *blues[1:]], not_concepts=["red"])
        app.annotations.add("a", id="r", box=HALF, picture=reds[0], concepts=["petal"])
        app.models.create("reds", concepts=["red"]).train()
        app.models.create("raw", concepts=["green"])
        app.models.create("empty")
    return path


@pytest.fixture(scope="module")
def app(path: Path) -> Iterator[App]:
    with nearsight.open(path, model=Planted()) as app:
        yield app


@pytest.mark.parametrize("row", ROWS, ids=[f"line {r[0].__code__.co_firstlineno}" for r in ROWS])
def test_a_bad_call_says_what_is_wrong_and_changes_nothing(app: App, row: Row) -> None:
    call, error, value, cure = row
    before = app._truth.generation
    with pytest.raises(NearsightError) as caught:
        call(app)
    assert type(caught.value) is error
    message = str(caught.value)
    assert value in message
    assert cure in message
    assert app._truth.generation == before, "something was committed"


def everything(app: App) -> list[object]:
    return [
        *app.inputs,
        *app.annotations,
        *app.concepts.list(source="own"),
        *(m.info() for m in app.models),
    ]


@pytest.mark.parametrize(
    "call",
    [
        lambda app: app.inputs.add([]).outcomes,
        lambda app: app.inputs.update([], concepts=["x"]),
        lambda app: app.inputs.bulk_update({}),
        lambda app: app.inputs.delete([]),
        lambda app: app.inputs.delete("nobody"),
        lambda app: app.inputs.merge_predictions("a", []),
        lambda app: app.annotations.bulk_add([]),
        lambda app: app.annotations.delete([]),
        lambda app: app.annotations.delete("nobody"),
        lambda app: app.concepts.bulk_create([]),
        lambda app: app.concepts.bulk_update([], []),
        lambda app: app.models.delete([]),
        lambda app: model(app).remove_concepts([]),
        lambda app: app.inputs.list(page=99),
        lambda app: app.inputs.list(page=HUGE),
        lambda app: app.inputs.list(page=HUGE, where="red"),
        lambda app: app.annotations.list(page=HUGE),
        lambda app: app.concepts.list(page=HUGE),
        lambda app: app.models.list(page=HUGE),
        lambda app: model(app).inputs(page=HUGE),
        lambda app: app.search(offset=99),
        lambda app: app.search(offset=HUGE, k=HUGE),
        lambda app: app.search.query(page=HUGE, k=HUGE),
        lambda app: app.search.query([{"concept": "red"}], page=99),
    ],
    ids=lambda call: f"line {call.__code__.co_firstlineno}",
)
def test_nothing_asked_and_nothing_left_is_nothing_done(app: App, call: Call) -> None:
    before = [str(each) for each in everything(app)]
    assert not call(app)
    assert [str(each) for each in everything(app)] == before


def test_more_than_there_is_is_all_there_is(app: App) -> None:
    assert len(app.search(k=HUGE)) == len(app.search.query(k=5000)) == len(app.inputs) == 6
    assert len(app.search(image=PICTURE, k=HUGE)) == 6
    assert len(app.search.annotations(k=HUGE)) == len(app.annotations) == 7


def test_what_is_no_id_is_not_in(app: App) -> None:
    for room in (app.inputs, app.annotations, app.concepts, app.models):
        assert not any(id_ in room for id_ in (5, None, "", "\ud800", "a\0b", b"a"))


FAILED: list[tuple[object, str, str]] = [
    (5, "<int>", "give a path"),
    (None, "<NoneType>", "give a path"),
    (WHERE, WHERE, "check the path"),
    ("https://example.org/a.jpg", "https://example.org/a.jpg", "download it"),
    (BLACK, "array", "the model sees nothing"),
    (Item(PICTURE, id="a"), "'a' is taken", "give another"),
    (Item(PICTURE, id="r"), "'r' is taken", "give another"),
    (Item(PICTURE, id="a/b"), "'a/b'", "without a /"),
    (Item(PICTURE, geo=(91, 0)), "91", "-90..90"),
    (Item(PICTURE, crop=(0, 0, 0, 1)), "(0, 0, 0, 1)", "empty or inverted"),
    (Item(PICTURE, metadata=DEEP), "metadata.a.a", "64 levels"),
    (Item(PICTURE, concepts="dog"), "'dog'", "['dog']"),
    (Item(PICTURE, regions=[5]), "5", "nearsight.Region("),
    (Item(PICTURE, regions=Region(HALF)), "Region(", "give a list"),
    (Item(PICTURE, regions=[Region((0, 0, 1, 2))]), "(0, 0, 1, 2)", "0..1"),
]


@pytest.mark.parametrize(("source", "value", "cure"), FAILED, ids=[f"{f[1]}" for f in FAILED])
def test_one_bad_picture_says_why_and_stops_no_other(
    app: App, source: object, value: str, cure: str
) -> None:
    before = [str(each) for each in everything(app)]
    good = nearsight.pictures.open(plain((250, 0, 9))).digest.hex()
    report = app.inputs.add([source, plain((250, 0, 9))])
    assert [outcome.status for outcome in report.outcomes] == ["failed", "duplicate"]
    assert app.inputs[report.duplicates[0]].content == good
    message = str(report.failed[0])
    assert value in message
    assert cure in message
    assert [str(each) for each in everything(app)] == before


USES: list[tuple[bool, Call]] = [  # does it write?
    (True, lambda app: app.inputs.add(PICTURE)),
    (True, lambda app: app.inputs.update("a", concepts=["x"])),
    (True, lambda app: app.inputs.bulk_update({"a": {}})),
    (True, lambda app: app.inputs.delete("a")),
    (True, lambda app: app.inputs.delete(all=True)),
    (True, lambda app: app.inputs.delete(where="red")),
    (True, lambda app: app.inputs.merge_predictions("a", ["lemon"])),
    (True, lambda app: app.inputs.remove_predictions("a", ["lemon"])),
    (True, lambda app: app.annotations.add("a", concepts=["x"])),
    (True, lambda app: app.annotations.bulk_add([{"input": "a"}])),
    (True, lambda app: app.annotations.update("r", concepts=["x"])),
    (True, lambda app: app.annotations.delete("r")),
    (True, lambda app: app.concepts.create("new")),
    (True, lambda app: app.concepts.bulk_create(["new"])),
    (True, lambda app: app.concepts.update("red", "Red")),
    (True, lambda app: app.concepts.bulk_update(["red"], ["Red"])),
    (True, lambda app: app.models.create("new")),
    (True, lambda app: app.models.delete("raw")),
    (False, lambda app: app.inputs.get("a")),
    (False, lambda app: app.inputs.list()),
    (False, lambda app: app.inputs.list(where="red")),
    (False, lambda app: app.inputs.count("red")),
    (False, lambda app: len(app.inputs)),
    (False, lambda app: [*app.inputs]),
    (False, lambda app: "a" in app.inputs),
    (False, lambda app: app.inputs.status()),
    (False, lambda app: app.inputs.predictions("a")),
    (False, lambda app: app.inputs.thumbnail("a")),
    (False, lambda app: app.annotations.get("r")),
    (False, lambda app: app.annotations.list()),
    (False, lambda app: [*app.annotations]),
    (False, lambda app: app.concepts.get("red")),
    (False, lambda app: app.concepts.list()),
    (False, lambda app: app.concepts.search("*")),
    (False, lambda app: app.models.get("reds")),
    (False, lambda app: app.models.list()),
    (False, lambda app: app.search()),
    (False, lambda app: app.search(image=PICTURE)),
    (False, lambda app: app.search(concept="red", where="red")),
    (False, lambda app: app.search.annotations()),
    (False, lambda app: app.search.query([{"input": "a"}])),
    (False, lambda app: app.search.ask({})),
    (False, lambda app: [*app.search.pages()]),
    (False, lambda app: app.info()),
    (False, lambda app: app.refresh()),
]
OF_MODELS: list[tuple[bool, Callable[[Any], Any]]] = [
    (True, lambda model: model.train()),
    (True, lambda model: model.update(name="x")),
    (True, lambda model: model.use(1)),
    (True, lambda model: model.delete_version(1)),
    (True, lambda model: model.feedback("a", concepts=["red"])),
    (False, lambda model: model.info()),
    (False, lambda model: model.versions),
    (False, lambda model: model.inputs()),
    (False, lambda model: model.suggest()),
    (False, lambda model: model.suspects()),
    (False, lambda model: model.predict(PICTURE)),
]


def test_a_closed_app_says_so_whatever_it_is_asked(path: Path) -> None:
    app = nearsight.open(path, model=Planted())
    model = app.models["reds"]
    app.close()
    for _, use in USES:
        with pytest.raises(ClosedError, match=r"photos.ns was closed.*nearsight.open"):
            use(app)
    for _, use in OF_MODELS:
        with pytest.raises(ClosedError, match=r"photos.ns was closed.*nearsight.open"):
            use(model)


def test_a_read_only_app_reads_and_refuses_to_write(path: Path) -> None:
    with nearsight.open(path, model=Planted(), read_only=True) as app:
        before = app._truth.generation
        calls = [(writes, use, app) for writes, use in USES]
        calls += [(writes, use, app.models["reds"]) for writes, use in OF_MODELS]
        for writes, use, what in calls:
            if not writes:
                use(what)
                continue
            with pytest.raises(ReadOnlyError, match="read_only=True; open it without"):
                use(what)
        assert app._truth.generation == before
