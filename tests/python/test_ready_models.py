"""The models that come with nearsight, on real photographs, and the hosted service's names."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import nearsight
from nearsight.errors import ArgumentError, ModelError, NotFoundError

STAMPS = Path("/usr/share/tuxpaint/stamps")
APPLE = STAMPS / "food/fruit/apple_red.png"
PHOTO = Path("/usr/share/doc/opencv-doc/examples/data/fruits.jpg")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path_factory.mktemp("ready") / "photos.ns") as app:
        yield app


def apple() -> Path:
    found = sorted(STAMPS.glob("food/fruit/apple*.png"))
    assert found, "tuxpaint's stamps are needed: apt install tuxpaint-stamps-default"
    return found[0]


def test_the_general_model_says_what_a_picture_shows(app: nearsight.App) -> None:
    found = app.models["general"].predict(apple())
    assert len(found) == 20
    assert {"fruit", "apple"} & {name for name, _ in found[:5]}
    values = [value for _, value in found]
    assert values == sorted(values, reverse=True)
    assert 0 <= values[-1] <= values[0] <= 1


def test_limits_and_selection_and_language(app: nearsight.App) -> None:
    general = app.models["general"]
    assert len(general.predict(apple(), max_concepts=3)) == 3
    assert all(value >= 0.3 for _, value in general.predict(apple(), min_value=0.3))
    selected = general.predict(apple(), select_concepts=["dog", "fruit", "n02084071"])
    assert selected[0][0] == "fruit"
    assert {name for name, _ in selected} == {"dog", "fruit", "n02084071"}, (
        "also what is improbable"
    )
    assert dict(selected)["dog"] == dict(selected)["n02084071"]
    assert "果物" in {name for name, _ in general.predict(apple(), language="ja")}
    assert general.predict(apple(), select_concepts=["果物"], language="ja")[0][1] > 0.3


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"min_value": -1}, ArgumentError, "min_value"),
        ({"max_concepts": 0}, ArgumentError, "max_concepts"),
        ({"select_concepts": []}, ArgumentError, "at least one"),
        ({"select_concepts": ["frobnicator"]}, NotFoundError, "'frobnicator'"),
        ({"language": "xx-nope"}, ArgumentError, "xx-nope"),
        ({"image": "/no/such.jpg"}, NotFoundError, "no/such"),
    ],
)
def test_what_the_general_model_cannot_do_says_why(
    app: nearsight.App, asked: dict[str, object], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        app.models["general"].predict(**({"image": apple()} | asked))  # type: ignore[arg-type]


def test_a_view_knows_its_field_only(app: nearsight.App) -> None:
    food = app.models["food-items-v1.0"]
    assert food is not None
    assert food.id == "food"
    assert food.predict(apple())[0][0] in {"fruit", "edible fruit", "apple", "produce", "food"}
    assert {"banana", "apple", "vegetable"} <= set(food.concepts)
    assert not {"dog", "car"} & set(food.concepts)
    assert {"car", "bridge"} <= set(app.models["travel-v1.0"].concepts)
    assert {"hat", "clothing"} <= set(app.models["apparel"].concepts)
    with pytest.raises(NotFoundError, match="'food' knows no concept 'dog'"):
        food.predict(apple(), select_concepts=["dog"])


def test_colours_focus_and_vectors(app: nearsight.App) -> None:
    colours = app.models["color"].predict(np.full((9, 9, 3), (255, 0, 0), np.uint8))
    assert [(c.name, c.hex, round(c.share, 3)) for c in colours] == [("red", "#ff0000", 1.0)]
    ((name, sharp),) = app.models["focus"].predict(PHOTO)
    assert (name, sharp > 0.5) == ("focus", True)
    vector = app.models["embed"].predict(apple())
    assert vector.shape == (1280,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_the_services_names_mean_what_the_device_has(app: nearsight.App) -> None:
    models = app.models
    assert models["general-v1.3"].id == models["aaa03c23b3724a16a56b629203edc62c"].id == "general"
    assert models.get("general-v1.3", type="embed").id == "embed"
    assert models["bbb5f41425b8468d9b7a554ff10f8581"].type == "embed"
    assert models.get("Color", type="color").id == "color"
    assert "general-v1.3" in models
    assert "nsfw-v1.0" not in models
    with pytest.raises(NotFoundError, match="of the type 'color'"):
        models.get("general", type="color")


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("nsfw-v1.0", "app.annotations.add"),
        ("face-v1.3", "app.annotations.add"),
        ("logo", "app.models.create"),
        ("celeb-v1.3", "app.models.create"),
        ("demographics", "app.annotations.add"),
    ],
)
def test_what_the_device_does_not_have_says_how_to_bring_it(
    app: nearsight.App, name: str, cure: str
) -> None:
    for ask in (app.models.get, app.models.search):
        with pytest.raises(NotFoundError, match=f"without the model '{name}'.*{cure}"):
            ask(name)


@pytest.mark.parametrize("taken", ["food", "General", "embed", "General-v1.3", "apparel"])
def test_no_model_of_your_own_hides_a_ready_one(app: nearsight.App, taken: str) -> None:
    before = repr(app.models[taken])
    with pytest.raises(ArgumentError, match=f"'{taken}'.*comes with nearsight: choose another id"):
        app.models.create(taken, concepts=["x"])
    assert repr(app.models[taken]) == before
    assert len(app.models) == 0


def test_a_model_that_the_device_lacks_can_be_taught_under_its_name(app: nearsight.App) -> None:
    assert app.models.create("moderation").id == "moderation"
    assert isinstance(app.models["moderation"], nearsight.Model)


def test_without_predictions_there_is_no_general_model_but_the_rest(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "grid.ns", model="grid") as app:
        with pytest.raises(ModelError, match="predicts no concepts"):
            app.models["general"].predict(apple())
        assert app.models["embed"].predict(apple()).ndim == 1
