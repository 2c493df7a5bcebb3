"""How hits draw themselves, also when the app behind them is gone."""

from pathlib import Path

import pytest

import nearsight
from nearsight import pictures
from nearsight.search.hits import Hits


def test_hits_draw_their_names_when_the_app_was_closed(tmp_path: Path, picture_file: Path) -> None:
    with nearsight.open(tmp_path / "a.ns", model="grid") as app:
        app.inputs.add(picture_file)
        hits = app.search()
        assert "data:image/jpeg;base64," in hits._repr_html_()
    page = hits._repr_html_()
    assert "data:image" not in page
    assert "1. picture.jpg<br>" in page


def test_hits_draw_the_names_of_inputs_that_were_erased(tmp_path: Path, picture_file: Path) -> None:
    with nearsight.open(tmp_path / "a.ns", model="grid") as app:
        app.inputs.add(picture_file)
        hits = app.search()
        app.inputs.delete(hits.ids)
        assert "data:image" not in hits._repr_html_()


def test_a_grid_shows_short_names_and_whole_paths_as_titles(
    tmp_path: Path, picture_file: Path
) -> None:
    with nearsight.open(tmp_path / "a.ns", model="grid") as app:
        app.inputs.add(picture_file)
        page = app.search()._repr_html_()
    assert f'title="{picture_file}"' in page
    assert page.count(str(picture_file)) == 1
    assert 'alt="picture.jpg"' in page


def test_no_hits_say_so_shortly() -> None:
    assert repr(Hits([])) == "<Hits 0>"
    assert "no hits" in Hits([])._repr_html_()


def test_the_message_for_several_pictures_names_them(tmp_path: Path, picture_file: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(picture_file.read_bytes())
    for what, name in ((tmp_path, f"{tmp_path}: "), ([picture_file] * 2, "<list>: ")):
        with pytest.raises(nearsight.ArgumentError) as refused:
            pictures.open(what)
        assert str(refused.value).startswith(f"{name}one picture is needed here")
