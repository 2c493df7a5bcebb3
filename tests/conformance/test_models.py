"""The chapters "Models" and "Model" of the old client's document."""

import base64
from pathlib import Path

import pytest

from nearsight.clarifai import (
    ApiError,
    BoundingBox,
    ClarifaiApp,
    Concept,
    ConceptInput,
    FeedbackInfo,
    Image,
    Model,
    ModelOutputConfig,
    ModelOutputInfo,
    Models,
    Region,
    RegionInfo,
    UserError,
)

GENERAL = "aaa03c23b3724a16a56b629203edc62c"


def values(reply: dict) -> dict[str, float]:
    """Give name → value of what was predicted, best first."""
    (output,) = reply["outputs"]
    concepts = output["data"]["concepts"]
    falling = sorted((concept["value"] for concept in concepts), reverse=True)
    assert [concept["value"] for concept in concepts] == falling
    return {concept["name"]: concept["value"] for concept in concepts}


@pytest.fixture
def puppy(full: ClarifaiApp) -> Model:
    """Give a model that has learned the library's two concepts."""
    return full.models.create("puppy", concepts=["my puppy", "pair"]).train()


# ---- Models


def test_models(app: ClarifaiApp) -> None:
    assert isinstance(app.models, Models)


def test_models_create(app: ClarifaiApp) -> None:
    # create a model with no concepts
    assert app.models.create("my_model1").get_concept_ids() == []
    # create a model with a few concepts
    model = app.models.create("my_model2", concepts=["bird", "fish"])
    assert (model.get_concept_ids(), model.model_name) == (["bird", "fish"], "my_model2")
    # create a model with closed environment
    assert app.models.create("my_model3", closed_environment=True).closed_environment is True
    other = app.models.create(
        "my_model4",
        "a name",
        concepts=["bird"],
        concepts_mutually_exclusive=True,
    )
    assert (other.model_name, other.concepts_mutually_exclusive) == ("a name", True)
    assert other.closed_environment is False
    taught = app.models.create("my_model5", hyper_parameters={"room": 10})
    assert taught.hyper_parameters["room"] == 10
    with pytest.raises(UserError, match="'epochs'"):
        app.models.create("my_model6", hyper_parameters={"epochs": 10})
    with pytest.raises(UserError, match="already"):
        app.models.create("my_model1")
    with pytest.raises(UserError, match="/"):
        app.models.create("a/b")


def test_models_get(app: ClarifaiApp) -> None:
    # get general-v1.3 model
    model = app.models.get("general-v1.3")
    assert (model.model_id, model.model_name, model.app_id) == (GENERAL, "general-v1.3", "main")
    assert model.output_info["type"] == "concept"
    assert app.models.get(model_id=GENERAL).model_name == "general-v1.3"
    assert app.models.get("general-v1.3", model_type="embed").model_id != GENERAL
    app.models.create("id1", "a name", concepts=["bird"])
    for asked in ({"model_name": "a name"}, {"model_name": "id1"}, {"model_id": "id1"}):
        assert app.models.get(**asked).model_id == "id1"
    with pytest.raises(ApiError, match="'nobody'") as caught:
        app.models.get("nobody")
    assert caught.value.error_code == 11101


def test_models_get_all(app: ClarifaiApp) -> None:
    app.models.create("mine")
    names = [model.model_name for model in app.models.get_all()]
    assert {"general-v1.3", "color", "focus", "mine"} <= set(names)
    assert [model.model_id for model in app.models.get_all(private_only=True)] == ["mine"]
    public = [model.model_name for model in app.models.get_all(public_only=True)]
    assert [*public, "mine"] == names


def test_models_get_by_page(app: ClarifaiApp) -> None:
    for i in range(25):
        app.models.create(f"m{i:02}")
    own = app.models.get_by_page(private_only=True, page=2, per_page=10)
    assert [model.model_id for model in own] == [f"m{i}" for i in range(10, 20)]
    assert app.models.get_by_page(private_only=True, page=9) == []
    everything = [model.model_id for model in app.models.get_all()]
    # As the document has it, where the two numbers would be public_only and private_only.
    assert [model.model_id for model in app.models.get_by_page(2, 20)] == everything[20:40]
    with pytest.raises(UserError, match="page"):
        app.models.get_by_page(page=0)


def test_models_search(app: ClarifaiApp) -> None:
    # search for general-v1.3 models
    found = app.models.search("general-v1.3")
    assert {model.output_info["type"] for model in found} == {"concept", "embed"}
    # search for color model
    (color,) = app.models.search("color", model_type="color")
    assert color.model_name == "color"
    # search for face model
    assert app.models.search("face-v1.3", model_type="facedetect") is None  # not on this device
    app.models.create("pets", "Cats and dogs", concepts=["rex"])
    (pets,) = app.models.search("cats*")
    assert pets.model_id == "pets"
    assert len(app.models.search("*general*")) == 2


def test_models_delete(full: ClarifaiApp, puppy: Model) -> None:
    puppy.train()
    assert full.models.delete("puppy", version_id="1")["status"]["code"] == 10000
    assert [one["id"] for one in puppy.list_versions()["model_versions"]] == ["2"]
    assert full.models.delete("puppy")["status"]["code"] == 10000
    for again in (full.models.delete, full.models.get):
        with pytest.raises(ApiError) as caught:
            again("puppy")
        assert caught.value.error_code == 11101
    assert full.inputs.get("dog1").concepts == ["my puppy"]


def test_models_delete_all(full: ClarifaiApp, puppy: Model) -> None:
    full.models.create("other")
    assert full.models.delete_all()["status"]["code"] == 10000
    assert list(full.models.get_all(private_only=True)) == []
    assert full.models.get("general-v1.3").model_id == GENERAL


def test_init_model_cache(app: ClarifaiApp) -> None:
    cache = app.models.init_model_cache()
    assert cache["general-v1.3", "concept"] == cache["general-v1.3", None] == GENERAL
    assert cache["color", "color"] == app.models.get("color").model_id


def test_clear_model_cache(app: ClarifaiApp) -> None:
    app.models.init_model_cache()
    assert app.models.clear_model_cache() is None
    assert app.models.get("general-v1.3").model_id == GENERAL


# ---- Model: concepts and attributes


def test_model(full: ClarifaiApp, puppy: Model) -> None:
    again = Model(full.api, model_id="puppy")
    assert again.dict() == puppy.dict()
    shown = puppy.dict()["model"]
    assert (shown["id"], shown["name"], shown["app_id"]) == ("puppy", "puppy", "app")
    assert shown["model_version"]["status"]["code"] == puppy.model_status_code == 21100
    assert Model(full.api, shown).model_id == "puppy"
    assert [concept.concept_id for concept in puppy.concepts] == ["my puppy", "pair"]
    for change in (
        lambda public: public.train(),
        lambda public: public.update(model_name="mine"),
        lambda public: public.list_versions(),
    ):
        with pytest.raises(UserError, match="public model"):
            change(full.models.get("general-v1.3"))


def test_model_add_concepts(app: ClarifaiApp) -> None:
    model = app.models.create("model_id", concepts=["bird"])
    assert model.add_concepts(["cat", "dog"]) is model
    assert app.models.get("model_id").get_concept_ids() == ["bird", "cat", "dog"]


def test_model_merge_concepts(app: ClarifaiApp) -> None:
    model = app.models.create("model_id", concepts=["bird"])
    assert model.merge_concepts(["bird", "fish"]).get_concept_ids() == ["bird", "fish"]
    assert model.merge_concepts(["cat"], overwrite=True).get_concept_ids() == ["cat"]


def test_model_delete_concepts(app: ClarifaiApp) -> None:
    model = app.models.create("model_id", concepts=["bird", "cat", "dog"])
    assert model.delete_concepts(["cat", "dog"]).get_concept_ids() == ["bird"]


def test_model_update(app: ClarifaiApp) -> None:
    app.models.create("model_id", concepts=["bird"])
    model = app.models.get("model_id")
    model.update(model_name="new_model_name")
    assert app.models.get("new_model_name").model_id == "model_id"
    model.update(concepts_mutually_exclusive=False)
    assert model.concepts_mutually_exclusive is False
    model.update(closed_environment=True)
    assert model.closed_environment is True
    model.update(concept_ids=["bird", "hurd"])
    assert model.get_concept_ids() == ["bird", "hurd"]
    model.update(concepts_mutually_exclusive=True, concept_ids=["bird", "hurd"])
    assert model.concepts_mutually_exclusive is True
    assert model.update("remove", concept_ids=["hurd"]).get_concept_ids() == ["bird"]
    assert model.update("overwrite", concept_ids=["cat"]).get_concept_ids() == ["cat"]
    assert model.closed_environment is True  # what is not given stays
    assert model.update() is model  # "skipped without error"
    with pytest.raises(UserError, match="action"):
        model.update("append", concept_ids=["cat"])


def test_get_concept_ids(puppy: Model) -> None:
    assert puppy.get_concept_ids() == ["my puppy", "pair"]


def test_get_info(puppy: Model) -> None:
    # with basic model info
    info = puppy.get_info()
    assert info["status"]["code"] == 10000
    assert info["model"]["id"] == "puppy"
    assert "data" not in info["model"]["output_info"]
    # model info with concepts
    verbose = puppy.get_info(verbose=True)["model"]["output_info"]["data"]["concepts"]
    assert [concept["id"] for concept in verbose] == ["my puppy", "pair"]


# ---- Model: training and versions


def test_model_train(full: ClarifaiApp) -> None:
    model = full.models.create("puppy", concepts=["my puppy"])
    assert (model.model_status_code, model.model_version) == (21102, "")
    assert model.train() is model
    assert (model.model_status_code, model.model_version) == (21100, "1")
    told = values(model.predict_by_url("samples/puppy.jpeg"))["my puppy"]
    assert told > values(model.predict_by_url("samples/cat.jpg"))["my puppy"]
    reply = model.train(sync=False, timeout=1)
    assert reply["status"]["code"] == 10000
    assert reply["model"]["model_version"]["id"] == "2"
    for concepts in ([], ["never said of anything"]):
        empty = full.models.create(f"empty{len(concepts)}", concepts=concepts)
        with pytest.raises(ApiError) as caught:
            empty.train()
        assert caught.value.error_code == 21202


def test_list_versions(puppy: Model) -> None:
    puppy.train()
    reply = puppy.list_versions()
    assert reply["status"]["code"] == 10000
    assert [one["id"] for one in reply["model_versions"]] == ["2", "1"]
    assert {one["status"]["code"] for one in reply["model_versions"]} == {21100}


def test_get_version(puppy: Model) -> None:
    version = puppy.get_version("1")["model_version"]
    assert (version["id"], version["status"]["code"]) == ("1", 21100)
    assert version["created_at"].startswith("20")
    for unknown in ("2", "model_version_id"):
        with pytest.raises(ApiError) as caught:
            puppy.get_version(unknown)
        assert caught.value.error_code == 11101


def test_delete_version(puppy: Model) -> None:
    puppy.train()
    assert puppy.delete_version("2")["status"]["code"] == 10000
    assert puppy.model_version == "1"
    with pytest.raises(ApiError):
        puppy.delete_version("2")


def test_model_get_inputs(full: ClarifaiApp, puppy: Model) -> None:
    learned = {image.input_id for image in puppy.get_inputs()}
    assert learned == {"dog1", "dog2", "puppy", "cat"}
    assert isinstance(puppy.get_inputs()[0], Image)
    assert {image.input_id for image in puppy.get_inputs(version_id="1")} == learned
    assert len(puppy.get_inputs(page=2, per_page=3)) == 1


# ---- Model: predicting


def test_predict(full: ClarifaiApp) -> None:
    model = full.models.get("general-v1.3")
    reply = model.predict([Image(url="samples/banana.png"), Image(filename="samples/dog2.jpeg")])
    assert reply["status"]["code"] == 10000
    assert [output["data"]["concepts"][0]["value"] > 0.8 for output in reply["outputs"]] == [
        True
    ] * 2
    config = ModelOutputConfig(max_concepts=3, min_value=0.5)
    limited = model.predict(
        [Image(url="samples/banana.png")], ModelOutputInfo(output_config=config)
    )
    assert len(values(limited)) == 3
    with pytest.raises(UserError, match="at least one"):
        model.predict([])
    with pytest.raises(UserError, match="Image"):
        model.predict(["samples/banana.png"])
    Path("broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ApiError, match=r"broken\.jpg") as caught:
        model.predict([Image(url="samples/banana.png"), Image(url="broken.jpg")])
    assert caught.value.error_code == 10010
    with pytest.raises(ApiError) as caught:
        model.predict([Image(url="broken.jpg"), Image(url="https://nowhere.invalid/a.jpg")])
    assert caught.value.error_code == 10020


def test_predict_by_url(full: ClarifaiApp, puppy: Model) -> None:
    model = full.models.get("general-v1.3")
    found = values(model.predict_by_url(url="samples/banana.png"))
    assert len(found) == 20
    assert {"banana", "fruit"} <= set(list(found)[:5])
    own = values(puppy.predict_by_url("samples/dog2.jpeg"))
    assert set(own) == {"my puppy", "pair"}
    with pytest.raises(UserError, match="videos"):
        model.predict_by_url("samples/banana.png", is_video=True)
    with pytest.raises(ApiError, match="give a local file"):
        model.predict_by_url("https://samples.clarifai.com/metro-north.jpg")


def test_predict_by_filename(full: ClarifaiApp) -> None:
    model = full.models.get("general-v1.3")
    whole = values(model.predict_by_filename("samples/banana.png", max_concepts=200))
    assert len(whole) == 200
    assert list(values(model.predict_by_filename("samples/banana.png"))) == list(whole)[:20]
    # 0 of "0-200"
    assert values(model.predict_by_filename("samples/banana.png", max_concepts=0)) == {}
    least = sorted(whole.values())[-4]
    at_least = values(model.predict_by_filename("samples/banana.png", min_value=least))
    assert min(at_least.values()) >= least
    assert len(at_least) == 4
    for wrong in ({"max_concepts": -1}, {"min_value": 1.5}, {"min_value": "high"}):
        with pytest.raises(UserError):
            model.predict_by_filename("samples/banana.png", **wrong)


def test_predict_by_bytes(full: ClarifaiApp) -> None:
    model = full.models.get("general-v1.3")
    content = Path("samples/banana.png").read_bytes()
    by_file = model.predict_by_filename("samples/banana.png")
    assert values(model.predict_by_bytes(content)) == values(by_file)
    tiger = next(one for one in full.concepts.search("tiger") if one.app_id == "main")
    selected = [Concept(concept_id=tiger.concept_id), Concept(concept_name="banana")]
    few = values(model.predict_by_bytes(content, select_concepts=selected))
    assert list(few) == ["banana", "tiger"]  # all that are selected, even the unlikely
    assert few["banana"] > 0.8 > 0.1 > few["tiger"]
    with pytest.raises(ApiError, match="no-such-thing"):
        model.predict_by_bytes(content, select_concepts=[Concept("no-such-thing")])


def test_predicted_concepts_have_the_ids_that_are_searched_by(full: ClarifaiApp) -> None:
    """Some names mean two concepts: the id is the one that the value belongs to."""
    reply = full.models.get("general-v1.3").predict_by_url("samples/banana.png")
    (food,) = [one for one in reply["outputs"][0]["data"]["concepts"] if one["name"] == "food"]
    hits = full.inputs.search_by_predicted_concepts(concept_id=food["id"])
    (banana,) = [hit for hit in hits if hit.input_id == "banana"]
    assert banana.score == pytest.approx(food["value"], abs=1e-3)


def test_predict_by_base64(full: ClarifaiApp) -> None:
    model = full.models.get("general-v1.3")
    content = base64.b64encode(Path("samples/dog1.jpeg").read_bytes())
    english = model.predict_by_base64(base64_bytes=content)["outputs"][0]["data"]["concepts"]
    chinese = model.predict_by_base64(content, lang="zh")["outputs"][0]["data"]["concepts"]
    assert [one["id"] for one in chinese] == [one["id"] for one in english]
    assert "狗" in {one["name"] for one in chinese}


# ---- Model: feedback


def test_send_concept_feedback(full: ClarifaiApp) -> None:
    model = full.models.create("fruit", concepts=["my fruit"])
    with pytest.raises(ApiError):
        model.train()
    sent = model.send_concept_feedback(
        "fruits",
        "samples/fruits.jpg",
        concepts=["my fruit"],
        feedback_info=FeedbackInfo(output_id="OID", event_type="annotation"),
    )
    assert sent is None
    (kept,) = full.native.models["fruit"].feedbacks
    assert (kept.annotation.input, kept.annotation.concepts) == ("fruits", {"my fruit": True})
    assert (kept.info.output_id, kept.info.event_type) == ("OID", "annotation")
    model.send_concept_feedback("tiger", "samples/tiger.png", not_concepts=["my fruit"])
    assert full.inputs.get("tiger").concepts is None  # it came in, and nothing is said by you
    model.train()  # feedback is learned from
    fruit = values(model.predict_by_url("samples/food.jpg"))["my fruit"]
    assert fruit > values(model.predict_by_url("samples/dog1.jpeg"))["my fruit"]


def test_send_region_feedback(full: ClarifaiApp) -> None:
    model = full.models.get("general-v1.3")
    region = Region(
        region_info=RegionInfo(bbox=BoundingBox(0.0, 0.0, 0.5, 0.5)),
        concepts=[ConceptInput(id="ear", value=True), ConceptInput(id="tail", value=False)],
    )
    url = full.inputs.get("dog2").url
    assert model.send_region_feedback("dog2", url, regions=[region]) is None
    (kept,) = [one for one in full.native.annotations.list(input="dog2") if one.box]
    assert (kept.concepts, kept.box) == ({"ear": True, "tail": False}, (0, 0, 0.5, 0.5))
    own = full.models.create("dogs", concepts=["ear"])
    own.send_region_feedback("dog2", url, regions=[region])
    assert full.native.models["dogs"].feedbacks[0].annotation.box == (0, 0, 0.5, 0.5)
    hits = full.native.search(region=kept.id, k=1)
    assert hits.ids == ["dog2"]  # found by what is inside of it
