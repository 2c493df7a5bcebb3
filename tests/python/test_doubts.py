"""Labels that look wrong and inputs worth asking about, planted in real photographs."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight.errors import ArgumentError, TrainingError
from nearsight.teaching import NO, PRESUMED, YES, choose, doubts

STAMPS = Path("/usr/share/tuxpaint/stamps")
MANY = 24


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nearsight.App]:
    birds = sorted((STAMPS / "animals/birds").glob("**/*.png"))[:MANY]
    fruits = sorted((STAMPS / "food/fruit").glob("**/*.png"))[:MANY]
    assert len(birds) == len(fruits) == MANY, "apt install tuxpaint-stamps-default"
    with nearsight.open(tmp_path_factory.mktemp("doubts") / "photos.ns") as app:
        app.inputs.add(birds[2:] + fruits[:2], concepts=["bird"])
        app.inputs.add(fruits[2:] + birds[:2], not_concepts=["bird"])
        app.inputs.add(birds[2:5], concepts=["few"])
        app.inputs.add(fruits[2:5], not_concepts=["few"])
        yield app


def names(found: list[nearsight.Suspect]) -> set[str]:
    return {Path(suspect.input.name).parent.name for suspect in found}


def test_planted_wrong_labels_are_the_first_suspects(photos: nearsight.App) -> None:
    model = photos.models.create("birds", concepts=["bird"])
    first = model.suspects(4)
    assert names([suspect for suspect in first if suspect.said]) == {"fruit"}
    assert [suspect.said for suspect in first].count(True) == 2
    assert len([suspect for suspect in first if not suspect.said]) == 2
    assert all("/birds/" in s.input.name for s in first if not s.said)
    doubt = [suspect.doubt for suspect in model.suspects(100)]
    assert doubt == sorted(doubt, reverse=True)
    assert 0.5 < doubt[-1] <= doubt[0] <= 1
    assert len(doubt) < MANY


def test_suggestions_are_unlabelled_distinct_and_in_doubt(photos: nearsight.App) -> None:
    model = photos.models.create("few", concepts=["few"])
    with pytest.raises(TrainingError, match="train"):
        model.suggest()
    model.train()
    found = model.suggest(8)
    assert len({suggestion.input.id for suggestion in found}) == 8
    assert all("few" not in suggestion.input.concepts for suggestion in found)
    assert {suggestion.concept for suggestion in found} == {"few"}
    every = model.suggest(1000)
    assert len(every) == 2 * MANY - 6
    middle = [abs(s.probability - 0.5) for s in every]
    assert np.mean(middle[:8]) < np.mean(middle[8:])


@pytest.mark.parametrize("n", [0, -1, True, 2.5, "3"])
def test_a_number_that_is_none_is_refused(photos: nearsight.App, n: object) -> None:
    model = next(iter(photos.models))
    for ask in (model.suggest, model.suspects):
        with pytest.raises(ArgumentError, match="n="):
            ask(n)  # type: ignore[arg-type]


def test_rivals_are_not_labels_and_cannot_be_suspect(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add([plain((250, n, 9)) for n in range(5)], concepts=["rosso"])
        app.inputs.add([plain((9, n, 250)) for n in range(5)], concepts=["blu"])
        app.inputs.add(plain((251, 2, 8)), concepts=["blu"])
        model = app.models.create("m", concepts=["rosso", "blu"], concepts_mutually_exclusive=True)
        suspects = [(s.concept, s.said) for s in model.suspects()]
        assert ("blu", True) in suspects
        assert ("rosso", False) not in suspects


def test_nothing_unlabelled_leaves_nothing_to_suggest(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add(plain((250, 1, 9)), concepts=["rosso"])
        app.inputs.add(plain((9, 1, 250)), not_concepts=["rosso"])
        model = app.models.create("m", concepts=["rosso"])
        model.train()
        assert model.suggest() == []


def test_what_is_unsaid_is_not_doubted() -> None:
    random = np.random.default_rng(5)
    stances = np.repeat([YES, NO, PRESUMED], [6, 6, 30]).astype(np.int8)
    vectors = random.normal(0, 0.1, (42, 5)).astype(np.float32) + 1
    vectors[stances == YES, 0] += 1
    vectors[0, 0] -= 1
    found = doubts(vectors, np.zeros((42, 0), np.float32), stances)
    assert found.argmax() == 0
    assert found[0] > 0.9
    assert (found[stances == PRESUMED] == 0).all()


def test_the_choice_takes_doubt_and_difference_into_account() -> None:
    vectors = np.array([[1, 0], [1, 0.01], [0, 1], [-1, 0.2]], np.float32)
    doubt = np.array([1.0, 0.99, 0.5, 0.0])
    assert choose(vectors, doubt, 4).tolist() == [0, 2, 1], "no doubt, nothing to ask"
    assert choose(vectors, doubt, 1).tolist() == [0]
    assert choose(vectors[[0, 0, 2]], np.ones(3), 3).tolist() == [0, 2], "a copy tells nothing"


def test_nobody_waits_for_the_database_while_labels_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        shown = app.inputs.add([plain((n, 9, 9)) for n in range(200, 210)], concepts=["red"]).added
        app.inputs.add([plain((9, n, 9)) for n in range(200, 210)], not_concepts=["red"])
        app.inputs.add([plain((90, n, 9)) for n in range(90, 95)])
        model = app.models.create("reds", concepts=["red"])
        model.train()
        for asked, judge in ((model.suspects, "doubts"), (model.suggest, "choose")):
            real = getattr(nearsight.models.doubts, judge)
            gone: list[str] = []

            def judged(*given: object, real: Any = real, gone: list[str] = gone) -> Any:
                erasing = Thread(target=lambda: gone.extend(app.inputs.delete(shown.pop())))
                erasing.start()
                erasing.join(10)
                assert gone, "the database was locked"
                return real(*given)

            monkeypatch.setattr(nearsight.models.doubts, judge, judged)
            found = [each.input.id for each in asked(100)]
            assert gone[0] not in found
