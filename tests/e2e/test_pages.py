"""Pages of hits: what is on them, and where they cannot be written."""

import errno
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import nearsight
from nearsight.cli.main import main
from nearsight.demo.page import page as empty_page
from nearsight.demo.page import save

OK, FAILURE = 0, 3


def test_search_writes_a_page(added: Path, command: Any, tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    assert command("search", "fruit", "-k", 3, "--html", page, cwd=added).returncode == OK
    text = page.read_text("utf-8")
    assert text.count("data:image/jpeg;base64,") == 3
    assert "http" not in text
    assert text.count("(unlikely)") == 0
    done = command("search", "fruit", "-k", 8, "--html", page, cwd=added)
    assert f"The page to look at: {page.as_uri()}" in done.stderr
    scores = [float(line.split()[1]) for line in done.stdout.splitlines()[1:]]
    assert page.read_text("utf-8").count("(unlikely)") == sum(score < 0.05 for score in scores) > 0


def test_names_that_are_no_utf8_are_escaped_on_pages(
    album: Path, command: Any, tmp_path: Path
) -> None:
    shutil.copy(album / "home.jpg", os.fsencode(tmp_path) + b"/caf\xe9.jpg")
    assert command("add", tmp_path, cwd=tmp_path).returncode == OK
    done = command("search", "--html", "found.html", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (OK, False)
    assert "caf\\udce9.jpg" in (tmp_path / "found.html").read_text("utf-8")
    with nearsight.open(tmp_path / "photos.ns") as app:
        assert "caf\\udce9.jpg" in app.search()._repr_html_().encode().decode()


def test_a_page_that_cannot_be_written_is_said_with_its_remedy(
    added: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(added)
    for page, words in (
        (tmp_path / "no" / "a.html", "there is no folder"),
        (tmp_path, "is a folder: name a file in it"),
        (Path("/dev/full"), "free some space"),
    ):
        assert main(["search", "-q", "-k", "1", "-i", "--html", str(page)]) == FAILURE
        assert words in capsys.readouterr().err
    monkeypatch.setattr(os, "access", lambda *_: False)  # we may be root, who may do everything
    assert main(["search", "-q", "--html", str(tmp_path / "a.html")]) == FAILURE
    assert "you may not write there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.html"
    save("old", file)
    save("caf\udce9 is no UTF-8", file)
    assert file.read_text("utf-8") == "caf\\udce9 is no UTF-8"

    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(nearsight.NearsightError, match="No space left on device: free some"):
        save("new", file)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert "caf" in file.read_text("utf-8")


def test_captions_can_be_read_on_both_grounds() -> None:
    """WCAG 2, AA: a contrast of 4.5 for text; linear light of the greys against white and black."""
    light, dark = re.findall(r"--quiet: #(\w+);", empty_page("", ""))
    assert 1.05 / (luminance(light) + 0.05) >= 4.5
    assert (luminance(dark) + 0.05) / 0.06 >= 4.5  # the ground of dark pages is not quite black


def luminance(colour: str) -> float:
    """Of a grey, #abc or #aabbcc."""
    level = int(colour[0] * 2 if len(colour) == 3 else colour[:2], 16) / 255
    return float(((level + 0.055) / 1.055) ** 2.4)
