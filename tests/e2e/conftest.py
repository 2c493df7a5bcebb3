"""The command `nearsight`, run as people run it, and a small album of real photos."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

ALBUM = ("apple", "baboon", "building", "butterfly", "fruits", "home", "orange", "squirrel_cls")


class Command(Protocol):
    """Runs `nearsight ARGUMENTS…` and gives what it wrote and its exit code."""

    def __call__(
        self, *arguments: object, cwd: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def command() -> Command:
    """Give the function that runs the command in a process of its own."""

    def run(*arguments: object, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "nearsight", *map(str, arguments)]
        return subprocess.run(
            line, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=240, check=False
        )

    return run


@pytest.fixture(scope="session")
def album(opencv_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of eight photos."""
    folder = tmp_path_factory.mktemp("home") / "album"
    folder.mkdir()
    for name in ALBUM:
        shutil.copy(opencv_photos / f"{name}.jpg", folder)
    return folder


@pytest.fixture(scope="session")
def added(album: Path, command: Command) -> Path:
    """Give the folder above the album, where photos.ns holds it. To be looked at, not changed."""
    done = command("add", "album", "--concept", "album", cwd=album.parent)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return album.parent


@pytest.fixture
def home(added: Path, tmp_path: Path) -> Path:
    """Give a copy of that folder, to be changed."""
    return Path(shutil.copytree(added, tmp_path / "home"))
