"""What every test stands on: no network, and the real photos of two Debian packages."""

import os
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

OFFLINE = Path(__file__).parent / "offline"
PLANTED = Path(__file__).parent / "python"  # whose fakes children of tests import, too
STAMPS = Path("/usr/share/tuxpaint/stamps")
OPENCV_PHOTOS = Path("/usr/share/doc/opencv-doc/examples/data")


def pytest_configure(config: pytest.Config) -> None:
    """Close the network before any test module is imported, here and in every child process."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for the tests that use onnxruntime by itself
    config.addinivalue_line("markers", "loopback: this test may talk to this very machine")
    runpy.run_path(str(OFFLINE / "sitecustomize.py"))
    paths = [str(OFFLINE), str(PLANTED), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


@pytest.fixture(autouse=True)
def _loopback(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request.node.get_closest_marker("loopback") is not None
    monkeypatch.setenv("NEARSIGHT_TEST_LOOPBACK", "1" if asked else "0")


def installed(folder: Path, package: str) -> Path:
    """Give `folder`, or fail with the name of the Debian package that brings it."""
    if not folder.is_dir():
        pytest.fail(f"no {folder}: install Debian's {package} (sh tests/packages)", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def stamps() -> Path:
    """Give the folder of some 800 cut-out photos and drawings (PNG) that Tux Paint ships."""
    return installed(STAMPS, "tuxpaint-stamps-default")


@pytest.fixture(scope="session")
def stamp(stamps: Path) -> Callable[[str], Path]:
    """Give the function that finds a stamp: `stamp("wrench_plumbers")`, `stamp("fruit/banana")`.

    Of several with that name it is the first in the order of their paths.
    """

    def find(name: str) -> Path:
        found = sorted(stamps.rglob(f"{name}.png"))
        if not found:
            pytest.fail(f"no stamp {name}.png under {stamps}")
        return found[0]

    return find


@pytest.fixture(scope="session")
def opencv_photos() -> Path:
    """Give the folder of OpenCV's sample photos (JPEG and PNG, 100 to 1000 pixels wide)."""
    return installed(OPENCV_PHOTOS, "opencv-doc")


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    """Give a new JPEG file of 64 x 48 pixels with some colour in it."""
    from PIL import Image

    path = tmp_path / "picture.jpg"
    red = Image.linear_gradient("L").resize((64, 48))
    green = Image.radial_gradient("L").resize((64, 48))
    Image.merge("RGB", (red, green, red.rotate(180))).save(path, quality=90)
    return path
