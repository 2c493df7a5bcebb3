"""Real photos, the real model: is what was put in found again?"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import nearsight


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nearsight.App]:
    """All of Debian's tuxpaint stamps."""
    with nearsight.open(tmp_path_factory.mktemp("retrieval") / "stamps.ns") as app:
        report = app.inputs.add("/usr/share/tuxpaint/stamps")
        assert len(report.added) > 700, "install Debian's tuxpaint-stamps-default"
        assert not report.failed
        yield app


def test_every_indexed_photo_finds_itself_first(app: nearsight.App) -> None:
    """By its file, decoded and embedded once more, for every eighth; by its id, for all."""
    for number, record in enumerate(app.inputs):
        asked = [app.search(input=record.id, k=1)]
        if number % 8 == 0:
            asked.append(app.search(image=record.path, k=1))
        for (hit,) in asked:
            assert (hit.id, hit.rank) == (record.id, 1)
            assert hit.score >= 0.999


def altered(path: Path) -> bytes:
    """Resized to three quarters, 10 % of each side's length cropped away, re-compressed."""
    with Image.open(path) as original:
        rgba = original.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    width, height = white.size
    left, top = width * 0.05, height * 0.05
    size = (max(1, width * 3 // 4), max(1, height * 3 // 4))
    copy = white.convert("RGB").resize(size, box=(left, top, width - left, height - top))
    out = io.BytesIO()
    copy.save(out, "JPEG", quality=80)
    return out.getvalue()


def test_an_altered_copy_finds_its_original_first(
    app: nearsight.App, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least 97 % of the photographs among the stamps; drawings and symbols are not counted."""
    photos = [r for r in app.inputs if r.path is not None and is_photo(r.path)]
    assert len(photos) > 350
    found = sum(app.search(image=altered(r.path), k=1).ids == [r.id] for r in photos if r.path)
    with capsys.disabled():
        print(f"\naltered copies that find their original first: {found} of {len(photos)}")
    assert found / len(photos) >= 0.97


def is_photo(path: Path) -> bool:
    drawn = {"symbols", "cartoon", "roadsigns", "flags"}
    return not drawn & set(path.parts)
