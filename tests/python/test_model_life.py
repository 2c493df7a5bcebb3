"""What can be asked of and done to custom models besides training: attributes, versions, inputs."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight.errors import ArgumentError, NotFoundError, TrainingError
from nearsight.models import training
from nearsight.teaching import teach

REDS = [(250, 10 * n, 20) for n in range(8)]
BLUES = [(20, 10 * n, 250) for n in range(8)]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add(map(plain, REDS[:4]), concepts=["rosso"])
        app.inputs.add(map(plain, BLUES[:4]), concepts=["blu"])
        app.inputs.add(map(plain, REDS[4:] + BLUES[4:]))
        yield app


@pytest.fixture
def model(app: nearsight.App) -> nearsight.Model:
    return app.models.create("colours", concepts=["rosso", "blu"])


def digest(colour: tuple[int, int, int]) -> str:
    return nearsight.pictures.open(plain(colour)).digest.hex()[:32]


# -- attributes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "concepts", "left"),
    [
        ("merge", ["verde", "blu"], ("rosso", "blu", "verde")),
        ("merge", [], ("rosso", "blu")),
        ("remove", ["rosso"], ("blu",)),
        ("remove", [], ("rosso", "blu")),
        ("overwrite", ["blu", "verde"], ("blu", "verde")),
        ("overwrite", [], ()),
    ],
)
def test_concepts_are_merged_removed_and_overwritten(
    model: nearsight.Model, action: str, concepts: list[str], left: tuple[str, ...]
) -> None:
    assert model.update(concepts=concepts, action=action) is model
    assert model.concepts == left


def test_an_overwritten_concept_that_stays_keeps_what_was_learned(model: nearsight.Model) -> None:
    model.train()
    model.update(concepts=["blu", "verde"], action="overwrite")
    assert [concept for concept, _ in model.predict(plain(BLUES[0]))] == ["blu"]


def test_attributes_change_alone_and_together(model: nearsight.Model) -> None:
    model.update(name="Colours!", closed_environment=True)
    assert (model.name, model.closed_environment) == ("Colours!", True)
    assert not model.concepts_mutually_exclusive
    model.update(concepts_mutually_exclusive=True, hyper_parameters={"room": 5})
    assert (model.name, model.closed_environment) == ("Colours!", True)
    assert model.concepts_mutually_exclusive
    assert model.hyper_parameters == nearsight.HyperParameters(room=5)
    before = model.info()
    model.update()
    assert model.info() == before


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"action": "delete"}, ArgumentError, "action='delete'"),
        ({"name": " "}, ArgumentError, "name=' '"),
        ({"concepts": "dog"}, ArgumentError, "a list"),
        ({"concepts": ["x", "rosso"], "action": "remove"}, NotFoundError, "'x'"),
        ({"hyper_parameters": {"depth": 3}}, ArgumentError, "no 'depth'; there are regularisation"),
        ({"hyper_parameters": 3}, ArgumentError, "dictionary"),
        ({"hyper_parameters": {"room": 1.5}}, ArgumentError, "room=1.5"),
        ({"hyper_parameters": {"room": 10**9}}, ArgumentError, "room="),
        ({"hyper_parameters": {"regularisation": 0}}, ArgumentError, "regularisation=0"),
        ({"hyper_parameters": {"presumed_weight": float("nan")}}, ArgumentError, "nan"),
        ({"hyper_parameters": {"presumed_weight": 2}}, ArgumentError, "at most 1"),
    ],
)
def test_a_refused_update_changes_nothing(
    model: nearsight.Model, change: dict[str, object], error: type[Exception], why: str
) -> None:
    before = model.info()
    with pytest.raises(error, match=why):
        model.update(**({"name": "new"} | change))  # type: ignore[arg-type]
    assert model.info() == before


def test_info_tells_what_a_model_is(app: nearsight.App, model: nearsight.Model) -> None:
    info = model.info()
    assert (info.id, info.name, info.type, info.current) == ("colours", "colours", "concept", None)
    assert info.concepts == ("rosso", "blu")
    model.train()
    assert model.info().versions == (1,)
    assert model.info().to_dict()["added_at"] == info.added_at.isoformat()
    assert model.versions[0].to_dict()["number"] == 1


# -- how it learns -----------------------------------------------------------------------------


def test_a_closed_environment_presumes_nothing(app: nearsight.App) -> None:
    model = app.models.create("m", concepts=["rosso"], closed_environment=True)
    with pytest.raises(TrainingError, match=r"'rosso'.*closed.*not_concepts="):
        model.train()
    app.inputs.add(plain(BLUES[0]), not_concepts=["rosso"])
    report = model.train().reports["rosso"]
    assert (report.positives, report.negatives, report.presumed) == (4, 1, 0)
    report = model.update(closed_environment=False).train().reports["rosso"]
    assert report.presumed == 11


def test_rivals_count_as_negatives_in_a_closed_environment(app: nearsight.App) -> None:
    model = app.models.create(
        "m", concepts=["rosso", "blu"], closed_environment=True, concepts_mutually_exclusive=True
    )
    report = model.train().reports["rosso"]
    assert (report.positives, report.negatives, report.presumed) == (4, 4, 0)


def test_room_and_regularisation_are_heeded(app: nearsight.App, model: nearsight.Model) -> None:
    assert model.train().reports["rosso"].presumed == 12
    free = dict(model.predict(plain((250, 40, 20))))["rosso"]
    model.update(hyper_parameters={"room": 9, "regularisation": 100})
    assert model.train().reports["rosso"].presumed == 5
    assert dict(model.predict(plain((250, 40, 20))))["rosso"] != pytest.approx(free, abs=1e-4)


# -- what it was told of -----------------------------------------------------------------------


def test_a_version_remembers_its_inputs_and_the_model_knows_the_next_ones(
    app: nearsight.App, model: nearsight.Model
) -> None:
    first = [digest(colour) for colour in REDS[:4] + BLUES[:4]]
    assert [input.id for input in model.inputs()] == first
    model.train()
    app.inputs.add(plain(REDS[6]), not_concepts=["blu"])
    app.inputs.delete(first[:1])
    assert [input.id for input in model.inputs(1)] == first[1:]
    assert {input.id for input in model.inputs()} == {*first[1:], digest(REDS[6])}


def test_inputs_come_in_pages(model: nearsight.Model) -> None:
    pages = [model.inputs(page=page, per_page=3) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 2, 0]
    assert [input.id for page in pages for input in page] == [i.id for i in model.inputs()]
    with pytest.raises(NotFoundError, match="no version 9"):
        model.inputs(9)
    for wrong in ({"page": 0}, {"per_page": -1}, {"page": True}, {"page": 1.0}):
        with pytest.raises(ArgumentError, match="page="):
            model.inputs(**wrong)  # type: ignore[arg-type]


# -- many models -------------------------------------------------------------------------------


def test_models_are_deleted_one_by_one_together_and_all(app: nearsight.App) -> None:
    for id_ in "abcd":
        app.models.create(id_, concepts=["x"])
    assert app.models.delete("a") == ["a"]
    assert app.models.delete([]) == []
    with pytest.raises(NotFoundError, match="'nope'"):
        app.models.delete(["b", "nope"])
    assert app.models.delete(["b", "c", "b"]) == ["b", "c"]
    assert [model.id for model in app.models] == ["d"]
    assert app.models.delete(all=True) == ["d"]
    assert len(app.models) == 0


def test_deleting_nothing_in_particular_is_refused(
    app: nearsight.App, model: nearsight.Model
) -> None:
    for wrong in (
        lambda: app.models.delete(),
        lambda: app.models.delete("colours", all=True),
        lambda: app.models.delete(7),  # type: ignore[arg-type]
    ):
        with pytest.raises(ArgumentError, match="delete"):
            wrong()
    with pytest.raises(NotFoundError, match="no model of yours"):
        app.models.delete("general")
    assert len(app.models) == 1


def test_models_are_searched_by_name_and_type(app: nearsight.App) -> None:
    app.models.create("p1", concepts=["x"], name="All puppies")
    app.models.create("pups", concepts=["x"])

    def found(*asked: str, **more: str) -> list[str]:
        return [model.id for model in app.models.search(*asked, **more)]

    assert found("*pup*") == found("*PUP*") == ["p1", "pups"]
    assert found("pup") == []
    assert found("p1", type="concept") == ["p1"]
    assert found("p1", type="color") == []
    assert found("*", type="color") == ["color"]
    assert found("general-v1.3") == ["general"]
    assert found("*")[:3] == ["p1", "pups", "general"]
    with pytest.raises(ArgumentError, match="type='cluster'"):
        found("*", type="cluster")
    with pytest.raises(ArgumentError, match="name="):
        found("")


def test_pages_list_your_own_models_first(app: nearsight.App, model: nearsight.Model) -> None:
    ids = [model.id for model in app.models.list(per_page=100)]
    assert ids[:2] == ["colours", "general"]
    assert [m.id for page in (1, 2) for m in app.models.list(page, 4)] == ids[:8]
    assert app.models.list(99) == []


# -- regions -----------------------------------------------------------------------------------


def half_and_half(left: tuple[int, int, int], right: tuple[int, int, int]) -> np.ndarray:
    return np.hstack([plain(left), plain(right)])


def test_a_concept_is_learned_from_regions(tmp_path: Path) -> None:
    left, right = (0, 0, 1, 0.5), (0, 0.5, 1, 1)
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        for n in range(4):
            app.inputs.add(
                nearsight.Item(
                    half_and_half((250, 9 * n, 9), (9, 9 * n, 250)),
                    regions=[
                        nearsight.Region(left, concepts=["rosso"]),
                        nearsight.Region(right, not_concepts=["rosso"]),
                    ],
                )
            )
        app.inputs.add([plain((9, 200, 9 * n)) for n in range(5)])
        model = app.models.create("m", concepts=["rosso"])
        report = model.train().reports["rosso"]
        assert (report.positives, report.negatives, report.presumed) == (4, 4, 5)
        assert len(model.inputs(1)) == len(model.inputs()) == 4
        (red,), (blue,) = (model.predict(plain(c)) for c in ((250, 9, 9), (9, 9, 250)))
        assert red[1] > 0.6 > 0.3 > blue[1]
        wrong = next(a for a in app.annotations if a.box == right)
        app.annotations.update(wrong.id, concepts=["rosso"])
        first = model.suspects()[0]
        assert (first.annotation, first.input.id, first.said) == (wrong.id, wrong.input, True)
        assert all(s.input.id not in {i.id for i in model.inputs()} for s in model.suggest(99))


def test_a_training_holds_the_examples_of_one_concept_at_a_time(
    model: nearsight.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[weakref.ref[Any]] = []

    def taught(vectors: Any, *rest: Any) -> Any:
        assert [each() for each in held] == [None] * len(held)
        held.append(weakref.ref(vectors))
        return teach(vectors, *rest)

    monkeypatch.setattr(training, "teach", taught)
    assert set(model.train().reports) == {"rosso", "blu"}
    assert len(held) == 2


def test_a_concept_without_examples_stops_a_training_before_it_begins(
    model: nearsight.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.update(concepts=["verde"])
    monkeypatch.setattr(training, "teach", lambda *_: pytest.fail("it began"))
    with pytest.raises(TrainingError, match="no input is said to show 'verde'"):
        model.train()
