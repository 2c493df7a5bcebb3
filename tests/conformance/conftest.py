"""The sample pictures that the old documents' snippets name, and apps of the old client's layer.

Every sample is a real photo: `samples/dog1.jpeg` stands where a snippet says
`https://samples.clarifai.com/dog1.jpeg`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearsight.clarifai import ClarifaiApp, Geo, GeoPoint, Image
from nearsight.demo import PHOTOS

DOGS = ("dog1", "dog2", "puppy")  # two of them of the same two dogs

# What a snippet calls it: which photo that is, and of which collection.
SAMPLES = {
    "dog1.jpeg": ("demo", "dog.jpg"),
    "dog2.jpeg": ("demo", "dogs.jpg"),
    "puppy.jpeg": ("demo", "dogs-closer.jpg"),
    "cat.jpg": ("demo", "cat.jpg"),
    "travel.jpg": ("demo", "bridge.jpg"),
    "food.jpg": ("demo", "citrus.jpg"),
    "wedding.jpg": ("demo", "sunset.jpg"),
    "metro-north.jpg": ("stamps", "vehicles/masstransit/green_korean_bus.png"),
    "apparel.jpg": ("stamps", "clothes/hats/sombrero.png"),
    "banana.png": ("stamps", "food/fruit/banana.png"),
    "pineapple.png": ("stamps", "food/fruit/pineapple.png"),
    "tiger.png": ("stamps", "animals/mammals/cats/tiger.png"),
    "focus.jpg": ("opencv", "home.jpg"),
    "blurred.jpg": ("opencv", "text_defocus.jpg"),
    "celeb-001.jpg": ("opencv", "messi5.jpg"),
    "fruits.jpg": ("opencv", "fruits.jpg"),
}


@pytest.fixture(scope="session")
def samples(stamps: Path, opencv_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the sample pictures."""
    folder = tmp_path_factory.mktemp("documents") / "samples"
    folder.mkdir()
    collections = {"demo": PHOTOS, "stamps": stamps, "opencv": opencv_photos}
    for name, (collection, photo) in SAMPLES.items():
        shutil.copy(collections[collection] / photo, folder / name)
    return folder


@pytest.fixture
def home(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go where `samples/…` is and `ClarifaiApp()` finds an empty database of this test's own."""
    (tmp_path / "samples").symlink_to(samples)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARSIGHT_DB", str(tmp_path / "app.ns"))
    return tmp_path


@pytest.fixture
def app(home: Path) -> Iterator[ClarifaiApp]:
    """Give an empty app."""
    with ClarifaiApp() as opened:
        yield opened


@pytest.fixture(scope="session")
def library(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of an app that holds seven photos with what is known of them."""
    path = tmp_path_factory.mktemp("library") / "app.ns"
    known = {
        "dog1": {"concepts": ["my puppy"], "not_concepts": ["cat"], "geo": place(2.35, 48.86)},
        "dog2": {"concepts": ["my puppy", "pair"], "metadata": {"key": "value", "n": {"deep": 1}}},
        "puppy": {"concepts": ["pair"], "metadata": {"key": "other"}},
        "cat": {"concepts": ["cat"], "not_concepts": ["my puppy"], "geo": place(2.36, 48.85)},
        "banana": {"metadata": {"key": "value", "tags": ["yellow", "ripe"]}},
        "travel": {"geo": place(-0.12, 51.5)},
        "fruits": {},
    }
    with ClarifaiApp(path=path) as opened:
        files = {Path(name).stem: samples / name for name in SAMPLES}
        images = [
            Image(url=str(files[name]), image_id=name, **facts) for name, facts in known.items()
        ]
        opened.inputs.bulk_create_images(images)
    return path


@pytest.fixture
def full(home: Path, library: Path) -> Iterator[ClarifaiApp]:
    """Give an app of this test's own that holds those seven photos."""
    shutil.copy(library, home / "app.ns")
    with ClarifaiApp() as opened:
        yield opened


def place(longitude: float, latitude: float) -> Geo:
    """Give a place as an input has it."""
    return Geo(geo_point=GeoPoint(longitude, latitude))


def ids(images: list[Image]) -> list[str]:
    """Give the ids of what was found, best first."""
    return [str(image.input_id) for image in images]
