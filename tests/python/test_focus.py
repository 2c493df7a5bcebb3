"""Sharp photos are sharp, blurred ones are not, whatever they show."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from nearsight import pictures
from nearsight.focus import sharpness

PHOTOS = ("fruits.jpg", "baboon.jpg", "leuvenA.jpg", "messi5.jpg", "home.jpg", "butterfly.jpg")


def sharp(image: object) -> float:
    return sharpness(pictures.open(image))


@pytest.mark.parametrize("name", PHOTOS)
def test_blur_is_seen_in_every_photo(opencv_photos: Path, name: str) -> None:
    photo = pictures.open(opencv_photos / name).pixels
    clear, *blurred = [sharp(photo.filter(ImageFilter.GaussianBlur(s))) for s in (0, 1, 2, 4)]
    assert 0.5 < clear <= 1
    assert all(0 <= value < 0.5 for value in blurred)
    assert clear > blurred[0] > blurred[1] >= 0.9 * blurred[2]


@pytest.mark.parametrize("name", ["text_defocus.jpg", "text_motion.jpg", "licenseplate_motion.jpg"])
def test_photos_that_went_wrong_are_not_sharp(opencv_photos: Path, name: str) -> None:
    assert sharp(opencv_photos / name) < 0.5


def test_low_contrast_is_no_blur(opencv_photos: Path) -> None:
    photo = pictures.open(opencv_photos / "messi5.jpg").pixels
    faint = photo.point(lambda value: 96 + value // 4)
    assert sharp(faint) > 0.5
    assert sharp(faint.filter(ImageFilter.GaussianBlur(2))) < 0.2


def test_a_cut_out_is_judged_without_its_outline() -> None:
    wave = 128 + 60 * np.sin(np.arange(200) / 20)
    soft = Image.fromarray(np.tile(wave, (200, 1)).astype(np.uint8)).convert("RGBA")
    uncut = sharp(soft)
    soft.paste((0, 0, 0, 0), (0, 0, 200, 60))
    assert sharp(soft) == pytest.approx(uncut, abs=0.05)
    assert uncut < 0.2


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (50, 2), (3, 3), (300, 200)])
def test_nothing_to_see_is_not_sharp(size: tuple[int, int]) -> None:
    assert sharp(Image.new("RGB", size, "red")) == 0
    assert sharp(Image.new("RGBA", size, (9, 9, 9, 0))) == 0


def test_noise_and_stripes_stay_within_one() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    stripes = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (100, 100))
    assert 0.5 < sharp(noise) <= 1
    assert 0.5 < sharp(stripes) <= 1
