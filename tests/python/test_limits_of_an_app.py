"""What `nearsight.open(limits=)` says holds for every picture that the app decodes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from planted import Planted, plain

import nearsight
from nearsight import ArgumentError, Item, Limits, PictureError
from nearsight.pictures import decoder


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.png"
    Image.fromarray(np.full((40, 50, 3), (90, 60, 30), np.uint8)).save(path)
    return path


USES: list[Callable[[nearsight.App, Path], Any]] = [
    lambda app, big: app.search(image=big),
    lambda app, big: app.search(image=big, crop=(0, 0, 0.5, 0.5)),
    lambda app, big: app.models["general"].predict(big),
    lambda app, big: app.models["color"].predict(big),
    lambda app, big: app.models["focus"].predict(big),
    lambda app, big: app.annotations.add("i", box=(0, 0, 0.5, 0.5), picture=big),
]


def added(path: Path, big: Path) -> Path:
    with nearsight.open(path, model=Planted()) as app:
        assert app.inputs.add(Item(big, id="i")).added
        app.inputs.add(plain((1, 2, 3)))
    return path


@pytest.mark.parametrize("use", USES, ids=range(len(USES)))
def test_a_picture_above_the_limit_is_refused_wherever_it_is_given(
    use: Callable[[nearsight.App, Path], Any], tmp_path: Path, big: Path
) -> None:
    path = added(tmp_path / "a.ns", big)
    with nearsight.open(path, model=Planted()) as app:
        use(app, big)
    with (
        nearsight.open(path, model=Planted(), limits=Limits(max_pixels=1000)) as app,
        pytest.raises(PictureError, match=r"the limit is 1,000"),
    ):
        use(app, big)


def test_adding_keeps_to_the_apps_limits_unless_it_is_given_others(
    tmp_path: Path, big: Path
) -> None:
    with nearsight.open(tmp_path / "a.ns", model=Planted(), limits=Limits(max_pixels=1000)) as app:
        assert "the limit is 1,000" in str(app.inputs.add([big]).failed[0])
        assert app.inputs.add(big, limits=Limits()).added


@pytest.mark.parametrize("use", USES, ids=range(len(USES)))
def test_one_word_lets_workers_decode_everything(
    use: Callable[[nearsight.App, Path], Any],
    tmp_path: Path,
    big: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = added(tmp_path / "a.ns", big)

    def here(*given: object) -> None:
        raise AssertionError("decoded in this process")

    monkeypatch.setattr(decoder, "pixels_of", here)
    with nearsight.open(path, model=Planted(), limits=Limits(worker=True)) as app:
        use(app, big)


def test_what_are_no_limits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"limits=0: give nearsight.Limits"):
        nearsight.open(tmp_path / "a.ns", model=Planted(), limits=0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"read_only='no': give True or False"):
        nearsight.open(tmp_path / "a.ns", model=Planted(), read_only="no")  # type: ignore[arg-type]
    assert not (tmp_path / "a.ns").exists()
    with pytest.raises(ArgumentError, match=r"limits=5: give nearsight.Limits"):
        nearsight.open(tmp_path / "a.ns", model=Planted(), limits=5)  # type: ignore[arg-type]
