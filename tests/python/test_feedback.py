"""Feedback on predictions: kept with what is known of it, and used by the next training."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight.errors import ArgumentError, NotFoundError, PictureError

RED, BLUE, GREEN = (250, 9, 9), (9, 9, 250), (9, 250, 9)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add([plain((250, n, 9)) for n in range(4)], concepts=["rosso"])
        app.inputs.add([plain((9, n, 250)) for n in range(4)])
        yield app


@pytest.fixture
def model(app: nearsight.App) -> nearsight.Model:
    return app.models.create("m", concepts=["rosso"])


def test_feedback_on_an_input_is_used_by_the_next_training(
    app: nearsight.App, model: nearsight.Model
) -> None:
    assert model.train().reports["rosso"].negatives == 0
    blue = app.search(image=plain(BLUE), k=1)[0].id
    (given,) = model.feedback(blue, not_concepts=["rosso"], info={"end_user_id": "anna"})
    assert (given.annotation.input, given.annotation.by) == (blue, "feedback")
    assert given.annotation.concepts == {"rosso": False}
    assert given.info == nearsight.FeedbackInfo(end_user_id="anna")
    assert model.feedbacks == [given]
    assert model.train().reports["rosso"].negatives == 1
    app.annotations.delete(given.annotation.id)
    assert model.feedbacks == []
    assert model.train().reports["rosso"].negatives == 0


def test_a_picture_that_is_not_in_is_added(app: nearsight.App, model: nearsight.Model) -> None:
    before = len(app.inputs)
    (first,) = model.feedback(plain(GREEN), concepts=["verde"], new_concepts=True)
    (again,) = model.feedback(plain(GREEN), not_concepts=["rosso"])
    assert len(app.inputs) == before + 1
    assert first.annotation.input == again.annotation.input
    assert [kept.annotation.id for kept in model.feedbacks] == [
        first.annotation.id,
        again.annotation.id,
    ]


def test_feedback_on_regions_is_learned_from_them(
    app: nearsight.App, model: nearsight.Model
) -> None:
    both = np.hstack([plain(RED), plain(BLUE)])
    regions = [
        nearsight.Region((0, 0, 1, 0.5), concepts=["rosso"]),
        nearsight.Region((0, 0.5, 1, 1), not_concepts=["rosso"], text="the sea"),
    ]
    given = model.feedback(both, regions=regions)
    assert [kept.annotation.box for kept in given] == [r.box for r in regions]
    assert given[1].annotation.text == "the sea"
    report = model.train().reports["rosso"]
    assert (report.positives, report.negatives) == (5, 1)
    assert app.search.annotations(image=plain(RED), k=99)[0].score > 0.99


def test_what_is_contradicted_is_not_presumed_either(
    app: nearsight.App, model: nearsight.Model
) -> None:
    red, blue = (app.search(image=plain(colour), k=1)[0].id for colour in (RED, BLUE))
    before = model.train().reports["rosso"].presumed
    model.feedback(red, not_concepts=["rosso"])
    assert model.train().reports["rosso"].presumed == before
    model.feedback(
        blue, concepts=["blu"], new_concepts=True
    )  # of another concept: nobody has labelled it with this
    assert model.train().reports["rosso"].presumed == before


def test_what_is_contradicted_is_not_believed(app: nearsight.App, model: nearsight.Model) -> None:
    red = app.search(image=plain(RED), k=1)[0].id
    model.feedback(red, not_concepts=["rosso"])
    report = model.train().reports["rosso"]
    assert (report.positives, report.negatives) == (3, 0)


@pytest.mark.parametrize(
    ("what", "said", "error", "why"),
    [
        (RED, {}, ArgumentError, "feedback: give concepts="),
        (RED, {"concepts": ["x"], "not_concepts": ["x"]}, ArgumentError, "choose one"),
        (RED, {"concepts": "x"}, ArgumentError, "a list"),
        (RED, {"regions": [(0, 0, 1, 1)]}, ArgumentError, "nearsight.Region"),
        (RED, {"concepts": ["rosso"], "info": {"who": "anna"}}, ArgumentError, "output_id"),
        (RED, {"concepts": ["rosso"], "info": {"output_id": 3}}, ArgumentError, "output_id"),
        ("/no/such.jpg", {"concepts": ["rosso"]}, PictureError, "no/such"),
        ([], {"concepts": ["rosso"]}, ArgumentError, "one picture"),
        (b"garbage", {"concepts": ["rosso"]}, PictureError, "picture"),
    ],
)
def test_bad_feedback_changes_nothing(
    app: nearsight.App,
    model: nearsight.Model,
    what: object,
    said: dict[str, object],
    error: type[Exception],
    why: str,
) -> None:
    before = (len(app.inputs), len(app.annotations))
    with pytest.raises(error, match=why):
        model.feedback(plain(what) if what is RED else what, **said)  # type: ignore[arg-type]
    assert (len(app.inputs), len(app.annotations)) == before
    app.models.delete("m")
    with pytest.raises(NotFoundError, match="'m'"):
        model.feedback(plain(RED), concepts=["rosso"])


def test_a_misspelt_concept_is_no_new_one_unless_that_is_said(
    app: nearsight.App, model: nearsight.Model
) -> None:
    before = [c.id for c in app.concepts.list(source="own")]
    region = nearsight.Region((0, 0, 1, 0.5), concepts=["rossso"])
    for said in ({"concepts": ["rossso"]}, {"not_concepts": ["rossso"]}, {"regions": [region]}):
        with pytest.raises(
            NotFoundError, match=r"'rossso'\. Did you mean rosso.*new_concepts=True"
        ):
            model.feedback(plain(GREEN), **said)  # type: ignore[arg-type]
    assert [c.id for c in app.concepts.list(source="own")] == before
    assert len(app.inputs) == 8, "nothing was added for feedback that was refused"
    model.feedback(plain(GREEN), concepts=["rossso"], new_concepts=True)
    assert "rossso" in app.concepts


def test_a_general_concept_is_known_to_feedback(app: nearsight.App, model: nearsight.Model) -> None:
    known = app.concepts.list(source="general")[0].name
    (given,) = model.feedback(plain(GREEN), concepts=[known])
    assert given.annotation.concepts == {known: True}
