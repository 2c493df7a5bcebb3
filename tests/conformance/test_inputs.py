"""The chapter "Inputs" of the old client's document: adding, looking, erasing."""

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest

from nearsight.clarifai import (
    ApiError,
    BoundingBox,
    ClarifaiApp,
    ConceptInput,
    Geo,
    GeoBox,
    GeoLimit,
    GeoPoint,
    Image,
    Inputs,
    Region,
    RegionInfo,
    UserError,
    Video,
)

URL = "samples/dog1.jpeg"


def test_inputs(app: ClarifaiApp) -> None:
    assert isinstance(app.inputs, Inputs)


def test_create_image(app: ClarifaiApp) -> None:
    made = app.inputs.create_image(Image(url="samples/metro-north.jpg"))
    assert isinstance(made, Image)
    assert len(made.input_id) == 32
    assert (made.concepts, made.not_concepts, made.metadata, made.geo) == (None,) * 4
    assert (made.status.code, made.score) == (30000, 0)
    assert app.inputs.get(made.input_id).url == made.url


def test_create_image_from_url(app: ClarifaiApp) -> None:
    made = app.inputs.create_image_from_url(
        url=URL,
        image_id="id1",
        concepts=["my puppy", "puppy"],
        not_concepts=["cat"],
        crop=[0.1, 0.2, 0.9, 0.8],
        metadata={"name": "rex", "seen": {"by": ["anna"]}},
        geo=Geo(geo_point=GeoPoint(22.22, 44.44)),
    )
    assert made.input_id == "id1"
    assert made.url == f"file://{Path(URL).absolute()}"
    assert sorted(made.concepts) == ["my puppy", "puppy"]
    assert made.not_concepts == ["cat"]
    assert made.crop == [0.1, 0.2, 0.9, 0.8]
    assert made.metadata == {"name": "rex", "seen": {"by": ["anna"]}}
    assert (made.geo.geo_point.longitude, made.geo.geo_point.latitude) == (22.22, 44.44)
    assert app.concepts.get("my puppy").app_id == "app"  # made by being said


def test_create_image_from_url_twice(app: ClarifaiApp) -> None:
    app.inputs.create_image_from_url(URL)
    with pytest.raises(ApiError, match="allow_duplicate_url") as caught:
        app.inputs.create_image_from_url(URL)
    assert caught.value.error_code == 30100
    again = app.inputs.create_image_from_url(URL, allow_duplicate_url=True)
    assert app.inputs.check_status().processed == 2
    with pytest.raises(ApiError, match="id") as caught:
        app.inputs.create_image_from_url("samples/cat.jpg", image_id=again.input_id)
    assert caught.value.error_code == 30100


def test_create_image_from_url_downloads_nothing(app: ClarifaiApp) -> None:
    address = "https://samples.clarifai.com/metro-north.jpg"
    with pytest.raises(ApiError, match="give a local file") as caught:
        app.inputs.create_image_from_url(url=address)
    assert caught.value.error_code == 30002
    named = app.inputs.create_image(Image(url=address, filename="samples/metro-north.jpg"))
    assert named.url == address  # the name of a local file's input
    assert app.inputs.search_by_image(url=address)[0].input_id == named.input_id


def test_create_image_with_regions(app: ClarifaiApp) -> None:
    ear = Region(
        region_info=RegionInfo(bbox=BoundingBox(0.0, 0.0, 0.5, 0.5)),
        concepts=[ConceptInput(id="ear"), ConceptInput(id="tail", value=False)],
    )
    made = app.inputs.create_image(Image(url="samples/dog2.jpeg", regions=[ear]))
    (region,) = app.inputs.get_outputs(made.input_id)["input"]["data"]["regions"]
    box = {"top_row": 0, "left_col": 0, "bottom_row": 0.5, "right_col": 0.5}
    assert region["region_info"] == {"bounding_box": box}
    values = {one["id"]: one["value"] for one in region["data"]["concepts"]}
    assert values == {"ear": 1, "tail": 0}
    (hit,) = app.inputs.search_by_image(filename="samples/dog2.jpeg", crop=[0, 0, 0.5, 0.5])
    assert hit.score == pytest.approx(1, abs=1e-3)  # by the region, not by the whole


def test_video() -> None:
    with pytest.raises(UserError, match="videos are not looked at yet"):
        Video(filename="film.mp4")


def test_geo_limit() -> None:
    for short, long in (("mile", "withinMiles"), ("degree", "withinDegrees")):
        assert GeoLimit(short, 2).dict() == GeoLimit(long, 2).dict()
        assert GeoLimit(short, 2).dict() == {"geo_limit": {"type": long, "value": 2.0}}
    assert GeoLimit().dict()["geo_limit"]["value"] == 10
    with pytest.raises(ValueError, match="mile, kilometer, degree, radian"):
        GeoLimit("furlong", 10)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"image_id": "a/b"}, "/"),
        ({"image_id": ""}, "id"),
        ({"concepts": "my puppy"}, "concepts"),
        ({"concepts": ["a"], "not_concepts": ["a"]}, "'a'"),
        ({"metadata": ["no", "object"]}, "metadata"),
        ({"metadata": {"x": float("nan")}}, "metadata"),
        ({"crop": [0.9, 0.2, 0.1, 0.8]}, "inverted"),
        ({"crop": [0.1, 0.2, 0.9, 1.1]}, "out of the picture"),
        ({"geo": GeoPoint(1, 2)}, "Geo"),
        ({"geo": Geo(geo_point=GeoPoint(200, 2))}, "200"),
        ({"geo": Geo(geo_point=GeoPoint(float("nan"), 2))}, "nan"),
        ({"geo": Geo(geo_box=GeoBox(GeoPoint(1, 2), GeoPoint(2, 3)))}, "geo_point"),
    ],
)
def test_create_image_from_url_refuses(app: ClarifaiApp, wrong: dict, named: str) -> None:
    with pytest.raises((UserError, ApiError), match=named) as caught:
        app.inputs.create_image_from_url(URL, **wrong)
    assert getattr(caught.value, "error_code", 11102) == 11102
    assert app.inputs.check_status().processed == 0


def test_create_image_from_filename(app: ClarifaiApp) -> None:
    made = app.inputs.create_image_from_filename(filename=URL, image_id="a", concepts=["dog"])
    assert (made.input_id, made.concepts) == ("a", ["dog"])
    assert made.url == f"file://{Path(URL).absolute()}"
    app.inputs.create_image_filename(filename=URL)  # as the document's example spells it
    assert app.inputs.check_status().processed == 2
    with pytest.raises(ApiError, match="nothing-here"):
        app.inputs.create_image_from_filename("nothing-here.jpg")
    with pytest.raises(ApiError, match="no such file"):
        app.inputs.create_image_from_filename("samples")  # a folder


def test_create_image_from_bytes(app: ClarifaiApp) -> None:
    content = Path(URL).read_bytes()
    made = app.inputs.create_image_from_bytes(img_bytes=content, image_id="a", metadata={"n": 1})
    assert (made.input_id, made.metadata, made.url) == ("a", {"n": 1}, None)
    app.inputs.create_image_bytes(img_bytes=content)  # as the document's example spells it
    hits = app.inputs.search_by_image(imgbytes=content)
    assert [round(hit.score, 3) for hit in hits] == [1, 1]
    with pytest.raises(ApiError) as caught:
        app.inputs.create_image_from_bytes(content[:200])
    assert caught.value.error_code == 30002


def test_create_image_from_base64(app: ClarifaiApp) -> None:
    content = base64.b64encode(Path(URL).read_bytes())
    made = app.inputs.create_image_from_base64(base64_bytes=content, image_id="a")
    assert made.input_id == "a"
    app.inputs.create_image_bytes(base64_bytes=content.decode())  # as the example spells it
    assert app.inputs.search_by_image(filename=URL)[1].score > 0.999
    with pytest.raises(UserError, match="base64"):
        app.inputs.create_image_from_base64("no base64 at all!")


def test_bulk_create_images(app: ClarifaiApp) -> None:
    img1 = Image(url="samples/cat.jpg", concepts=["cat", "kitty"])
    img2 = Image(url="samples/dog1.jpeg", concepts=["dog"], not_concepts=["cat"])
    img3 = Image(file_obj=BytesIO(Path("samples/dog2.jpeg").read_bytes()), image_id="pair")
    made = app.inputs.bulk_create_images([img1, img2, img3])
    assert [one.concepts and sorted(one.concepts) for one in made] == [
        ["cat", "kitty"],
        ["dog"],
        None,
    ]
    assert made[2].input_id == "pair"


def test_bulk_create_images_takes_more_than_128(app: ClarifaiApp) -> None:
    PIL.Image.linear_gradient("L").resize((16, 16)).save("small.png")
    images = [Image(filename="small.png", image_id=f"n{i}") for i in range(130)]
    assert len(app.inputs.bulk_create_images(images)) == 130
    assert app.inputs.check_status().processed == 130


def test_bulk_create_images_keeps_the_good_ones(app: ClarifaiApp) -> None:
    Path("broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    images = [
        Image(url="samples/cat.jpg", image_id="a"),
        Image(url="broken.jpg", image_id="b"),
        Image(url="samples/cat.jpg", image_id="c"),
        Image(url="https://samples.clarifai.com/dog1.jpeg", image_id="d"),
        Image(url="samples/dog1.jpeg", image_id="a"),
        Image(url="samples/dog1.jpeg", image_id="e"),
    ]
    with pytest.raises(ApiError, match=r"broken\.jpg") as caught:
        app.inputs.bulk_create_images(images)
    assert (caught.value.error_code, caught.value.response.status_code) == (10010, 207)
    told = [one["status"]["code"] for one in caught.value.response.json()["inputs"]]
    assert told == [30000, 30002, 30100, 30002, 30100, 30000]
    assert [image.input_id for image in app.inputs.get_all()] == ["a", "e"]


def test_check_status(app: ClarifaiApp) -> None:
    app.inputs.bulk_create_images([Image(url=URL), Image(url="samples/cat.jpg")])
    with pytest.raises(ApiError):
        app.inputs.create_image_from_bytes(b"no picture")
    status = app.inputs.check_status()
    assert (status.processed, status.to_process, status.errors) == (2, 0, 1)
    # "print status.code; print status.description": the old client's object had neither.
    assert (status.code, status.description) == (10000, "Ok")
    assert status.dict() == {"counts": {"processed": 2, "to_process": 0, "errors": 1}}


def test_inputs_get(full: ClarifaiApp) -> None:
    image = full.inputs.get("dog1")
    assert (image.input_id, image.concepts, image.not_concepts) == ("dog1", ["my puppy"], ["cat"])
    with pytest.raises(ApiError) as caught:
        full.inputs.get("nobody")
    assert caught.value.error_code == 11101


def test_inputs_get_names_concepts(app: ClarifaiApp) -> None:
    app.concepts.create("id1", "cute cat")
    app.inputs.create_image_from_url("samples/cat.jpg", image_id="a", concepts=["id1"])
    app.inputs.create_image_from_url("samples/dog1.jpeg", image_id="b", not_concepts=["cute cat"])
    assert app.inputs.get("a").concepts == ["cute cat"]
    assert app.inputs.get("b").not_concepts == ["cute cat"]  # a name that a concept bears means it
    assert app.concepts.get("cute cat") is None


def test_inputs_get_all(full: ClarifaiApp) -> None:
    images = full.inputs.get_all()
    assert isinstance(images, Iterator)
    everything = [image.input_id for image in images]
    assert everything == ["dog1", "dog2", "puppy", "cat", "banana", "travel", "fruits"]
    assert [image.input_id for image in full.inputs.get_all(ignore_error=True)] == everything


def test_inputs_get_by_page(full: ClarifaiApp) -> None:
    page = [image.input_id for image in full.inputs.get_by_page(2, 3)]
    assert page == ["cat", "banana", "travel"]
    assert full.inputs.get_by_page(9, 3) == []
    assert len(full.inputs.get_by_page()) == 7
    for wrong in ((0, 3), (1, 0)):
        with pytest.raises(UserError):
            full.inputs.get_by_page(*wrong)


def test_inputs_delete(full: ClarifaiApp) -> None:
    ret = full.inputs.delete("dog1")
    assert (ret.code, ret.description) == (10000, "Ok")
    assert full.inputs.delete([]).code == 10000  # never means all
    assert full.inputs.delete(["dog2", "puppy", "nobody"]).code == 10000
    left = [image.input_id for image in full.inputs.get_all()]
    assert left == ["cat", "banana", "travel", "fruits"]
    with pytest.raises(ApiError) as caught:
        full.inputs.delete("dog1")
    assert caught.value.error_code == 11101
    with pytest.raises(UserError):
        full.inputs.delete("")


def test_inputs_delete_all(full: ClarifaiApp) -> None:
    assert full.inputs.delete_all().code == 10000
    assert list(full.inputs.get_all()) == []
    assert full.concepts.get("my puppy") is not None


def test_files_that_are_gone_stay_found(full: ClarifaiApp, home: Path) -> None:
    (home / "samples").unlink()
    found = full.inputs.search_by_image(image=full.inputs.get("dog1"))
    assert (found[0].input_id, round(found[0].score, 3)) == ("dog1", 1)
