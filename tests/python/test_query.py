"""Whole queries: their JSON, and the hosted service's filters and queries."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statements import FILTERS
from test_ranks import RANKS

from nearsight import filters
from nearsight.errors import ArgumentError
from nearsight.filters import (
    Filter,
    When,
    annotated,
    box,
    changed,
    metadata,
    predicted,
    unsaid,
    within,
)
from nearsight.ranks import Rank
from nearsight.search.query import Query, to_filters

QUERIES = st.builds(
    Query,
    st.lists(RANKS, max_size=3).map(tuple),
    st.none() | FILTERS,
    st.sampled_from(["inputs", "annotations"]),
)
DOG, CAT = annotated("dog"), annotated("cat")


@given(QUERIES)
def test_the_json_reads_back_as_the_same_query(query: Query) -> None:
    text = json.dumps(query.to_json(), allow_nan=False)
    assert Query.from_json(json.loads(text)) == Query.read(json.loads(text)) == query


def test_where_may_be_a_line_or_several() -> None:
    assert Query.from_json({"where": ["dog", {"annotated": "cat"}]}) == Query((), DOG & CAT)
    assert Query.read({"where": "dog"}, of="annotations") == Query((), DOG, "annotations")
    assert Query.read({}) == Query.from_hosted({}) == Query()


def one(**data: object) -> dict[str, object]:
    """A filter of the wire on an annotation's data."""
    return {"annotation": {"data": data}}


@pytest.mark.parametrize(
    ("given", "same"),
    [
        # the SDK's
        ({}, None),
        ({"concepts": [{"id": "dog", "value": 1}]}, DOG),
        ({"concepts": [{"name": "dog"}]}, DOG),
        ({"concepts": [{"id": "dog"}, {"id": "cat", "value": 0}]}, DOG | annotated("cat", False)),
        ({"metadata": {"a": 1, "b": {"c": 2}}}, metadata({"a": 1}) | metadata({"b": {"c": 2}})),
        (
            {"geo_point": {"longitude": 2.3, "latitude": 48.8, "geo_limit": 5}},
            within(48.8, 2.3, km=5),
        ),
        ({"image_url": "https://a"}, filters.url("https://a")),
        ({"input_types": ["image", "text"]}, filters.type("image", "text")),
        ({"input_status_code": 30000}, filters.status("processed")),
        (
            {"input_types": ["video"], "input_status_code": 30000, "concepts": [{"id": "dog"}]},
            DOG & (filters.type("video") | filters.status("processed")),
        ),
        ({"concepts": [], "metadata": {}, "input_dataset_ids": []}, None),
        # the wire's
        ({"annotation": {}, "input": {}}, None),
        ({"negate": True}, None),
        (one(concepts=[{"id": "dog"}, {"name": "cat", "value": 1.0}]), DOG | CAT),
        (one(concepts=[{"id": "dog", "value": 0}]), annotated("dog", False)),
        ({**one(concepts=[{"id": "dog"}]), "negate": True}, ~DOG),
        (one(concepts=[{"id": "dog"}], metadata={"a": 1}), DOG & metadata({"a": 1})),
        ({"annotation": {"input_id": "a", "id": "r"}}, filters.annotation("r") & filters.id("a")),
        (one(image={"url": "https://a"}), filters.url("https://a")),
        (one(geo={"geo_point": {"longitude": 2, "latitude": 48}}), within(48, 2, miles=10)),
        (
            one(
                geo={
                    "geo_point": {"longitude": 2, "latitude": 48},
                    "geo_limit": {"type": "withinRadians", "value": 0.1},
                }
            ),
            within(48, 2, radians=0.1),
        ),
        (
            one(
                geo={
                    "geo_box": [
                        {"geo_point": {"longitude": 3, "latitude": 48}},
                        {"geo_point": {"longitude": 2, "latitude": 49}},
                    ]
                }
            ),
            box((48, 2), (49, 3)),
        ),
        ({"input": {"data": {"image": {}}}}, filters.type("image")),
        ({"annotation": {"worker": {"user": {"id": "anna"}}}}, filters.by("anna")),
        (one(regions=[{"region_info": {"bounding_box": {}}}]), filters.has("region")),
        ({"input": {"data": {"text": {}, "audio": {}}}}, filters.type("text", "audio")),
        (
            {"input": {"data": {"text": {}}, "status": {"code": 30000}}},
            filters.type("text") | filters.status("processed"),
        ),
        ({"input": {"data": {"image": {"url": "https://a"}}}}, filters.url("https://a")),
        (
            {"last_updated_time_range": {"start_time": "2024-01-01T00:00:00Z"}},
            changed(since="2024"),
        ),
        # ours and lines
        ("dog and cat", DOG & CAT),
        ({"unsaid": "dog"}, unsaid("dog")),
        (predicted("dog", 0.5), predicted("dog", 0.5)),
    ],
)
def test_every_filter_is_read_and_left_as_it_was(given: object, same: Filter | None) -> None:
    before = copy.deepcopy(given)
    assert to_filters([given]) == same
    assert given == before


def test_several_filters_all_hold() -> None:
    given = [{"concepts": [{"id": "dog"}]}, {}, "cat", one(metadata={"a": 1})]
    assert to_filters(given) == DOG & CAT & metadata({"a": 1})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"colour": 1}, r"filters\[0\]: there is no key 'colour' here; known are concepts, meta"),
        (3, r"filters\[0\]: where=3"),
        ("dog and", r"filters\[0\]: where='dog and' needs a concept"),
        ({"and": [{"has": "x"}]}, r"filters\[0\].and\[0\].has: "),
        ({"concepts": [{"name": "犬", "language": "ja"}]}, r"concepts\[0\]: a filter takes"),
        ({"concepts": {"id": "dog"}}, r"filters\[0\].concepts: .* is no list"),
        ({"image_bytes": b"a"}, r"filters\[0\].image_bytes: .*put it in a rank"),
        ({"text_raw": "a"}, r"filters\[0\].text_raw: .*put it in a rank"),
        ({"input_types": ["hologram"]}, r"input_types\[0\]: 'hologram' is none of image, video"),
        ({"input_types": "image"}, r"filters\[0\].input_types: 'image' is no list"),
        ({"input_dataset_ids": ["a"]}, r"filters\[0\].input_dataset_ids: there are no datasets"),
        ({"input": {"dataset_ids": ["a"]}}, r"filters\[0\].input.dataset_ids: there are no"),
        ({"input_status_code": 1}, r"filters\[0\].input_status_code: 1 is none of 30000"),
        ({"metadata": {"a": object()}}, r"filters\[0\].metadata: metadata.a is a object"),
        ({"geo_point": {"longitude": 2}}, r"filters\[0\].geo_point: give longitude and latitude"),
        ({"annotation": {"user": "a"}}, r"filters\[0\].annotation: there is no key 'user'"),
        (one(text={"raw": "sea"}), r"annotation.data: there is no key 'text' here"),
        (one(image={"base64": "AAE="}), r"data.image: there is no key 'base64' here"),
        ({"input": {"data": {"text": {"url": "a"}}}}, r"data.text: any text is meant: write {}"),
        ({"input": {"dat": {}}}, r"filters\[0\].input: there is no key 'dat' here; known are id"),
        (one(colours=[]), r"annotation.data: there is no key 'colours' here"),
        (one(text={}), r"annotation.data: there is no key 'text' here"),
        ({"concept": None}, r"filters\[0\]: there is no key 'concept' here; known are concepts"),
        (one(regions=[{"id": "r"}]), r"regions\[0\]: there is no key 'id' here"),
        (one(regions=[{}]), r"regions\[0\]: of regions, .* can be asked for"),
        (
            one(regions=[{"region_info": {"bounding_box": {"top_row": 0.5}}}]),
            "bounding_box: any box is meant",
        ),
        (one(geo={"geo_limit": {"value": 3}}), "give a geo_point or a geo_box"),
        (one(geo={"geo_box": [1], "geo_point": {"x": 1}}), "not both"),
        (one(geo={"geo_box": [1]}), "give two opposite corners"),
        (one(geo={"geo_box": [{}, {}]}), r"geo_box\[0\]"),
        (
            one(geo={"geo_point": {"longitude": 2, "latitude": 91}}),
            r"filters\[0\].*: .*latitude comes first",
        ),
        (
            one(
                geo={
                    "geo_point": {"longitude": 2, "latitude": 1},
                    "geo_limit": {"type": "withinParsecs", "value": 1},
                }
            ),
            "geo_limit.type: 'withinParsecs' is none of withinMiles, withinKilometers",
        ),
        (
            {"last_updated_time_range": {"start_time": "soon"}},
            r"filters\[0\].*'soon' is no time",
        ),
    ],
)
def test_what_is_no_filter_says_where(given: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        to_filters([given])


SEARCH = {
    "ranks": [{"annotation": {"data": {"concepts": [{"name": "犬", "value": 1}]}}}],
    "filters": [{"annotation": {"data": {"concepts": [{"id": "people", "value": 0}]}}}],
    "language": "ja",
}
FOUND = Query((Rank("concept", "犬", language="ja"),), annotated("people", False))


@pytest.mark.parametrize("given", [SEARCH, {"query": SEARCH}, {"searches": [{"query": SEARCH}]}])
def test_a_query_of_the_hosted_service_is_read_from_every_wrapping(given: object) -> None:
    assert Query.from_hosted(given) == Query.read(given) == FOUND  # type: ignore[arg-type]


def test_items_of_ands_restrict_by_what_was_said_and_order_by_what_is_seen() -> None:
    ands = [
        {"input": {"data": {"concepts": [{"name": "dog", "value": True}, {"id": "cat"}]}}},
        {"input": {"data": {"metadata": {"a": 1, "b": 2}}}},
        {"input": {"id": "x", "data": {"image": {}}}},
        {"input": {"data": {"image": {"url": "https://a"}}}},
        {"output": {"data": {"concepts": [{"name": "sea", "value": False}]}}},
        {"output": {"input": {"data": {"image": {"url": "https://b", "crop": [0, 0, 1, 0.5]}}}}},
        {"output": {"input": {"id": "y", "data": {"image": {}}}}},
        {"input": {}, "output": {}, "negate": True},
        {"input": {"data": {"concepts": [{"id": "bird"}]}}, "negate": True},
        {"output": {"data": {"concepts": [{"name": "sun"}]}}, "negate": True},
        {"annotation": {"user_id": "anna"}},
    ]
    where = DOG & CAT & metadata({"a": 1, "b": 2}) & filters.id("x") & filters.type("image")
    where &= filters.url("https://a") & ~annotated("bird") & filters.by("anna")
    ranks = (
        Rank("concept", "sea", -1),
        Rank("image", "https://b", crop=(0, 0, 1, 0.5)),  # type: ignore[arg-type]
        Rank("input", "y"),
        Rank("concept", "sun", -1),
    )
    before = copy.deepcopy(ands)
    assert Query.from_hosted({"query": {"ands": ands}}) == Query(ranks, where)
    assert ands == before


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (3, "query=3"),
        ({"rank": []}, "query: there is no key 'rank' here; known are ranks, where, of"),
        ({"ranks": {}}, "query.ranks: {} is no list"),
        ({"ranks": [{"concept": "a", "weight": 0}]}, r"query.ranks\[0\]: weight"),
        ({"where": "dog and"}, "query.where: where='dog and' needs"),
        ({"where": {"and": [{"has": "x"}]}}, r"query.where.and\[0\].has"),
        ({"of": "frames"}, "of='frames': search for"),
        ({"query": {"ranks": [{"negate": 3, "annotation": {"id": "a"}}]}}, r"ranks\[0\].negate"),
        ({"query": {"order": [1]}}, "search.query: there is no key 'order' here"),
        ({"query": {}, "pagination": {"page": 2}}, "search.pagination: .*give page= and k="),
        ({"query": {}, "min_value": 0.5}, "search.min_value: .*min_score="),
        ({"searches": [{}, {}]}, "search: 2 searches; give one at a time"),
        ({"query": {"rank": []}}, "search.query: there is no key 'rank' here"),
        ({"ands": [{"other": {"id": "a"}}]}, r"search.ands\[0\]: there is no key 'other'"),
        ({"ands": [{"output": {"data": {"geo": {"x": 1}}}}]}, r"output.data: there is no key 'geo"),
        ({"filters": "dog"}, "search.filters: 'dog' is no list"),
        ({"language": 3}, "search.language: 3 is of type int"),
    ],
)
def test_what_is_no_query_says_where(given: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        Query.read(given)  # type: ignore[arg-type]


WORDS = st.sampled_from(
    ["ranks", "filters", "ands", "query", "annotation", "input", "output", "data", "concepts"]
) | st.sampled_from(
    ["id", "value", "image", "url", "base64", "geo", "geo_point", "metadata", "negate", "text"]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.just("a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, JUNK, max_size=3))
def test_random_queries_are_read_or_refused(given: dict[str, object]) -> None:
    try:
        query = Query.read(given)
    except ArgumentError:
        return
    assert Query.from_json(query.to_json()) == query


def test_instants_of_the_hosted_service_are_utc() -> None:
    asked = to_filters([{"last_updated_time_range": {"end_time": "2024-01-01T01:00:00+01:00"}}])
    assert isinstance(asked, When)
    assert str(asked) == ":changed <= 2024-01-01T00:00:00Z"
