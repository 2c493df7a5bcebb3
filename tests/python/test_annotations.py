"""Annotations and regions: what is said of a picture, and of boxes in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from planted import Planted, plain

import nearsight
from nearsight import Item, Region
from nearsight.errors import ArgumentError, NotFoundError, PictureError

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
LEFT, RIGHT = (0.0, 0.0, 1.0, 0.5), (0.0, 0.5, 1.0, 1.0)


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A picture of two colours side by side."""
    return np.hstack([plain(left, 400), plain(right, 400)])


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as opened:
        yield opened


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file that is red on the left and blue on the right."""
    path = tmp_path / "halves.png"
    Image.fromarray(halves(RED, BLUE)).save(path)
    return path


def test_every_input_has_a_primary_annotation_that_says_what_update_says(
    app: nearsight.App,
) -> None:
    (id_,) = app.inputs.add(plain(RED), concepts=["warm"]).added
    primary = app.annotations[id_]
    assert primary.is_primary
    assert (primary.input, primary.box, primary.by, primary.text) == (id_, None, "", None)
    app.inputs.update(id_, not_concepts=["cold"])
    assert app.annotations[id_].concepts == {"cold": False, "warm": True}
    assert app.annotations.update(id_, concepts=["warm"], action="remove").concepts == {
        "cold": False
    }
    assert app.inputs[id_].concepts == {"cold": False}


def test_a_region_is_found_inside_of_its_picture(app: nearsight.App, photo: Path) -> None:
    (scene,) = app.inputs.add(photo).added
    (other,) = app.inputs.add(plain((250, 0, 120))).added
    assert app.search(image=plain(RED)).ids == [other, scene]
    region = app.annotations.add(scene, box=LEFT, concepts=["poppy"], text="a poppy", by="anna")
    hits = app.search(image=plain(RED))
    assert hits.ids == [scene, other]
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert hits[0].annotation == region
    assert hits[1].annotation is None
    assert region.to_dict()["box"] == {"top": 0.0, "left": 0.0, "bottom": 1.0, "right": 0.5}
    assert app.search(region=region.id)[0].annotation == region


def test_items_bring_their_regions_along(app: nearsight.App, photo: Path) -> None:
    regions = [Region(LEFT, ["poppy"]), Region(RIGHT, not_concepts=["poppy"], text="sky")]
    (id_,) = app.inputs.add([Item(photo, id="scene", regions=regions)]).added
    primary, left, right = app.annotations.list(id_)
    assert (primary.id, left.concepts, right.concepts, right.text) == (
        "scene",
        {"poppy": True},
        {"poppy": False},
        "sky",
    )
    (found,) = app.search.annotations(image=plain(BLUE), k=1)
    assert found.annotation == right
    assert found.cosine == pytest.approx(1.0, abs=1e-5)


def test_regions_of_a_picture_that_is_in_are_added_once(app: nearsight.App, photo: Path) -> None:
    app.inputs.add(photo, id="scene")
    first = Item(photo, regions=[Region(LEFT, ["poppy"])])
    for _ in range(2):  # an interrupted run is repeated
        assert app.inputs.add(first).duplicates == ["scene"]
    more = [Region(LEFT, ["flower"], text="red"), Region(RIGHT, ["sky"])]
    assert app.inputs.add(Item(photo, regions=more)).duplicates == ["scene"]
    _, left, right = app.annotations.list("scene")
    assert (left.concepts, left.text) == ({"poppy": True, "flower": True}, "red")
    assert right.concepts == {"sky": True}
    assert app.search(image=plain(BLUE))[0].annotation == right


def test_regions_of_a_picture_that_comes_twice_in_one_call_are_kept(
    app: nearsight.App, photo: Path
) -> None:
    items = [Item(photo, id="scene"), Item(photo, regions=[Region(RIGHT, ["sky"])])]
    assert str(app.inputs.add(items)) == "1 added, 1 duplicate, 0 failed"
    _, right = app.annotations.list("scene")
    assert right.concepts == {"sky": True}


def test_regions_of_another_picture_from_the_same_url_are_refused_aloud(
    app: nearsight.App, photo: Path
) -> None:
    app.inputs.add(photo, id="scene", url="https://example.org/a.jpg")
    other = Item(plain(RED), url="https://example.org/a.jpg", regions=[Region(LEFT, ["poppy"])])
    for items in ([other], [replace(other, source=plain(GREEN), concepts=["x"])]):
        (error,) = app.inputs.add(items).failed
        assert "'scene', which is in already, came from its url as another picture" in str(error)
    assert len(app.annotations) == 1
    assert app.inputs["scene"].concepts == {}


def test_a_region_that_the_model_cannot_see_fails_and_says_nothing(
    app: nearsight.App, tmp_path: Path
) -> None:
    half = np.hstack([plain(RED), plain(BLACK)])
    app.inputs.add(half, id="half")
    regions = [Region(LEFT, ["poppy"]), Region(RIGHT, ["night"])]
    (error,) = app.inputs.add([Item(half, concepts=["x"], regions=regions)]).failed
    assert "the model sees nothing" in str(error)
    assert len(app.annotations) == 1


def test_regions_of_a_crop_are_measured_in_the_crop(app: nearsight.App, photo: Path) -> None:
    middle = (0.0, 0.25, 1.0, 0.75)
    app.inputs.add([Item(photo, id="middle", crop=middle, regions=[Region(LEFT)])])
    (hit,) = app.search(image=plain(RED))
    assert hit.cosine == pytest.approx(1.0, abs=1e-5)
    later = app.annotations.add("middle", box=RIGHT)
    (hit,) = app.search(image=plain(BLUE))
    assert (hit.annotation, hit.cosine) == (later, pytest.approx(1.0, abs=1e-5))
    assert app.inputs["middle"].width == 400


def test_an_input_with_several_embeddings_is_averaged_as_a_query(
    app: nearsight.App, photo: Path
) -> None:
    (scene,) = app.inputs.add(photo).added
    app.annotations.bulk_add([{"input": scene, "box": LEFT}, {"input": scene, "box": RIGHT}])
    whole, red, blue = np.array([(0.5, 0, 0.5, 1), (1, 0, 0, 1), (0, 0, 1, 1)])
    mean = sum(v / np.linalg.norm(v) for v in (whole, red, blue)) / 3
    expected = mean @ np.array([0, 1, 0, 1]) / (np.linalg.norm(mean) * 2**0.5)
    (green,) = app.inputs.add(plain(GREEN)).added
    found = {hit.id: hit for hit in app.search(input=scene)}
    assert found[green].cosine == pytest.approx(expected, abs=2e-3)


def test_one_hit_for_each_annotation_and_filters_ask_each_by_itself(
    app: nearsight.App, photo: Path
) -> None:
    (scene,) = app.inputs.add(photo, concepts=["garden"], metadata={"roll": 7}).added
    poppy = app.annotations.add(scene, box=LEFT, concepts=["poppy"], not_concepts=["sky"])
    anna = app.annotations.add(scene, concepts=["lovely"], by="anna", text="lovely!")
    search = app.search.annotations
    assert {hit.annotation.id for hit in search(image=plain(RED)) if hit.annotation} == {
        scene,
        poppy.id,
        anna.id,
    }
    assert [hit.annotation for hit in search(where="poppy")] == [poppy]
    assert [hit.annotation for hit in search(where="poppy and garden")] == []
    assert app.search(where="poppy and garden").ids == [scene]
    assert [hit.annotation for hit in search(image=plain(RED), where="lovely")] == [anna]
    assert [hit.annotation for hit in search(where=':by = "anna"')] == [anna]
    assert [hit.annotation for hit in search(where="has(region)")] == [poppy]
    assert len(search(where='{"roll": 7}')) == 3
    assert [hit.annotation for hit in search(where="sky = 0")] == [poppy]
    assert {hit.annotation.id for hit in search(where="not poppy") if hit.annotation} == {
        scene,
        anna.id,
    }


def test_a_region_needs_the_pixels_that_were_added(app: nearsight.App, photo: Path) -> None:
    (scene,) = app.inputs.add(photo).added
    (loose,) = app.inputs.add(plain(GREEN)).added
    with pytest.raises(PictureError, match="give the picture with picture="):
        app.annotations.add(loose, box=LEFT)
    assert app.annotations.add(loose, box=LEFT, picture=plain(GREEN)).box == LEFT
    with pytest.raises(PictureError, match="is not the picture that was added"):
        app.annotations.add(scene, box=LEFT, picture=plain(RED))
    Image.fromarray(plain(BLUE, 300)).save(photo)
    with pytest.raises(PictureError, match="its content differs"):
        app.annotations.add(scene, box=LEFT)
    photo.unlink()
    with pytest.raises(PictureError, match="give the picture with picture="):
        app.annotations.add(scene, box=LEFT)
    assert len(app.annotations) == 3


def test_bulk_adding_is_all_or_nothing(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain(RED)).added
    with pytest.raises(ArgumentError, match="'x' is taken"):
        app.annotations.bulk_add([{"input": id_, "id": "x"}, {"input": id_, "id": "x"}])
    with pytest.raises(NotFoundError, match="no input has the id 'gone'"):
        app.annotations.bulk_add([{"input": id_}, {"input": "gone"}])
    assert len(app.annotations) == 1
    assert app.annotations.bulk_add([]) == []


def test_deleting_annotations(app: nearsight.App, photo: Path) -> None:
    (scene,) = app.inputs.add(photo).added
    region = app.annotations.add(scene, box=LEFT, id="poppy")
    with pytest.raises(ArgumentError, match="goes with the input"):
        app.annotations.delete(["poppy", scene])
    assert "poppy" in app.annotations
    assert app.annotations.delete(["poppy", "unknown", "poppy"]) == ["poppy"]
    assert app.annotations.delete([]) == []
    assert app.search(image=plain(RED))[0].annotation is None
    with pytest.raises(NotFoundError, match="no annotation has the id"):
        app.annotations.get(region.id)
    app.inputs.delete(scene)
    assert len(app.annotations) == 0


def test_annotations_survive_reopening_with_and_without_a_cache(
    tmp_path: Path, photo: Path
) -> None:
    path = tmp_path / "kept.ns"
    with nearsight.open(path, model=Planted()) as app:
        (scene,) = app.inputs.add(photo).added
        region = app.annotations.add(scene, box=RIGHT, concepts=["sky"], text="blue")
    for delete_cache in (False, True):
        if delete_cache:
            for file in sorted(path.with_name("kept.ns-cache").rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
        with nearsight.open(path, model=Planted()) as app:
            assert app.annotations[region.id] == region
            assert app.search(image=plain(BLUE))[0].annotation == region
            assert app.search.annotations(where="sky")[0].annotation == region


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"box": (0, 0, 2, 1)}, ArgumentError, "reaches out of the picture"),
        ({"box": (0.5, 0, 0.1, 1)}, ArgumentError, "empty or inverted"),
        ({"id": "a/b"}, ArgumentError, "without a /"),
        ({"id": ""}, ArgumentError, "1 to 200 characters"),
        ({"by": 3}, ArgumentError, "by"),
        ({"text": 3}, ArgumentError, "text"),
        ({"concepts": "dog"}, ArgumentError, r"concepts=\['dog'\]"),
        ({"concepts": ["dog"], "not_concepts": ["dog"]}, ArgumentError, "choose one"),
        ({"input": "gone"}, NotFoundError, "no input has the id 'gone'"),
    ],
)
def test_bad_annotations_are_refused(
    app: nearsight.App, asked: dict[str, object], error: type[Exception], why: str
) -> None:
    (id_,) = app.inputs.add(plain(RED)).added
    with pytest.raises(error, match=why):
        app.annotations.bulk_add([{"input": id_} | asked])
    with pytest.raises(ArgumentError, match="an annotation takes"):
        app.annotations.bulk_add([{"input": id_, "label": "dog"}])
    with pytest.raises(ArgumentError, match="needs the id of an input"):
        app.annotations.bulk_add([{"concepts": ["dog"]}])
    assert len(app.annotations) == 1


def test_pages_of_annotations(app: nearsight.App) -> None:
    (id_,) = app.inputs.add(plain(RED)).added
    app.annotations.bulk_add([{"input": id_, "id": f"a{n}"} for n in range(5)])
    pages = [app.annotations.list(page=page, per_page=4) for page in (1, 2, 3)]
    assert [[a.id for a in page] for page in pages] == [
        [id_, "a0", "a1", "a2"],
        ["a3", "a4"],
        [],
    ]
    assert [a.id for a in app.annotations] == [id_, "a0", "a1", "a2", "a3", "a4"]
    for page, per_page in ((0, 20), (1, 0), (1, 1001), (True, 20)):
        with pytest.raises(ArgumentError, match="page"):
            app.annotations.list(page=page, per_page=per_page)
