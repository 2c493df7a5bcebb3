"""The nine snippets of the document "Rank", one test each, through `app.search.query`.

The document's gRPC objects are the equal dictionaries here: `resources_pb2.Rank(annotation=…)` is
`{"annotation": …}`. Pagination(per_page=2, page=1) is k=2, page=1, and PostAnnotationsSearches is
of="annotations". Ids and files are filled in where the document says to change them.
"""

# ruff: noqa: N806 - the document's names

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import nearsight

DOG = "ai_8S2Vq3cR"  # the hosted service's id, which means the device's n02084071, too
DOGS = {"dog1", "dog2", "puppy"}


@pytest.fixture
def app(home: Path, library: Path) -> Iterator[nearsight.App]:
    """Give a native app that holds the seven photos of the library."""
    shutil.copy(library, home / "app.ns")
    with nearsight.open(home / "app.ns") as opened:
        yield opened


def printed(hits: nearsight.Hits) -> list[tuple[float, str, str]]:
    """Give what the document's loops print: score, annotation id and input id of every hit."""
    lines = []
    for hit in hits:
        assert hit.annotation is not None
        lines.append((hit.score, hit.annotation.id, hit.input.id))
    scores = [score for score, _, _ in lines]
    assert scores == sorted(scores, reverse=True)
    return lines


def test_rank_by_main_concepts(app: nearsight.App) -> None:
    # Change this to rank by a Clarifai/main concept
    CONCEPT_ID = DOG

    hits = app.search.query(
        ranks=[
            {
                "annotation": {
                    "data": {
                        "concepts": [  # You can search by multiple concepts.
                            {
                                "id": CONCEPT_ID,  # You could search by concept Name as well.
                                "value": 1,  # Value of 0 will search for images that don't …
                            }
                        ]
                    }
                }
            }
        ],
        of="annotations",
        k=2,
        page=1,
    )

    found = printed(hits)
    assert len(found) == 2
    assert {input_id for _, _, input_id in found} <= DOGS
    assert found[1][0] > 0.8
    assert all(annotation == input_id for _, annotation, input_id in found)  # of the whole picture
    # The document's own id, a railway: the device knows the trains on it.
    railway, train = (
        app.search.query([{"annotation": {"data": {"concepts": [concept]}}}])
        for concept in ({"id": "ai_fvlBqXZR", "value": 1}, {"name": "train", "value": 1})
    )
    assert railway.ids == train.ids
    # "You could search by concept Name as well."
    named = app.search.query([{"annotation": {"data": {"concepts": [{"name": "dog"}]}}}], k=2)
    assert [hit.input.id for hit in named] == [input_id for _, _, input_id in found]
    # "Value of 0 will search for images that don't have the concept."
    without = app.search.query([{"annotation": {"data": {"concepts": [{"id": DOG, "value": 0}]}}}])
    assert {hit.input.id for hit in without[-3:]} == DOGS
    assert without[0].score > 0.99


def test_rank_by_main_concepts_page_by_page(app: nearsight.App) -> None:
    ranks = [{"annotation": {"data": {"concepts": [{"id": DOG, "value": 1}]}}}]
    pages = [app.search.query(ranks, of="annotations", k=2, page=page) for page in range(1, 6)]
    found = [hit.annotation.id for page in pages for hit in page]
    assert sorted(found) == sorted(one.id for one in app.annotations)
    assert len(pages[4]) == 0


def test_rank_by_custom_concepts(app: nearsight.App) -> None:
    # Change this to rank by your own custom concept
    CONCEPT_ID = "my puppy"
    ranks = [{"annotation": {"data": {"concepts": [{"id": CONCEPT_ID, "value": 1}]}}}]

    # "Without this training, the search query will result in an error."
    app.models.create("puppies", concepts=[CONCEPT_ID])
    with pytest.raises(nearsight.TrainingError, match="train"):
        app.search.query(ranks, of="annotations", k=2, page=1)

    app.models["puppies"].train()
    found = printed(app.search.query(ranks, of="annotations", k=2, page=1))
    assert len(found) == 2
    assert {input_id for _, _, input_id in found} <= DOGS


def test_rank_by_main_and_custom_concepts(app: nearsight.App) -> None:
    # Change this to a Clarifai/main concept
    CONCEPT_ID_1 = DOG
    # Change this to your own custom concept
    CONCEPT_ID_2 = "my puppy"

    def query(value: int) -> list[tuple[float, str, str]]:
        hits = app.search.query(
            ranks=[{"annotation": {"data": {"concepts": [{"id": CONCEPT_ID_1, "value": 1}]}}}],
            filters=[
                {"annotation": {"data": {"concepts": [{"id": CONCEPT_ID_2, "value": value}]}}}
            ],
            of="annotations",
            k=2,
            page=1,
        )
        return printed(hits)

    # "Value of 0 will search for images that don't have the concept": said not to have it.
    assert [input_id for _, _, input_id in query(0)] == ["cat"]
    assert {input_id for _, _, input_id in query(1)} == {"dog1", "dog2"}
    # Never said to have it is another filter here, with a name of its own.
    unsaid = app.search.query(
        [{"concept": DOG}], [nearsight.unsaid("my puppy")], of="annotations", k=1
    )
    assert printed(unsaid)[0][2] == "puppy"


def test_rank_by_concept_in_another_language(app: nearsight.App) -> None:
    # Change these to what you want to search by
    CONCEPT_NAME = "犬"
    LANGUAGE_ID = "ja"  # Japanese

    hits = app.search.query(
        ranks=[{"annotation": {"data": {"concepts": [{"name": CONCEPT_NAME, "value": 1}]}}}],
        language=LANGUAGE_ID,
        of="annotations",
        k=2,
        page=1,
    )

    english = app.search.query([{"concept": "dog"}], of="annotations", k=2)
    assert printed(hits) == printed(english)


def test_rank_concept_searches(app: nearsight.App) -> None:
    # Change these to whatever concept you want to search for
    SEARCH_NAME = "人"
    LANGUAGE_ID = "ja"

    found = app.concepts.search(SEARCH_NAME, language=LANGUAGE_ID)

    assert {concept.name for concept in found} == {SEARCH_NAME}
    assert {concept.language for concept in found} == {LANGUAGE_ID}
    assert {concept.source for concept in found} == {"general"}
    assert [app.concepts[concept.id].name for concept in found] == ["person"]
    assert app.concepts.get("ai_ZKJ48TFz").id == found[0].id  # as the document's output has it


def test_rank_by_image_url(app: nearsight.App) -> None:
    """The SDK's snippet. It cannot run even there: create_app(…, pat=PAT) is a ValueError.

    Here nothing has to be created but the file, and urls are names of local files.
    """
    urls = [
        "https://images.pexels.com/photos/139257/pexels-photo-139257.jpeg",
        "https://images.pexels.com/photos/1879386/pexels-photo-1879386.jpeg",
        "https://images.pexels.com/photos/1071882/pexels-photo-1071882.jpeg",
    ]
    files = ["samples/food.jpg", "samples/tiger.png", "samples/metro-north.jpg"]

    # Upload each image
    for i, (url, file) in enumerate(zip(urls, files, strict=True)):
        app.inputs.add(file, id=f"input{i}", url=url)

    # Perform a search with a specified rank (image URL)
    res = app.search.query(ranks=[{"image_url": urls[0]}], k=2)

    # Extract the URL of the first hit from the search results
    hit = res[0].input.url

    assert hit == urls[0]
    assert len(res) == 2
    assert res[0].score == pytest.approx(1, abs=1e-3)
    assert res[1].input.id == "fruits"  # the other picture of citrus fruit
    with pytest.raises(nearsight.NearsightError, match="https://images"):
        app.search.query(ranks=[{"image_url": "https://images.pexels.com/unknown.jpeg"}])


def test_rank_by_image_bytes(app: nearsight.App) -> None:
    """The document's Rank(input=…) does not exist in gRPC; both spellings are read here."""
    IMAGE_FILE_LOCATION = "samples/dog1.jpeg"
    with open(IMAGE_FILE_LOCATION, "rb") as f:  # noqa: PTH123
        file_bytes = f.read()

    found = {
        spelling: app.search.query(
            ranks=[{spelling: {"data": {"image": {"base64": file_bytes}}}}], k=2, page=1
        )
        for spelling in ("input", "annotation")
    }

    for hits in found.values():
        assert hits[0].input.id == "dog1"
        assert hits[0].score == pytest.approx(1, abs=1e-3)
        assert hits[1].input.id in DOGS
        assert len(hits) == 2
    assert [h.score for h in found["input"]] == [h.score for h in found["annotation"]]


def test_rank_by_input_id(app: nearsight.App) -> None:
    INPUT_ID = "dog1"

    hits = app.search.query(
        ranks=[{"annotation": {"input_id": INPUT_ID}}], of="annotations", k=2, page=1
    )

    found = printed(hits)
    assert found[0][1:] == ("dog1", "dog1")
    assert found[0][0] == pytest.approx(1, abs=1e-3)
    assert found[1][2] in DOGS


def test_rank_by_input_id_averages_regions(app: nearsight.App) -> None:
    """ "If there are multiple embeddings (for example multiple regions), we will average them." """
    before = {hit.input.id: hit.score for hit in app.search.query([{"input": "dog2"}])}
    region = app.annotations.add(
        "dog2", box=(0.0, 0.0, 0.5, 0.5), concepts=["left"], picture="samples/dog2.jpeg"
    )
    hits = app.search.query([{"annotation": {"input_id": "dog2"}}], of="annotations")
    after = {hit.annotation.id: hit.score for hit in hits}
    assert after["dog2"] < before["dog2"]  # no longer the same: the mean of two
    # "The search results will return the input and also the annotation, which includes the region."
    (found,) = [hit for hit in hits if hit.annotation.id == region.id]
    assert (found.input.id, found.annotation.box) == ("dog2", (0.0, 0.0, 0.5, 0.5))
    by_region = app.search.query([{"annotation": {"id": region.id}}], of="annotations")
    assert by_region[0].annotation.id == region.id
    assert by_region[0].score == pytest.approx(1, abs=1e-3)


def test_rank_by_text(app: nearsight.App) -> None:
    """The SDK's other snippet, with the same create_app(…, pat=PAT)."""
    app.inputs.add("samples/pineapple.png", id="pineapple")

    response = app.search.query(ranks=[{"text_raw": "Red pineapples on the beach."}], k=1)

    assert response.ids == ["pineapple"]
    assert any("pineapple" in words for words in response.understood)
    bananas = app.search.query(ranks=[{"text_raw": "A yellow banana."}], k=1)
    assert bananas.ids == ["banana"]
    assert bananas[0].score > 0.8
    dogs = app.search.query(ranks=[{"text_raw": "two dogs"}], k=3)
    assert {hit.input.id for hit in dogs} == DOGS
