"""The demo: it finds the right photos, its page stands alone, and it fails where it should."""

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import nearsight
from nearsight.cli.main import main
from nearsight.demo import PHOTOS, QUESTIONS, credits, take

OK, FAILURE = 0, 3
LOADS = {"src", "srcset", "data", "action", "background", "poster"}  # what makes a page fetch


class Page(HTMLParser):
    """Every tag and its attributes, and the texts."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def shown(command: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo says, and its page."""
    folder = tmp_path_factory.mktemp("demo")
    done = command("demo", cwd=folder)
    assert (done.returncode, done.stderr) == (OK, "")
    assert [file.name for file in folder.iterdir()] == ["nearsight-demo.html"]
    return done.stdout, folder / "nearsight-demo.html"


def test_it_says_what_it_found_how_long_it_took_and_where_the_page_is(
    shown: tuple[str, Path],
) -> None:
    out, page = shown
    assert "right: citrus.jpg came first" in out
    assert "concept 'cat': right: " in out
    assert "words 'a dog playing on the grass': right: " in out
    assert len(re.findall(r"^ *\d+\.\d ms  ", out, re.MULTILINE)) == 4
    assert page.as_uri() in out


def test_the_page_stands_alone(shown: tuple[str, Path]) -> None:
    page = Page(shown[1])
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in LOADS or str(value).startswith("data:image/jpeg;base64,")
    style = page.texts[page.texts.index(next(t for t in page.texts if "color-scheme" in t))]
    assert "url(" not in style
    assert "@import" not in style


def test_every_image_of_the_page_decodes(shown: tuple[str, Path]) -> None:
    sources = [str(attributes["src"]) for tag, attributes in Page(shown[1]).tags if tag == "img"]
    assert len(sources) == 1 + 3 * 6  # the query, and the hits of three searches
    for source in sources:
        with Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as image:
            image.load()
            assert 16 <= max(image.size) <= 160


def test_the_page_credits_every_photo_that_it_shows(shown: tuple[str, Path]) -> None:
    rows = {row[0]: row for row in credits()}
    assert set(rows) >= {photo.name for photo in PHOTOS.iterdir()}
    text = Page(shown[1]).text
    for photo in PHOTOS.iterdir():
        assert all(rows[photo.name][1:5]), photo.name
        assert all(cell in text for cell in rows[photo.name])


def test_the_photos_are_small() -> None:
    sizes = [photo.stat().st_size for photo in PHOTOS.iterdir()]
    assert 20 <= len(sizes) <= 30
    assert sum(sizes) <= 700_000


def test_wrong_hits_fail_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(PHOTOS, photos)
    (photos / "cat.jpg").rename(photos / "fig.jpg")
    monkeypatch.setattr("nearsight.demo.PHOTOS", photos)
    assert main(["demo", "--out", str(tmp_path / "page.html")]) == FAILURE
    assert "concept 'cat': wrong: fig.jpg, cat-tortoiseshell.jpg came" in capsys.readouterr().err


def test_your_own_folder_is_asked_about_what_is_in_it(
    album: Path, command: Any, tmp_path: Path
) -> None:
    database, page = tmp_path / "mine.ns", tmp_path / "mine.html"
    done = command("demo", album, "--db", database, "--out", page, "--json", cwd=tmp_path)
    assert done.returncode == OK
    said = [json.loads(line) for line in done.stdout.splitlines()]
    picture, concept, words = (entry for entry in said if "asked" in entry)
    best = Path(picture["hits"][0]["input"]["name"]).name
    assert best in picture["asked"]
    for search in (concept, words):
        assert search["hits"][0]["score"] > 0.5
    assert concept["asked"].split()[1] != words["asked"].split()[1]
    assert page.is_file()
    with nearsight.open(database) as app:
        assert len(app.inputs) == 8


def test_a_folder_without_pictures_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["demo", str(empty), "--out", str(tmp_path / "page.html")]) == FAILURE
    assert f"{empty} holds no picture" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_cannot_be_written_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, page = tmp_path / "demo.ns", tmp_path / "none" / "page.html"
    assert main(["demo", "--db", str(database), "--out", str(page)]) == FAILURE
    assert f"there is no folder {page.parent}: make it" in capsys.readouterr().err
    assert not database.exists()


def test_a_tour_times_every_step(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "demo.ns") as app:
        tour = take(app, PHOTOS, QUESTIONS)
    assert tour.steps[0][0] == "put the pictures in"
    assert all(seconds > 0 for _, seconds, _ in tour.steps)
    assert len(tour.answers) == 3
    assert not any(answer.is_wrong for answer in tour.answers)
