"""Adding: items with ids, crops, URLs and regions, duplicates, EXIF, and how it is going."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from planted import Planted, plain

import nearsight
from nearsight import Item, StatusCounts
from nearsight.errors import ArgumentError, NotFoundError, PictureError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as opened:
        yield opened


def test_what_is_known_of_one_picture_joins_what_is_known_of_all(app: nearsight.App) -> None:
    report = app.inputs.add(
        [
            Item(plain(RED), id="red", concepts=["warm"], metadata={"n": 1}, geo=(1, 2)),
            plain(GREEN),
            Item(plain(BLUE), not_concepts=["tidy"], url="https://example.org/blue.png"),
        ],
        concepts=["tidy"],
        metadata={"n": 0, "batch": "a"},
        geo=(5, 6),
    )
    red, green, blue = (app.inputs[id_] for id_ in report.added)
    assert (red.id, red.concepts, red.metadata, red.geo) == (
        "red",
        {"tidy": True, "warm": True},
        {"n": 1, "batch": "a"},
        (1, 2),
    )
    assert (green.concepts, green.metadata, green.geo) == (
        {"tidy": True},
        {"n": 0, "batch": "a"},
        (5, 6),
    )
    assert (blue.concepts, blue.url) == ({"tidy": False}, "https://example.org/blue.png")


def test_an_id_is_one_inputs_only(app: nearsight.App) -> None:
    assert app.inputs.add(plain(RED), id="a").added == ["a"]
    taken = app.inputs.add([plain(GREEN)], id="a")
    assert [str(error) for error in taken.failed] == [
        "<array 8x8x3 uint8>: the id 'a' is taken; give another, or delete it"
    ]
    both = app.inputs.add([plain(GREEN), plain(BLUE)], id="b")
    assert (both.added, len(both.failed)) == (["b"], 1)
    again = app.inputs.add(plain(RED), id="c")
    assert again.duplicates == ["a"]
    assert len(app.inputs) == 2


def test_an_annotations_id_is_no_inputs(app: nearsight.App) -> None:
    app.inputs.add(plain(RED), id="a")
    app.annotations.add("a", id="note")
    with pytest.raises(PictureError, match="is taken"):
        app.inputs.add(plain(GREEN), id="note")


@pytest.mark.parametrize("id_", ["", " ", "a/b", "x" * 201, "\0", "\udcff", 3, b"a"])
def test_bad_ids_are_refused(app: nearsight.App, id_: object) -> None:
    with pytest.raises(ArgumentError, match="id"):
        app.inputs.add(plain(RED), id=id_)  # type: ignore[arg-type]
    report = app.inputs.add([Item(plain(RED), id=id_), plain(GREEN)])  # type: ignore[arg-type]
    assert (len(report.failed), len(report.added)) == (1, 1)


def test_content_and_known_urls_are_added_once_unless_allowed(app: nearsight.App) -> None:
    url = "https://example.org/a.png"
    (first,) = app.inputs.add(plain(RED), url=url).added
    assert app.inputs.add(plain(RED)).duplicates == [first]
    assert app.inputs.add(plain(GREEN), url=url, concepts=["seen"]).duplicates == [first]
    assert app.inputs[first].concepts == {"seen": True}
    twice = app.inputs.add([plain(RED), plain(RED)], allow_duplicate=True)
    assert (len(twice.added), len(set(twice.added) | {first})) == (2, 3)
    assert app.search(image=plain(RED)).ids == [first, *twice.added]


def test_a_crop_is_an_input_of_its_own(app: nearsight.App, tmp_path: Path) -> None:
    photo = tmp_path / "halves.png"
    Image.fromarray(np.hstack([plain(RED, 300), plain(BLUE, 300)])).save(photo)
    left, right = (0, 0, 1, 0.5), (0, 0.5, 1, 1)
    (whole,) = app.inputs.add(photo).added
    (red,) = app.inputs.add(photo, crop=left).added
    (blue,) = app.inputs.add(Item(photo, crop=right)).added
    assert app.inputs.add(photo, crop=left).duplicates == [red]
    record = app.inputs[blue]
    assert (record.crop, record.width, record.height) == (right, 300, 300)
    assert app.search(image=plain(BLUE))[0].id == blue
    assert app.search(image=photo, crop=right).ids == [blue, whole, red]
    assert app.search(input=whole, crop=left)[0].id == red
    assert {h.id for h in app.search(where="has(crop)")} == {red, blue}
    with Image.open(BytesIO(app.inputs.thumbnail(blue))) as small:
        assert small.size == (160, 160)


@pytest.mark.parametrize(
    "crop",
    [(0, 0, 2, 1), (0.5, 0, 0.5, 1), (1, 0, 0, 1), (0, 0, 1), "abcd", (0, 0, 1, float("nan"))],
)
def test_bad_crops_are_refused(app: nearsight.App, crop: object) -> None:
    with pytest.raises(ArgumentError, match="box"):
        app.inputs.add(plain(RED), crop=crop)
    with pytest.raises(ArgumentError, match="box"):
        app.search(image=plain(RED), crop=crop)


def test_status_counts_what_is_in_under_way_and_failed(app: nearsight.App, tmp_path: Path) -> None:
    assert app.inputs.status() == StatusCounts(0, 0, 0)
    pictures = [plain((n, 1, 1)) for n in range(1, 100)]
    adding = app.inputs.adding([tmp_path / "missing.jpg", *pictures])
    next(adding)
    during = app.inputs.status()
    assert during.errors == 1
    assert during.to_process > 0
    list(adding)
    assert app.inputs.status() == StatusCounts(99, 0, 1)
    stopped = app.inputs.adding(plain((n, 2, 2)) for n in range(1, 100))
    next(stopped)
    stopped.close()
    assert app.inputs.status().to_process == 0


def test_a_picture_is_found_by_the_url_it_came_from(app: nearsight.App) -> None:
    url = "https://example.org/blue.png"
    app.inputs.add([Item(plain(RED)), Item(plain(BLUE), id="blue", url=url)])
    assert app.search(image=url, k=1).ids == ["blue"]
    assert app.search(where=f':url = "{url}"').ids == ["blue"]
    with pytest.raises(nearsight.NotFoundError, match="uses no network"):
        app.search(image="https://example.org/other.png")


def test_dates_places_and_cameras_of_files_land_in_the_record(
    app: nearsight.App, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS 5D"
    exif.get_ifd(0x8769)[0x9003] = "2024:06:01 12:30:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (48.0, 51.0, 0.0), "E", (2.0, 21.0, 0.0)
    photo = tmp_path / "paris.jpg"
    Image.fromarray(plain(RED, 300)).save(photo, exif=exif)
    (id_,) = app.inputs.add(photo, metadata={"roll": 3}).added
    record = app.inputs[id_]
    assert record.geo == pytest.approx((48.85, 2.35))
    assert record.metadata["roll"] == 3
    assert record.metadata["exif"]["make"] == "Canon"
    assert record.metadata["exif"]["taken"] == "2024-06-01T12:30:00"
    assert app.search(where='@exif.taken >= "2024-06" and within(48.8, 2.3, 20)').ids == [id_]
    (plain_id,) = app.inputs.add(photo, exif=False, allow_duplicate=True).added
    assert (app.inputs[plain_id].geo, app.inputs[plain_id].metadata) == (None, {})
    (own,) = app.inputs.add(photo, geo=(1, 2), metadata={"exif": 5}, allow_duplicate=True).added
    assert (app.inputs[own].geo, app.inputs[own].metadata) == ((1, 2), {"exif": 5})


def test_a_file_is_found_by_its_path_and_by_the_end_of_it(
    app: nearsight.App, tmp_path: Path
) -> None:
    Image.fromarray(plain((9, 90, 9))).save(tmp_path / "a b.png")
    whole, part = (
        app.inputs.add(tmp_path, crop=crop).added for crop in (None, (0.0, 0.0, 0.5, 0.5))
    )
    for name in ("a b.png", str(tmp_path / "a b.png")):
        assert app.search(where=nearsight.filters.name(name)).ids == [*whole, *part]
    assert app.search(where=nearsight.filters.name("b.png")).ids == []


@pytest.mark.parametrize(
    ("source", "error", "why"),
    [
        ("typo.jpg", NotFoundError, "typo.jpg.*check the path"),
        (Path("typo"), NotFoundError, "typo.*check the path"),
        ("nothing/*.jpg", NotFoundError, "no picture matches this pattern"),
        (b"garbage", PictureError, "<bytes>"),
        (Item("typo.jpg"), NotFoundError, "typo.jpg"),
        (Item(plain(RED), geo=(91, 0)), ArgumentError, "91.*-90..90"),
        (5, PictureError, "<int>.*give a path"),
        (".", PictureError, "there is no picture in this folder"),
    ],
)
def test_one_source_by_itself_that_cannot_be_used_raises(
    app: nearsight.App,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: Any,
    error: Any,
    why: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(error, match=why):
        app.inputs.add(source)
    report = app.inputs.add([source])
    assert len(report.failed) == 1
    assert app.inputs.status().errors == 2
    assert [outcome.status for outcome in app.inputs.adding(source)] == ["failed"]


def test_pictures_of_one_folder_are_reported(app: nearsight.App, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"garbage")
    assert len(app.inputs.add(tmp_path).failed) == 2


def test_the_whole_picture_is_no_crop(app: nearsight.App) -> None:
    (whole,) = app.inputs.add(plain(RED)).added
    assert app.inputs.add(plain(RED), crop=(0, 0, 1, 1)).duplicates == [whole]
    assert app.inputs.add([Item(plain(RED), crop=(0, 0, 1.0, 1))]).duplicates == [whole]
    assert app.inputs.count("has(crop)") == 0
    assert app.search(image=plain(RED), crop=(0, 0, 1, 1)).understood == (
        app.search(image=plain(RED)).understood
    )
    assert app.search(input=whole, crop=[0, 0, 1, 1]).ids == [whole]  # needs no pixels
    assert app.inputs.add(plain(RED), crop=(0, 0, 1, 0.5)).added
