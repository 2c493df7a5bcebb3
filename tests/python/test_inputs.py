"""Adding, looking up and erasing inputs."""

import gc
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.adding import ingest
from nearsight.errors import ArgumentError, ModelError, NotFoundError, PictureError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        yield app


def shades(count: int) -> list[np.ndarray]:
    return [plain((n % 251 + 1, n // 251 + 1, 7)) for n in range(count)]


def test_every_outcome_is_in_the_order_of_its_source(app: nearsight.App) -> None:
    sources = shades(100)
    first = app.inputs.add(sources)
    assert [o.status for o in first.outcomes] == ["added"] * 100
    assert [record.id for record in app.inputs] == first.added
    assert len(app.inputs) == 100
    again = app.inputs.add([*sources[40:60], plain(RED)])
    assert again.duplicates == first.added[40:60]
    assert len(again.added) == 1


def test_the_same_picture_twice_in_one_batch_is_added_once(app: nearsight.App) -> None:
    report = app.inputs.add([plain(RED), plain(GREEN), plain(RED)])
    assert [o.status for o in report.outcomes] == ["added", "added", "duplicate"]
    assert report.outcomes[2].id == report.outcomes[0].id
    assert len(app.search(image=plain(RED))) == 2


def test_one_bad_picture_never_stops_the_rest(app: nearsight.App, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("this is no picture")
    (tmp_path / "empty.png").touch()
    report = app.inputs.add(
        [
            plain(RED),
            tmp_path / "notes.jpg",
            tmp_path / "empty.png",
            tmp_path / "missing.jpg",
            b"garbage",
            plain(GREEN),
        ]
    )
    assert [o.status for o in report.outcomes] == ["added", *["failed"] * 4, "added"]
    assert all(isinstance(error, PictureError) for error in report.failed)
    assert "notes.jpg" in str(report.failed[0])
    assert str(report) == "2 added, 0 duplicate, 4 failed"


def test_a_picture_without_direction_is_reported_not_stored(app: nearsight.App) -> None:
    report = app.inputs.add([plain(RED), plain((0, 0, 0)), plain(GREEN)])
    assert [o.status for o in report.outcomes] == ["added", "failed", "added"]
    assert "compared" in report.failed[0].reason
    assert len(app.inputs) == 2


def test_adding_what_is_in_already_commits_nothing(app: nearsight.App) -> None:
    app.inputs.add(shades(40))
    before = app.info().commits
    assert len(app.inputs.add(shades(40)).duplicates) == 40
    assert app.info().commits == before


def test_an_abandoned_iterator_collected_under_the_lock_does_not_hang(app: nearsight.App) -> None:
    outcomes = app.inputs.adding(shades(300))
    next(outcomes)
    with app._truth.reading():
        del outcomes
        gc.collect()
    assert len(app.inputs.add(shades(300)).outcomes) == 300


def test_known_content_is_not_decoded_again(tmp_path: Path) -> None:
    embedder = Planted()
    with nearsight.open(tmp_path / "photos.ns", model=embedder) as app:
        app.inputs.add(shades(20))
        app.inputs.add(shades(20))
    assert embedder.pictures == 20


def test_a_folder_is_searched_and_readded_without_change(
    app: nearsight.App, tmp_path: Path, opencv_photos: Path
) -> None:
    folder = tmp_path / "album" / "deep"
    folder.mkdir(parents=True)
    for name in ("fruits.jpg", "butterfly.jpg"):
        shutil.copy(opencv_photos / name, folder)
    first = app.inputs.add(tmp_path / "album")
    assert len(first.added) == 2
    assert len(app.inputs.add(tmp_path / "album").duplicates) == 2
    record = app.inputs[first.added[1]]
    assert record.path == folder / "fruits.jpg"
    assert (record.format, record.width, record.height) == ("JPEG", 512, 480)
    assert record.size_bytes == (folder / "fruits.jpg").stat().st_size


def test_concepts_are_said_of_all_even_of_what_is_in_already(app: nearsight.App) -> None:
    app.inputs.add(plain(RED))
    report = app.inputs.add([plain(RED), plain(GREEN)], concepts=["warm "], not_concepts=["cold"])
    for outcome in report.outcomes:
        assert outcome.id is not None
        assert app.inputs[outcome.id].concepts == {"warm": True, "cold": False}
    assert app.info().said == {"cold": (0, 2), "warm": (2, 0)}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"concepts": "dog"}, r"concepts=\['dog'\]"),
        ({"concepts": [""]}, "is no concept"),
        ({"not_concepts": [3]}, "is no concept"),
        ({"concepts": ["\udcff"]}, "not UTF-8"),
        ({"concepts": ["a"], "not_concepts": ["a"]}, "choose one"),
    ],
)
def test_what_is_no_list_of_concepts_is_refused_before_anything_is_added(
    app: nearsight.App, said: dict[str, object], why: str
) -> None:
    with pytest.raises(ArgumentError, match=why):
        app.inputs.add(plain(RED), **said)  # type: ignore[arg-type]
    assert len(app.inputs) == 0


@pytest.mark.parametrize("asked", [{"where": "red"}, {"all": True}, {"ids": ["0", "1"]}])
def test_whatever_was_deleted_is_found_no_more(app: nearsight.App, asked: dict[str, Any]) -> None:
    app.inputs.add([Item(plain((n, 9, 9)), id=f"{n}", concepts=["red"]) for n in range(2)])
    assert app.inputs.delete(**asked) == ["0", "1"]
    assert app.search(image=plain((9, 9, 9))).ids == []
    assert app.search().ids == []
    app.inputs.add(Item(plain((9, 9, 9)), id="new"))
    assert app.search(image=plain((9, 9, 9))).ids == ["new"]


def test_a_deletion_that_fails_leaves_everything_to_be_found(
    app: nearsight.App, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.inputs.add(Item(plain((9, 9, 9)), id="a", concepts=["red"]))
    with monkeypatch.context() as patch:
        patch.setattr(app._truth.inputs, "erase", lambda ids: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            app.inputs.delete(where="red")
    app.inputs.add(Item(plain((1, 9, 9)), id="b"))
    assert app.search(image=plain((9, 9, 9))).ids == ["a", "b"]
    assert app.inputs.delete(where="red") == ["a"]


def test_deleted_inputs_are_gone_everywhere_and_can_come_back(app: nearsight.App) -> None:
    ids = app.inputs.add([plain(RED), plain(GREEN), plain(BLUE)], concepts=["plain"]).added
    assert app.inputs.delete([ids[0], "unknown", ids[0]]) == [ids[0]]
    assert ids[0] not in app.inputs
    assert app.search(image=plain(RED), k=9).ids == app.search(where="plain", k=9).ids[:2]
    assert ids[0] not in app.search(image=plain(RED)).ids
    with pytest.raises(NotFoundError, match=ids[0]):
        app.inputs.get(ids[0])
    assert app.inputs.add(plain(RED)).added == [ids[0]]
    assert app.search(image=plain(RED)).ids[0] == ids[0]


def test_what_is_no_id_is_nowhere(app: nearsight.App) -> None:
    assert "\udcff" not in app.inputs
    assert 5 not in app.inputs
    for ask in (app.inputs.get, app.inputs.thumbnail, app.inputs.predictions, app.inputs.delete):
        with pytest.raises(ArgumentError, match="id"):
            ask("\udcff")


def test_deleting_an_empty_list_deletes_nothing(app: nearsight.App) -> None:
    app.inputs.add(plain(RED))
    generation = app.info().commits
    assert app.inputs.delete([]) == []
    assert (len(app.inputs), app.info().commits) == (1, generation)


@pytest.mark.parametrize("ids", [[3], [None], [b"x"], 5])
def test_ids_are_text(app: nearsight.App, ids: list[object]) -> None:
    with pytest.raises(ArgumentError, match=r"give text|give an id"):
        app.inputs.delete(ids)  # type: ignore[arg-type]


def test_predictions_are_the_models_and_sorted(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain((200, 50, 0))).added
    found = {concept.name: value for concept, value in app.inputs.predictions(id_, n=50)}
    assert found["sports car"] == pytest.approx(0.2, abs=1e-3)
    values = [value for _, value in app.inputs.predictions(id_)]
    assert values == sorted(values, reverse=True)
    with pytest.raises(NotFoundError):
        app.inputs.predictions("unknown")


def test_thumbnails_are_kept(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain(RED, size=400)).added
    thumbnail = nearsight.pictures.open(app.inputs.thumbnail(id_))
    assert (thumbnail.format, thumbnail.width, thumbnail.height) == ("JPEG", 160, 160)


def test_outcomes_are_durable_when_they_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "photos.ns"
    with nearsight.open(path, model=Planted()) as app:
        for seen, outcome in enumerate(app.inputs.adding(shades(50)), start=1):
            with nearsight.open(path, model=Planted(), read_only=True) as reader:
                assert outcome.id in reader.inputs
            if seen == 5:
                break


def test_closing_the_iterator_keeps_what_was_embedded_and_stops(tmp_path: Path) -> None:
    embedder = Planted()
    with nearsight.open(tmp_path / "photos.ns", model=embedder) as app:
        outcomes = app.inputs.adding(shades(1000))
        first = next(outcomes)
        outcomes.close()
        assert first.id in app.inputs
        assert embedder.pictures - len(app.inputs) <= ingest.BATCH
        assert len(app.inputs) < 200
        assert len(app.search(image=plain(RED), k=1000)) == len(app.inputs)
        report = app.inputs.add(shades(1000))
        assert len(report.added) + len(report.duplicates) == 1000


def test_an_error_of_the_model_stops_adding_and_keeps_what_was_reported(tmp_path: Path) -> None:
    class Failing(Planted):
        def embed(self, pixels):  # type: ignore[no-untyped-def]
            if self.calls == 3:
                raise ModelError("the model is broken")
            return super().embed(pixels)

    seen = []
    with nearsight.open(tmp_path / "photos.ns", model=Failing()) as app:
        with pytest.raises(ModelError, match="broken"):
            for outcome in app.inputs.adding(shades(200)):
                seen.append(outcome.id)
        assert len(app.inputs) == 3 * ingest.BATCH
        assert all(id_ in app.inputs for id_ in seen)


def test_memory_does_not_follow_the_number_of_sources(app: nearsight.App) -> None:
    """The pipeline takes sources only a little ahead of what it has committed."""
    taken = 0

    def sources() -> Iterator[np.ndarray]:
        nonlocal taken
        for shade in shades(600):
            taken += 1
            yield shade

    furthest = 0
    for done, _ in enumerate(app.inputs.adding(sources()), start=1):
        furthest = max(furthest, taken - done)
    assert furthest <= 8 * ingest.BATCH


# ---- lists, counts, changes of many, corrections


def test_lists_and_counts(app: nearsight.App) -> None:
    app.inputs.add([Item(plain((n, 0, 1)), id=f"i{n}") for n in range(1, 8)], concepts=["all"])
    app.inputs.update(["i2", "i4"], concepts=["even"])
    assert [i.id for i in app.inputs.list(per_page=5)] == ["i1", "i2", "i3", "i4", "i5"]
    assert [i.id for i in app.inputs.list(page=2, per_page=5)] == ["i6", "i7"]
    assert app.inputs.list(page=3, per_page=5) == []
    assert [i.id for i in app.inputs.list(where="even")] == ["i2", "i4"]
    assert (app.inputs.count(), app.inputs.count("even"), app.inputs.count("not even")) == (7, 2, 5)
    for page, per_page in ((0, 5), (1, 0), (-1, 5), (1, 1001), (True, 5), ("1", 5)):
        with pytest.raises(ArgumentError, match="page"):
            app.inputs.list(page=page, per_page=per_page)  # type: ignore[arg-type]


def test_deleting_by_filter_and_all(app: nearsight.App) -> None:
    app.inputs.add([Item(plain((n, 0, 1)), id=f"i{n}") for n in range(1, 8)])
    app.inputs.update(["i2", "i4"], concepts=["even"])
    for nothing in ({}, {"ids": ["i1"], "all": True}, {"ids": ["i1"], "where": "even"}):
        with pytest.raises(ArgumentError, match="only one of them"):
            app.inputs.delete(**nothing)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="asks nothing"):
        app.inputs.delete(where=[])
    assert app.inputs.delete(where="even") == ["i2", "i4"]
    assert app.inputs.delete(all=True) == ["i1", "i3", "i5", "i6", "i7"]
    assert len(app.inputs) == 0


def test_what_a_filter_deleted_is_found_no_more(app: nearsight.App) -> None:
    app.inputs.add([Item(plain((n, 0, 1)), id=f"i{n}") for n in range(1, 5)], concepts=["all"])
    assert app.inputs.delete(where=':id = "i2"') == ["i2"]
    assert app.search(where="all").ids == ["i1", "i3", "i4"]
    assert app.search(input="i1").ids == ["i1", "i3", "i4"]
    assert app.inputs.count("all") == 3


def test_a_deletion_that_is_refused_leaves_the_cache_as_it_was(
    app: nearsight.App, caplog: pytest.LogCaptureFixture
) -> None:
    app.inputs.add([Item(plain((n, 0, 1)), id=f"i{n}") for n in range(1, 5)])
    with pytest.raises(NotFoundError, match="unheard"):
        app.inputs.delete(where="unheard")
    app.refresh()
    app.inputs.add(plain(BLUE))
    assert len(app.search()) == 5
    assert not caplog.records


def test_deleting_by_filter_beside_other_changes_blocks_nobody(app: nearsight.App) -> None:
    """Each of the two needs both locks, the caches' and the file's: in one order, or never."""
    red = app.inputs.add([plain(RED)]).added[0]

    def change() -> None:
        for n in range(60):
            app.inputs.update(red, metadata={"n": n})

    changing = threading.Thread(target=change, daemon=True)
    changing.start()
    for _ in range(60):
        app.inputs.delete(where="@n < 0")
    changing.join(30)
    assert not changing.is_alive()


def test_every_input_is_changed_in_its_own_way_or_none(app: nearsight.App) -> None:
    app.inputs.add([Item(plain(RED), id="a"), Item(plain(GREEN), id="b")], metadata={"n": [1]})
    a, b = app.inputs.bulk_update(
        {
            "a": {"concepts": ["x"], "metadata": {"n": [2]}},
            "b": {"not_concepts": ["x"], "geo": (1, 2)},
        }
    )
    assert (a.concepts, a.metadata, b.concepts, b.geo) == (
        {"x": True},
        {"n": [1, 2]},
        {"x": False},
        (1, 2),
    )
    with pytest.raises(NotFoundError):
        app.inputs.bulk_update({"a": {"concepts": ["y"]}, "gone": {"concepts": ["y"]}})
    assert app.inputs["a"].concepts == {"x": True}
    for wrong in ({"a": {"concept": ["y"]}}, {"a": ["y"]}, ["a"]):
        with pytest.raises(ArgumentError, match="changes"):
            app.inputs.bulk_update(wrong)  # type: ignore[arg-type]
    assert app.inputs.bulk_update({}) == []


def test_predictions_are_corrected_and_come_back_exactly(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain((200, 50, 0))).added
    before = app.inputs.predictions(id_, 200, 0.001)
    assert app.search(where="tabby >= 0.5").ids == [id_]
    names = {concept.id for concept, _ in before}
    app.inputs.remove_predictions(id_, names)
    assert app.inputs.predictions(id_, 200, 0.001) == []
    assert app.search(where="tabby >= 0.5").ids == []
    app.inputs.merge_predictions(id_, names)
    assert app.inputs.predictions(id_, 200, 0.001) == before
    assert app.search(where="tabby >= 0.5").ids == [id_]
    app.inputs.merge_predictions(id_, ["lemon"])
    (first, probability), *_ = app.inputs.predictions(id_)
    assert (first.name, probability) == ("lemon", 1.0)
    assert app.search(where="lemon >= 1").ids == [id_]
    app.inputs.remove_predictions(id_, ["lemon"])
    assert "lemon" not in {concept.name for concept, _ in app.inputs.predictions(id_, 999, 0.001)}
    with pytest.raises(NotFoundError):
        app.inputs.merge_predictions(id_, ["no such thing"])
    with pytest.raises(ArgumentError, match="give a list"):
        app.inputs.remove_predictions(id_, "lemon")
    with pytest.raises(NotFoundError):
        app.inputs.merge_predictions("gone", ["lemon"])


def test_predictions_are_of_the_concepts_that_the_app_has(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain((200, 50, 0)), concepts=["mine"]).added
    app.inputs.merge_predictions(id_, ["mine"])
    found = [concept for concept, _ in app.inputs.predictions(id_)]
    assert found[0] == app.concepts["mine"] and found[0].positives == 1
    assert len(found) > 1 and found == [app.concepts[concept.id] for concept in found]
    assert all(isinstance(concept, nearsight.Concept) for concept in found)
    translated = [concept for concept, _ in app.inputs.predictions(id_, language="ja")]
    assert {c.language for c in translated} >= {None, "ja"}


def test_predictions_of_a_taught_concept_are_corrected_by_whatever_name(app: nearsight.App) -> None:
    yes, no = app.inputs.add([plain((9, 9, 200)), plain((200, 9, 9))]).added
    app.concepts.create("c1", "lemon")
    app.inputs.update(yes, concepts=["c1"])
    app.inputs.update(no, not_concepts=["c1"])
    app.models.create("mine", concepts=["c1"]).train()
    for corrected in ("c1", "lemon"):
        app.inputs.remove_predictions(yes, [corrected])
        app.inputs.merge_predictions(no, [corrected])
        for asked in ("c1 >= 0.5", "lemon >= 0.5"):
            assert app.search(where=asked).ids == [no]
        assert {c.name for c, p in app.inputs.predictions(no) if p == 1} == {"lemon"}
        app.inputs.merge_predictions(yes, [corrected])
        app.inputs.remove_predictions(no, [corrected])
        app.inputs.merge_predictions(no, [corrected])
