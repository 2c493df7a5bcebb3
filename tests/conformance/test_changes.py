"""The chapter "Inputs" of the old client's document: changing what is said, and outputs."""

import pytest

from nearsight.clarifai import ApiError, ClarifaiApp, Geo, GeoPoint, Image, UserError


def said(image: Image) -> tuple[list[str], list[str]]:
    """Give what an image is said to show, and what not, sorted."""
    return sorted(image.concepts or []), sorted(image.not_concepts or [])


def test_add_concepts(full: ClarifaiApp) -> None:
    changed = full.inputs.add_concepts("fruits", ["cat", "kitty"], ["dog"])
    assert said(changed) == (["cat", "kitty"], ["dog"])
    assert said(full.inputs.get("fruits")) == said(changed)


def test_merge_concepts(full: ClarifaiApp) -> None:
    assert said(full.inputs.merge_concepts("dog1", ["cat", "kitty"], ["dog"])) == (
        ["cat", "kitty", "my puppy"],  # "cat" was said not to be there: a later word wins
        ["dog"],
    )
    replaced = full.inputs.merge_concepts("dog1", ["kitty"], [], overwrite=True)
    assert said(replaced) == (["kitty"], [])
    with pytest.raises(ApiError) as caught:
        full.inputs.merge_concepts("nobody", ["kitty"], [])
    assert caught.value.error_code == 11101


def test_delete_concepts(full: ClarifaiApp) -> None:
    changed = full.inputs.delete_concepts("dog1", ["my puppy", "cat", "never said"])
    assert said(changed) == ([], [])  # by id, whatever was said
    assert changed.concepts is None


def test_bulk_merge_concepts(full: ClarifaiApp) -> None:
    # As the document has it: one id without a list around it.
    (changed,) = full.inputs.bulk_merge_concepts("fruits", [[("cat", True), ("dog", False)]])
    assert said(changed) == (["cat"], ["dog"])
    both = full.inputs.bulk_merge_concepts(
        ["fruits", "travel"], [[("cat", False)], [("bridge", 1), ("boat", 0)]]
    )
    assert [said(one) for one in both] == [([], ["cat", "dog"]), (["bridge"], ["boat"])]
    with pytest.raises(UserError, match="as many"):
        full.inputs.bulk_merge_concepts(["fruits", "travel"], [[("cat", True)]])
    with pytest.raises(UserError, match="'fruits' comes twice"):
        full.inputs.bulk_merge_concepts(["fruits", "fruits"], [[("x", True)], [("y", True)]])
    with pytest.raises(ApiError):
        full.inputs.bulk_merge_concepts(["fruits", "nobody"], [[("x", True)], [("x", True)]])
    assert said(full.inputs.get("fruits")) == ([], ["cat", "dog"])  # all or none


def test_bulk_delete_concepts(full: ClarifaiApp) -> None:
    full.inputs.add_concepts("fruits", ["cat", "dog", "fig"], [])
    (changed,) = full.inputs.bulk_delete_concepts(["fruits"], [["cat", "dog"]])
    assert said(changed) == (["fig"], [])
    with pytest.raises(UserError, match="as many"):
        full.inputs.bulk_delete_concepts(["fruits"], [])


def test_inputs_update(full: ClarifaiApp) -> None:
    new_img = Image(
        image_id="dog2", concepts=["c1", "c2"], not_concepts=["c3"], metadata={"key": "val"}
    )
    merged = full.inputs.update(new_img)
    assert said(merged) == (["c1", "c2", "my puppy", "pair"], ["c3"])
    assert merged.metadata == {"key": "val", "n": {"deep": 1}}
    written = full.inputs.update(new_img, action="overwrite")
    assert said(written) == (["c1", "c2"], ["c3"])
    assert written.metadata == {"key": "val"}
    with pytest.raises(UserError, match="merge, overwrite, remove"):
        full.inputs.update(new_img, action="append")
    with pytest.raises(UserError, match="image_id"):
        full.inputs.update(Image(concepts=["c1"]))


def test_inputs_update_keeps_what_is_not_given(full: ClarifaiApp) -> None:
    kept = full.inputs.update(Image(image_id="dog1", metadata={"a": 1}), action="overwrite")
    assert said(kept) == (["my puppy"], ["cat"])
    assert kept.geo.geo_point.latitude == 48.86
    moved = full.inputs.update(Image(image_id="dog1", geo=Geo(geo_point=GeoPoint(1, 2))))
    assert (moved.geo.geo_point.longitude, moved.geo.geo_point.latitude) == (1, 2)
    assert moved.metadata == {"a": 1}


def test_inputs_bulk_update(full: ClarifaiApp) -> None:
    new_img1 = Image(
        image_id="dog1", concepts=["c1", "c2"], not_concepts=["c3", "c4"], metadata={"key": "val"}
    )
    new_img2 = Image(image_id="dog2", concepts=["c1", "c2"], metadata={"key": "val"})
    # The document's example calls update() with the list.
    for bulk_update in (full.inputs.update, full.inputs.bulk_update):
        changed = bulk_update([new_img1, new_img2], action="overwrite")
        assert [said(one) for one in changed] == [
            (["c1", "c2"], ["c3", "c4"]),
            (["c1", "c2"], []),
        ]
        assert changed[1].metadata == {"key": "val"}
    lost = Image(image_id="nobody", concepts=["c9"])
    with pytest.raises(ApiError):
        full.inputs.bulk_update([Image(image_id="dog1", concepts=["c9"]), lost])
    assert said(full.inputs.get("dog1")) == (["c1", "c2"], ["c3", "c4"])


def test_merge_metadata(full: ClarifaiApp) -> None:
    changed = full.inputs.merge_metadata("dog2", {"key1": "value1", "n": {"more": [1]}})
    assert changed.metadata == {"key": "value", "key1": "value1", "n": {"deep": 1, "more": [1]}}


def predicted(reply: dict) -> dict[str, float]:
    """Give id → value of the concepts in a reply."""
    return {one["id"]: one["value"] for one in reply["outputs"][0]["data"]["concepts"]}


def test_get_outputs(full: ClarifaiApp) -> None:
    reply = full.inputs.get_outputs("banana")
    assert reply["status"]["code"] == 10000
    assert reply["input"]["id"] == "banana"
    assert reply["input"]["data"]["metadata"] == {"key": "value", "tags": ["yellow", "ripe"]}
    concepts = reply["outputs"][0]["data"]["concepts"]
    assert len(concepts) == 20
    assert [c["value"] for c in concepts] == sorted((c["value"] for c in concepts), reverse=True)
    assert {"banana", "fruit", "food"} <= {c["name"] for c in concepts[:5]}
    assert concepts[0]["value"] > 0.85
    assert {c["app_id"] for c in concepts} == {"main"}
    said = full.inputs.get_outputs("dog1")["input"]["data"]["concepts"]
    assert said == [
        {"id": "cat", "name": "cat", "app_id": "app", "value": 0},
        {"id": "my puppy", "name": "my puppy", "app_id": "app", "value": 1},
    ]
    with pytest.raises(ApiError):
        full.inputs.get_outputs("nobody")


def test_remove_outputs_concepts(full: ClarifaiApp) -> None:
    before = predicted(full.inputs.get_outputs("dog1"))
    best = next(iter(before))
    removed = full.inputs.remove_outputs_concepts("dog1", [best])
    assert best not in predicted(removed)
    assert best not in predicted(full.inputs.get_outputs("dog1"))
    assert removed["input"]["id"] == "dog1"


def test_merge_outputs_concepts(full: ClarifaiApp) -> None:
    before = predicted(full.inputs.get_outputs("dog1"))
    best = next(iter(before))
    full.inputs.remove_outputs_concepts("dog1", [best])
    back = full.inputs.merge_outputs_concepts("dog1", [best])
    assert predicted(back) == before  # removing and merging round-trip
    unlikely = next(one.concept_id for one in full.concepts.search("tiger") if one.app_id == "main")
    assert unlikely not in before
    assert predicted(full.inputs.merge_outputs_concepts("dog1", [unlikely]))[unlikely] == 1
