"""Files made to do harm are decoded or refused (the long run is `hostile_pictures.py`)."""

import hostile_pictures
import pytest
from hostile_corpus import FAMILIES, made, mutant, seeds

from nearsight import pictures
from nearsight.errors import PictureError


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_hostile_pictures_does_no_harm(family: str) -> None:
    tally = hostile_pictures.tried(hostile_pictures.generated(family, 5, seed=7))
    assert tally.files == tally.decoded + tally.refused == 5
    assert tally.good(), tally


def test_mutants_of_good_pictures_do_no_harm() -> None:
    tally = hostile_pictures.tried(hostile_pictures.mutants(300, seed=7))
    assert tally.decoded > 30
    assert tally.reached > 100
    assert tally.refused > 100
    assert tally.good(), tally


def test_a_name_means_the_same_file_for_ever() -> None:
    for family in FAMILIES:
        assert made(family, 3) == made(family, 3)
        assert any(made(family, 3) != made(family, other) for other in range(4, 9))
    assert mutant(seeds(), 5) == mutant(seeds(), 5)


def test_the_run_notices_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what is neither a picture nor a PictureError, takes long or much, is counted."""
    monkeypatch.setattr(hostile_pictures, "SECONDS", -1)
    assert not hostile_pictures.tried([("good", seeds()[0])]).good()
    monkeypatch.undo()
    monkeypatch.setattr(hostile_pictures, "MEMORY", 1 << 20)
    assert not hostile_pictures.tried([("good", seeds()[0])]).good()
    monkeypatch.undo()

    def broken(*_: object) -> None:
        raise RuntimeError("broke")

    monkeypatch.setattr(pictures, "open", broken)
    assert hostile_pictures.tried([("good", seeds()[0])]).wrong == ["good: RuntimeError('broke')"]
    assert not issubclass(RuntimeError, PictureError)
