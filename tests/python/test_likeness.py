"""What a cosine means, by the general model's card, on real photographs."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearsight import embedders, pictures
from nearsight.embedders import Likeness
from nearsight.errors import ArgumentError

FRUITS = Path("/usr/share/doc/opencv-doc/examples/data/fruits.jpg")
BUILDING = FRUITS.with_name("building.jpg")


def test_a_likeness_is_a_probability_that_grows_with_the_cosine_and_the_share() -> None:
    likeness = Likeness(20, -10)
    found = [likeness.of(cosine) for cosine in np.linspace(-1, 1, 21)]
    assert found == sorted(found)
    assert 0 <= found[0] < 0.001 < 0.999 < found[-1] <= 1
    assert likeness.of(0.5) == pytest.approx(0.5)
    assert likeness.of(0.5, share=0.01) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("cosine", "share", "why"),
    [(1.5, 0.5, "cosine=1.5"), (float("nan"), 0.5, "cosine=nan"), (0, 0, "share=0"), (0, 1, "=1")],
)
def test_what_is_no_cosine_or_no_share_is_refused(cosine: float, share: float, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        Likeness(1, 0).of(cosine, share)


def test_the_card_tells_a_copy_from_another_picture() -> None:
    embedder = embedders.load("general")
    copy = io.BytesIO()
    with Image.open(FRUITS) as image:
        image.convert("RGB").resize((300, 280)).save(copy, "JPEG", quality=50)
    seen = [pictures.open(what) for what in (FRUITS, copy.getvalue(), BUILDING)]
    vectors = embedder.embed(np.stack([embedder.prepare(picture) for picture in seen])).vectors
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same, other = (float(cosine) for cosine in unit[0] @ unit[1:].T)
    assert embedder.same_picture.of(same) > 0.99
    assert embedder.same_picture.of(other) < 0.01
    assert embedder.same_subject.of(same) > 0.99
    assert embedder.same_subject.of(other) < 0.5
