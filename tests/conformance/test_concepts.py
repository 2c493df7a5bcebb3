"""The chapter "Concepts" of the old client's document."""

from itertools import islice

import pytest

from nearsight.clarifai import ApiError, ClarifaiApp, Concept, Concepts, UserError


def test_concepts(app: ClarifaiApp) -> None:
    assert isinstance(app.concepts, Concepts)


def test_concepts_bulk_create(app: ClarifaiApp) -> None:
    made = app.concepts.bulk_create(["id1", "id2"], ["cute cat", "cute dog"])
    assert [(one.concept_id, one.concept_name) for one in made] == [
        ("id1", "cute cat"),
        ("id2", "cute dog"),
    ]
    # "When the concept name is not set, it will be set as the same as concept ID."
    (named,) = app.concepts.bulk_create(["id3"])
    assert named.concept_name == "id3"
    with pytest.raises(ApiError) as caught:
        app.concepts.bulk_create(["id4", "id1"])
    assert (caught.value.error_code, caught.value.response.status_code) == (40003, 400)
    assert "duplicate" in caught.value.error_details
    assert app.concepts.get("id4") is None  # all or none
    with pytest.raises(UserError, match="as many"):
        app.concepts.bulk_create(["id5", "id6"], ["one name"])


def test_concepts_bulk_update(app: ClarifaiApp) -> None:
    app.concepts.bulk_create(["myid1", "myid2"])
    changed = app.concepts.bulk_update(
        concept_ids=["myid1", "myid2"], concept_names=["name2", "name3"]
    )
    assert [one.concept_name for one in changed] == ["name2", "name3"]
    with pytest.raises(ApiError):
        app.concepts.bulk_update(["myid1", "nobody"], ["x", "y"])
    assert app.concepts.get("myid1").concept_name == "name2"


def test_concepts_create(app: ClarifaiApp) -> None:
    made = app.concepts.create("pupp")
    assert isinstance(made, Concept)
    assert (made.concept_id, made.concept_name, made.app_id) == ("pupp", "pupp", "app")
    assert made.created_at.startswith("20")
    assert app.concepts.create("犬", "my dog").concept_name == "my dog"
    with pytest.raises(ApiError) as caught:
        app.concepts.create("pupp")
    assert caught.value.error_code == 40003


def test_concepts_get(app: ClarifaiApp) -> None:
    app.concepts.create("id", "a name")
    assert app.concepts.get("id").dict()["name"] == "a name"
    # "If found, return the Concept object. Otherwise, return None": the client raised instead.
    assert app.concepts.get("nobody") is None
    dog = next(one for one in app.concepts.search("dog") if one.app_id == "main")
    assert app.concepts.get(dog.concept_id).concept_name == "dog"


def test_concepts_get_all(app: ClarifaiApp) -> None:
    app.concepts.create("mine")
    everything = list(app.concepts.get_all())
    assert everything[0].concept_id == "mine"  # yours first
    assert {one.app_id for one in everything[1:]} == {"main"}
    assert len(everything) > 1000


def test_concepts_get_by_page(app: ClarifaiApp) -> None:
    app.concepts.bulk_create([f"mine{i:02}" for i in range(25)])
    page = [concept.concept_id for concept in app.concepts.get_by_page(2, 10)]
    assert page == [f"mine{i:02}" for i in range(10, 20)]
    assert app.concepts.get_by_page(100_000) == []
    assert len(app.concepts.get_by_page()) == 20


def test_concepts_search(app: ClarifaiApp) -> None:
    app.concepts.create("kitty", "Cat")
    found = list(app.concepts.search("cat"))
    assert {one.app_id for one in found} == {"app", "main"}
    assert {one.concept_name.lower() for one in found} == {"cat"}
    names = {one.concept_name for one in app.concepts.search("dog*")}
    assert len(names) >= 2
    assert all(name.lower().startswith("dog") for name in names)
    # Names in another language: simplified Chinese, as the document has it.
    chinese = list(app.concepts.search("狗*", lang="zh"))
    assert "狗" in {one.concept_name for one in chinese}
    assert len(list(islice(app.concepts.search("*", lang="zh"), 500))) == 500


def test_concepts_update(app: ClarifaiApp) -> None:
    app.concepts.create("myid1")
    changed = app.concepts.update(concept_id="myid1", concept_name="new_concept_name2")
    assert changed.concept_name == "new_concept_name2"
    assert app.concepts.get("myid1").concept_name == "new_concept_name2"
    public = next(one for one in app.concepts.search("dog") if one.app_id == "main")
    with pytest.raises(ApiError) as caught:
        app.concepts.update(public.concept_id, "my dog")
    assert caught.value.error_code == 11101
    with pytest.raises(UserError, match="overwrite"):
        app.concepts.update("myid1", "name", action="merge")
