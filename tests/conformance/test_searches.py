"""The chapter "Inputs" of the old client's document: searching; and "Search Syntax"."""

import base64
from pathlib import Path

import pytest

from nearsight.clarifai import (
    ApiError,
    ClarifaiApp,
    Geo,
    GeoBox,
    GeoLimit,
    GeoPoint,
    Image,
    InputSearchTerm,
    OutputSearchTerm,
    SearchQueryBuilder,
    SearchTerm,
    UserError,
)

DOGS = {"dog1", "dog2", "puppy"}
EVERYTHING = [*("dog1", "dog2", "puppy"), "cat", "banana", "travel", "fruits"]


def ids(images: list[Image]) -> list[str]:
    """Give the ids of what was found, best first."""
    return [str(image.input_id) for image in images]


def query(*terms: SearchTerm, language: str | None = None) -> SearchQueryBuilder:
    """Put terms together."""
    qb = SearchQueryBuilder(language=language)
    for term in terms:
        qb.add_term(term)
    return qb


def falling(images: list[Image]) -> bool:
    """Say whether scores lie in 0..1 and fall."""
    scores = [image.score for image in images]
    return scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)


def test_search(full: ClarifaiApp) -> None:
    qb = query(InputSearchTerm(concept="pair"), OutputSearchTerm(input_id="dog1"))
    hits = full.inputs.search(qb)
    assert set(ids(hits)) == {"dog2", "puppy"}  # restricted by the one, ordered by the other
    assert falling(hits)
    assert ids(full.inputs.search(qb, page=2, per_page=1)) == [ids(hits)[1]]
    assert full.inputs.search(qb, page=9) == []
    everything = [
        hit
        for page in (1, 2, 3)
        for hit in full.inputs.search(query(OutputSearchTerm(concept="dog")), page, 3)
    ]
    assert sorted(ids(everything)) == sorted(EVERYTHING)  # nothing twice, nothing skipped
    assert falling(everything)
    with pytest.raises(UserError, match="add a term"):
        full.inputs.search(SearchQueryBuilder())


def test_search_by_several_pictures(full: ClarifaiApp) -> None:
    single = {hit.input_id: hit.score for hit in full.inputs.search_by_image(image_id="dog1")}
    other = {hit.input_id: hit.score for hit in full.inputs.search_by_image(image_id="banana")}
    both = query(OutputSearchTerm(input_id="dog1"), OutputSearchTerm(input_id="banana"))
    for hit in full.inputs.search(both):
        mean = (single[hit.input_id] + other[hit.input_id]) / 2
        assert hit.score == pytest.approx(mean, abs=1e-4)


def test_search_by_annotated_concepts(full: ClarifaiApp) -> None:
    hits = full.inputs.search_by_annotated_concepts(concept="my puppy")
    assert ids(hits) == ["dog1", "dog2"]
    assert [hit.score for hit in hits] == [1, 1]
    search = full.inputs.search_by_annotated_concepts
    assert ids(search(concept="my puppy", value=False)) == ["cat"]  # said not to show it
    assert ids(search(concept_id="pair")) == ["dog2", "puppy"]
    # Both are searched for: the old client dropped all but the first.
    assert ids(search(concepts=["my puppy", "pair"])) == ["dog2"]
    assert ids(search(concepts=["my puppy", "cat"], values=[True, False])) == ["dog1"]
    assert ids(search(concept_ids=["cat", "my puppy"], values=[True, False])) == ["cat"]
    assert search(concept="nobody ever said that") == []
    assert search(concept_id="n02084071") == []  # nor of a general concept: the dog
    assert ids(search(concept="pair", page=2, per_page=1)) == ["puppy"]


def test_search_by_annotated_concepts_by_name(app: ClarifaiApp) -> None:
    app.concepts.create("id1", "cute cat")
    app.inputs.create_image_from_url("samples/cat.jpg", image_id="a", concepts=["id1"])
    assert ids(app.inputs.search_by_annotated_concepts(concept="cute cat")) == ["a"]
    assert ids(app.inputs.search_by_annotated_concepts(concept_id="id1")) == ["a"]
    assert app.inputs.search_by_annotated_concepts(concept_id="cute cat") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"concept": "a", "concepts": ["b"]},
        {"concepts": "a"},
        {"concepts": ["a", "b"], "values": [True]},
        {"concept": "my puppy", "page": 0},
        {"concept": "my puppy", "per_page": 0},
    ],
)
@pytest.mark.parametrize("kind", ["annotated", "predicted"])
def test_search_by_concepts_refuses(full: ClarifaiApp, kind: str, wrong: dict) -> None:
    with pytest.raises(UserError):
        getattr(full.inputs, f"search_by_{kind}_concepts")(**wrong)


def test_search_by_predicted_concepts(full: ClarifaiApp) -> None:
    hits = full.inputs.search_by_predicted_concepts(concept="dog")
    assert set(ids(hits[:3])) == DOGS
    assert falling(hits)
    assert hits[2].score > 0.8 > 0.3 > hits[3].score
    search = full.inputs.search_by_predicted_concepts
    assert ids(search(concept="banana"))[0] == "banana"
    dog = next(one for one in full.concepts.search("dog") if one.app_id == "main")
    assert ids(search(concept_id=dog.concept_id)) == ids(hits)
    unlike = search(concept="dog", value=False)
    assert set(ids(unlike[-3:])) == DOGS  # the less the better
    assert unlike[0].score > 0.99
    assert search(concept="dog", per_page=1)[0].input_id == hits[0].input_id


def test_search_by_predicted_concepts_in_other_languages(full: ClarifaiApp) -> None:
    # The document's own example lost its word: u'' for a simplified Chinese label.
    hits = full.inputs.search_by_predicted_concepts(concept="狗", lang="zh")
    english = full.inputs.search_by_predicted_concepts(concept="dog")
    assert ids(hits) == ids(english)
    assert [hit.score for hit in hits] == [hit.score for hit in english]
    # A word that means nothing by itself, and a cat in French.
    assert full.inputs.search_by_predicted_concepts("chat", lang="fr")[0].input_id == "cat"
    with pytest.raises(ApiError, match="'chat'"):
        full.inputs.search_by_predicted_concepts("chat")


def test_search_by_two_predicted_concepts(full: ClarifaiApp) -> None:
    both = full.inputs.search_by_predicted_concepts(concepts=["banana", "citrus"])
    single = {
        name: {
            hit.input_id: hit.score
            for hit in full.inputs.search_by_predicted_concepts(concept=name)
        }
        for name in ("banana", "citrus")
    }
    assert set(ids(both[:2])) == {"banana", "fruits"}
    for hit in both:
        mean = (single["banana"][hit.input_id] + single["citrus"][hit.input_id]) / 2
        assert hit.score == pytest.approx(mean, abs=1e-4)


def test_search_by_an_untrained_concept(full: ClarifaiApp) -> None:
    full.models.create("dogs", concepts=["my puppy"])
    with pytest.raises(ApiError, match="train") as caught:
        full.inputs.search_by_predicted_concepts(concept="my puppy")
    assert caught.value.error_code == 43003
    full.models.get("dogs").train()
    hits = full.inputs.search_by_predicted_concepts(concept="my puppy")
    assert set(ids(hits[:2])) <= DOGS


def test_search_by_image(full: ClarifaiApp) -> None:
    by_id = full.inputs.search_by_image(image_id="dog1")
    assert ids(by_id)[0] == "dog1"
    assert by_id[0].score == pytest.approx(1, abs=1e-3)
    assert set(ids(by_id[:3])) == DOGS  # the other pictures of dogs come next
    assert by_id[2].score > by_id[3].score
    assert falling(by_id)
    file = Path("samples/dog1.jpeg")
    content = file.read_bytes()
    with file.open("rb") as opened, file.open(encoding="latin-1") as opened_as_text:
        for asked in (
            {"url": "samples/dog1.jpeg"},
            {"url": f"file://{file.absolute()}"},
            {"filename": "samples/dog1.jpeg"},
            {"imgbytes": content},
            {"base64bytes": base64.b64encode(content)},
            {"fileobj": opened},
            {"fileobj": opened_as_text},  # fileobj=open('file'), as the document has it
            {"image": Image(filename="samples/dog1.jpeg")},
            {"image": full.inputs.get("dog1")},
        ):
            hits = full.inputs.search_by_image(**asked)
            assert ids(hits) == ids(by_id), asked
            assert [hit.score for hit in hits] == pytest.approx([h.score for h in by_id], abs=1e-3)
    for wrong in ({}, {"image_id": "dog1", "filename": "samples/dog1.jpeg"}):
        with pytest.raises(UserError, match="give one of"):
            full.inputs.search_by_image(**wrong)
    with pytest.raises(ApiError):
        full.inputs.search_by_image(image_id="nobody")


def test_search_by_image_of_the_web(full: ClarifaiApp) -> None:
    with pytest.raises(ApiError, match="give a local file") as caught:
        full.inputs.search_by_image(url="http://blabla")
    assert caught.value.error_code == 30002
    full.inputs.create_image(Image(url="http://blabla", filename="samples/tiger.png"))
    (best, *_) = full.inputs.search_by_image(url="http://blabla")
    assert (best.url, round(best.score, 3)) == ("http://blabla", 1)


def test_search_by_image_with_a_crop(full: ClarifaiApp) -> None:
    # The old client accepted the crop and ignored it.
    whole = full.inputs.search_by_image(filename="samples/dog2.jpeg")
    part = full.inputs.search_by_image(filename="samples/dog2.jpeg", crop=[0.0, 0.0, 0.5, 0.5])
    assert [hit.score for hit in part] != pytest.approx([hit.score for hit in whole], abs=1e-3)
    again = full.inputs.search_by_image(
        image=Image(filename="samples/dog2.jpeg", crop=[0.0, 0.0, 0.5, 0.5])
    )
    assert [hit.score for hit in again] == [hit.score for hit in part]
    full.inputs.create_image_from_url(
        "samples/dog2.jpeg", image_id="part", crop=[0.0, 0.0, 0.5, 0.5], allow_duplicate_url=True
    )
    found = full.inputs.search_by_image(filename="samples/dog2.jpeg", crop=[0.0, 0.0, 0.5, 0.5])
    assert (found[0].input_id, found[0].score) == ("part", pytest.approx(1, abs=1e-3))
    with pytest.raises(UserError, match="inverted"):
        full.inputs.search_by_image(filename="samples/dog2.jpeg", crop=[0.5, 0.0, 0.1, 0.5])


def test_search_by_original_url(full: ClarifaiApp) -> None:
    url = full.inputs.get("cat").url
    (hit,) = full.inputs.search_by_original_url(url=url)
    assert (hit.input_id, hit.score) == ("cat", 1)
    full.inputs.create_image(Image(url="http://bla", filename="samples/tiger.png", image_id="t"))
    assert ids(full.inputs.search_by_original_url(url="http://bla")) == ["t"]
    assert full.inputs.search_by_original_url(url="http://blabla") == []


def test_search_by_metadata(full: ClarifaiApp) -> None:
    search = full.inputs.search_by_metadata
    hits = search(metadata={"key": "value"})
    assert (ids(hits), [hit.score for hit in hits]) == (["dog2", "banana"], [1, 1])
    assert ids(search(metadata={"n": {"deep": 1}})) == ["dog2"]
    assert ids(search(metadata={"tags": ["ripe"]})) == ["banana"]  # of a list, every element
    assert search(metadata={"key": "value", "nothing": 1}) == []  # all of it, not any
    assert ids(search({"key": "value"}, page=2, per_page=1)) == ["banana"]
    with pytest.raises(UserError, match="dictionary"):
        search(metadata="key")


def test_search_by_geo(full: ClarifaiApp) -> None:
    search = full.inputs.search_by_geo
    assert search(GeoPoint(30, 40), GeoLimit("mile", 10)) == []
    paris = GeoPoint(2.35, 48.86)  # longitude first
    hits = search(paris, GeoLimit("mile", 10))
    assert (ids(hits), [hit.score for hit in hits]) == (["dog1", "cat"], [1, 1])
    assert ids(search(paris)) == ["dog1", "cat"]  # 10 miles
    # 1.33 km lie between them: a unit taken for another would tell.
    for unit, near, enough in (
        ("mile", 0.8, 0.9),
        ("kilometer", 1.3, 1.4),
        ("degree", 0.0118, 0.0122),
        ("radian", 0.000205, 0.000213),
    ):
        assert ids(search(paris, GeoLimit(unit, near))) == ["dog1"]
        assert ids(search(paris, GeoLimit(unit, enough))) == ["dog1", "cat"]
    for far in (GeoLimit("kilometer", 400), GeoLimit("degree", 4), GeoLimit("radian", 0.07)):
        assert ids(search(paris, far)) == ["dog1", "cat", "travel"]
    box = GeoBox(GeoPoint(2.4, 48), GeoPoint(2.3, 49))  # any two opposite corners
    assert ids(search(geo_box=box)) == ["dog1", "cat"]
    for wrong in ({}, {"geo_point": paris, "geo_box": box}, {"geo_limit": GeoLimit()}):
        with pytest.raises(UserError, match="Geo"):
            search(**wrong)
    with pytest.raises(UserError, match="91"):
        search(GeoPoint(0, 91))


# ---- Search Syntax


def test_search_term(full: ClarifaiApp) -> None:
    assert issubclass(InputSearchTerm, SearchTerm)
    assert issubclass(OutputSearchTerm, SearchTerm)
    with pytest.raises(TypeError, match="abstract"):
        SearchTerm()  # type: ignore[abstract]
    with pytest.raises(UserError, match="InputSearchTerm"):
        SearchQueryBuilder().add_term("dog")


def test_input_search_term(full: ClarifaiApp) -> None:
    def found(term: InputSearchTerm) -> list[str]:
        return ids(full.inputs.search(query(term)))

    assert found(InputSearchTerm(url=full.inputs.get("cat").url)) == ["cat"]
    assert found(InputSearchTerm(url="http://blabla")) == []
    assert found(InputSearchTerm(input_id="banana")) == ["banana"]
    assert found(InputSearchTerm(input_id="site1_bla")) == []
    assert found(InputSearchTerm(concept="my puppy")) == ["dog1", "dog2"]
    assert found(InputSearchTerm(concept="my puppy", value=False)) == ["cat"]
    assert found(InputSearchTerm(concept_id="cat", value=False)) == ["dog1"]
    assert found(InputSearchTerm(metadata={"key": "value"})) == ["dog2", "banana"]
    # The document's spelling, which the old client refused: a point, and its limit beside.
    near = InputSearchTerm(geo=GeoPoint(2.35, 48.86), geo_limit=GeoLimit("withinMiles", 10))
    assert found(near) == ["dog1", "cat"]
    assert found(InputSearchTerm(geo=Geo(GeoPoint(2.35, 48.86), GeoLimit("mile", 10)))) == [
        "dog1",
        "cat",
    ]
    for wrong in ({}, {"url": "a", "input_id": "b"}):
        with pytest.raises(UserError, match="give one of"):
            InputSearchTerm(**wrong)


def test_output_search_term(full: ClarifaiApp) -> None:
    def found(term: OutputSearchTerm) -> list[str]:
        return ids(full.inputs.search(query(term)))

    content = base64.b64encode(Path("samples/dog1.jpeg").read_bytes()).decode()
    best = [
        found(OutputSearchTerm(url="samples/dog1.jpeg")),
        found(OutputSearchTerm(base64=content)),
        found(OutputSearchTerm(input_id="dog1")),
    ]
    assert best[0][0] == "dog1"
    assert best[0] == best[1] == best[2]
    with pytest.raises(ApiError, match="give a local file"):
        found(OutputSearchTerm(url="http://blabla"))
    assert set(found(OutputSearchTerm(concept="dog"))[:3]) == DOGS
    assert set(found(OutputSearchTerm(concept="dog", value=False))[-3:]) == DOGS
    part = OutputSearchTerm(url="samples/dog2.jpeg", crop=[0.0, 0.0, 0.5, 0.5])
    scores = [hit.score for hit in full.inputs.search(query(part))]
    by_image = full.inputs.search_by_image(url="samples/dog2.jpeg", crop=[0.0, 0.0, 0.5, 0.5])
    assert scores == [hit.score for hit in by_image]
    with pytest.raises(UserError, match="give one of"):
        OutputSearchTerm()


def test_search_query_builder(full: ClarifaiApp) -> None:
    term1, term2 = InputSearchTerm(concept="my puppy"), OutputSearchTerm(concept="dog")
    qb = SearchQueryBuilder()
    qb.add_term(term1)
    qb.add_term(term2)
    hits = full.inputs.search(qb)
    assert set(ids(hits)) == {"dog1", "dog2"}
    # for search over translated output concepts
    qb = SearchQueryBuilder(language="zh")
    qb.add_term(term1)
    qb.add_term(OutputSearchTerm(concept="狗"))
    assert ids(full.inputs.search(qb)) == ids(hits)


def test_add_term(full: ClarifaiApp) -> None:
    qb = query(
        InputSearchTerm(concept="my puppy"),
        InputSearchTerm(concept="cat", value=False),
        InputSearchTerm(geo=Geo(GeoPoint(2.35, 48.86), GeoLimit("mile", 10))),
    )
    assert len(qb.terms) == 3
    assert ids(full.inputs.search(qb)) == ["dog1"]  # all of them have to be met
    qb.add_term(InputSearchTerm(metadata={"key": "value"}))
    assert full.inputs.search(qb) == []


def test_search_query_builder_dict() -> None:
    near = Geo(GeoPoint(-40, 30), GeoLimit("mile", 10))
    qb = query(
        InputSearchTerm(url="http://blabla"),
        InputSearchTerm(input_id="site1_bla"),
        InputSearchTerm(concept="tag1", value=False),
        InputSearchTerm(metadata={"key": "value"}),
        InputSearchTerm(geo=near),
        OutputSearchTerm(concept_id="id1"),
        OutputSearchTerm(url="http://blabla", crop=[0, 0, 1, 0.5]),
        OutputSearchTerm(base64="sdfds"),
        OutputSearchTerm(input_id="site1_bla"),
        language="zh",
    )
    geo = {
        "geo_point": {"longitude": -40, "latitude": 30},
        "geo_limit": {"type": "withinMiles", "value": 10},
    }
    image = {"url": "http://blabla", "crop": [0, 0, 1, 0.5]}
    assert qb.dict() == {
        "language": "zh",
        "ands": [
            {"input": {"data": {"image": {"url": "http://blabla"}}}},
            {"input": {"id": "site1_bla", "data": {"image": {}}}},
            {"input": {"data": {"concepts": [{"name": "tag1", "value": False}]}}},
            {"input": {"data": {"metadata": {"key": "value"}}}},
            {"input": {"data": {"geo": geo}}},
            {"output": {"data": {"concepts": [{"id": "id1", "value": True}]}}},
            {"output": {"input": {"data": {"image": image}}}},
            {"output": {"input": {"data": {"image": {"base64": "sdfds"}}}}},
            {"output": {"input": {"id": "site1_bla", "data": {"image": {}}}}},
        ],
    }
