"""Ranks: what they hold, and their JSON and the hosted service's."""

import base64
import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statements import NAMES

from nearsight.errors import ArgumentError
from nearsight.ranks import Rank, to_rank, to_ranks
from nearsight.values.region import BoundingBox

WEIGHTS = st.floats(-1e9, 1e9).filter(bool)
EDGES = st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted)
CROPS = st.none() | st.builds(lambda y, x: BoundingBox(y[0], x[0], y[1], x[1]), EDGES, EDGES)
RANKS = st.one_of(
    st.builds(Rank, st.just("image"), NAMES | st.binary(max_size=9), WEIGHTS, CROPS),
    st.builds(Rank, st.just("input"), NAMES, WEIGHTS, CROPS),
    st.builds(Rank, st.just("region"), NAMES, WEIGHTS),
    st.builds(Rank, st.just("text"), NAMES, WEIGHTS, st.none(), st.none() | NAMES),
    st.builds(Rank, st.just("concept"), NAMES, WEIGHTS, st.none(), st.none() | NAMES),
)


@given(RANKS)
def test_the_json_reads_back_as_the_same_rank(rank: Rank) -> None:
    assert to_rank(json.loads(json.dumps(rank.to_dict(), allow_nan=False))) == rank


def test_a_path_is_written_as_text_and_a_picture_in_memory_is_not() -> None:
    assert Rank("image", Path("a") / "b.jpg").to_dict() == {"image": str(Path("a") / "b.jpg")}
    with pytest.raises(ArgumentError, match="ndarray cannot be written as JSON"):
        Rank("image", np.zeros((2, 2, 3))).to_dict()


@pytest.mark.parametrize(
    ("given", "ranks"),
    [
        # ours
        ({"image": "a.jpg", "weight": 2}, [Rank("image", "a.jpg", 2)]),
        ({"image": {"base64": "AAE="}}, [Rank("image", b"\0\1")]),
        ({"input": "a", "crop": [0, 0, 1, 0.5]}, [Rank("input", "a", crop=(0, 0, 1, 0.5))]),
        ({"region": "r"}, [Rank("region", "r")]),
        ({"text": "犬", "language": "ja"}, [Rank("text", "犬", language="ja")]),
        ({"concept": "dog", "value": 0}, [Rank("concept", "dog", -1)]),
        ({"concept": "dog", "value": False, "weight": 3}, [Rank("concept", "dog", -3)]),
        # the SDK's
        ({}, []),
        ({"image_url": "https://a/b.jpg"}, [Rank("image", "https://a/b.jpg")]),
        ({"image_bytes": b"\0\1"}, [Rank("image", b"\0\1")]),
        ({"text_raw": "Red pineapples."}, [Rank("text", "Red pineapples.")]),
        (
            {"concepts": [{"id": "dog", "value": 0}, {"name": "犬", "language": "ja"}]},
            [Rank("concept", "dog", -1), Rank("concept", "犬", language="ja")],
        ),
        # the wire's
        ({"annotation": {}}, []),
        ({"annotation": {"data": {"concepts": []}}, "negate": True}, []),
        ({"annotation": {"input_id": "a"}}, [Rank("input", "a")]),
        ({"annotation": {"id": "r"}, "negate": False}, [Rank("region", "r")]),
        ({"annotation": {"data": {"text": {"raw": "sea"}}}}, [Rank("text", "sea")]),
        ({"annotation": {"data": {"image": {"url": "https://a"}}}}, [Rank("image", "https://a")]),
        (
            {"annotation": {"data": {"image": {"base64": "AAE=", "crop": [0, 0, 1, 1]}}}},
            [Rank("image", b"\0\1", crop=(0, 0, 1, 1))],
        ),
        (
            {"input": {"data": {"image": {"base64": b"\0\1"}}}},  # as one of its samples has it
            [Rank("image", b"\0\1")],
        ),
        (
            {"annotation": {"data": {"concepts": [{"id": "a", "value": 1.0}, {"name": "b"}]}}},
            [Rank("concept", "a"), Rank("concept", "b")],
        ),
        (
            {"annotation": {"data": {"concepts": [{"id": "a", "value": 0}]}}, "negate": True},
            [Rank("concept", "a")],
        ),
    ],
)
def test_every_spelling_is_read_and_left_as_it_was(given: object, ranks: list[Rank]) -> None:
    before = copy.deepcopy(given)
    assert list(to_ranks([given])) == ranks  # type: ignore[list-item]
    assert given == before


def test_the_language_of_a_query_is_that_of_names_and_texts_without_one() -> None:
    given = [{"concept": "犬"}, {"concept": "Hund", "language": "de"}, {"text_raw": "海"}]
    given += [{"concepts": [{"name": "犬"}, {"id": "dog"}]}, {"input": "a"}]  # type: ignore[dict-item,list-item]
    ranks = to_ranks(given, language="ja")
    assert [rank.language for rank in ranks] == ["ja", "de", "ja", "ja", None, None]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (3, r"ranks\[0\]: 3 is no rank"),
        ("dog", r"ranks\[0\]: 'dog' is no rank"),
        ({"colour": "red"}, r"ranks\[0\]: there is no key 'colour' here; known are image, input"),
        ({"image": "a", "text": "b"}, "rank by one of image, text; give several ranks"),
        ({"image": "a", "top": 3}, "no key 'top' here; known are image, input, region"),
        ({"image": None}, r"ranks\[0\]: rank image=None"),
        ({"image": {"url": "a"}}, r"ranks\[0\].image: there is no key 'url'"),
        ({"image": {"base64": "?"}}, r"ranks\[0\].image.base64: this is neither"),
        ({"image": {}}, r"ranks\[0\].image: give a path, a URL or"),
        ({"concept": ""}, r"ranks\[0\]: concept='': give a name or an id"),
        ({"concept": 3}, r"ranks\[0\].concept: 3 is of type int"),
        ({"concept": "a", "weight": 0}, r"ranks\[0\]: weight=0.*: give a number other than 0"),
        ({"concept": "a", "weight": True}, r"ranks\[0\].weight: True is no number"),
        ({"concept": "a", "weight": float("nan")}, "weight: nan is no number that can be used"),
        ({"concept": "a", "value": 0.5}, r"ranks\[0\].value: 0.5 is neither true nor false"),
        ({"text": "a", "value": 0}, r"ranks\[0\].value: only a concept has a value"),
        ({"text": "a", "crop": [0, 0, 1, 1]}, "crop=.*: only image and input take one"),
        ({"image": "a", "language": "ja"}, "language='ja': only text and concept take one"),
        ({"image": "a", "crop": [0, 0, 1]}, r"ranks\[0\]: box .*four numbers"),
        ({"image": "a", "crop": [1, 0, 0, 1]}, "empty or inverted"),
        ({"concepts": "dog"}, r"ranks\[0\].concepts: 'dog' is no list"),
        ({"concepts": [{"value": 1}]}, r"ranks\[0\].concepts\[0\]: say which concept"),
        ({"concepts": [{"id": "a", "value": 2}]}, r"concepts\[0\].value: 2 is neither"),
        ({"metadata": {"a": 1}}, r"ranks\[0\].metadata: this restricts and does not order"),
        ({"image_bytes": "?"}, r"ranks\[0\].image_bytes: this is neither bytes nor base64"),
        ({"annotation": {"data": {"video": {"url": "a"}}}}, "no key 'video' here; known are conc"),
        ({"annotation": {"data": {"image": {"url": "a", "base64": "AA=="}}}}, "not both"),
        ({"annotation": [3]}, r"ranks\[0\].annotation: \[3\] is no object"),
        ({"annotation": {"id": "r"}, "negate": "yes"}, r"ranks\[0\].negate: 'yes' is neither"),
    ],
)
def test_what_is_no_rank_says_where(given: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        to_ranks([given])  # type: ignore[list-item]


@pytest.mark.parametrize("given", ["dog", {"concept": "dog"}, 3, None, Rank("text", "a")])
def test_ranks_are_a_list(given: object) -> None:
    with pytest.raises(ArgumentError, match="give a list of ranks"):
        to_ranks(given)  # type: ignore[arg-type]


def test_one_rank_is_wanted_where_one_is_asked_for() -> None:
    for item, count in (({}, 0), ({"concepts": [{"id": "a"}, {"id": "b"}]}, 2)):
        with pytest.raises(ArgumentError, match=f"rank: {count} ranks where one is wanted"):
            to_rank(item)


@pytest.mark.parametrize("weight", [0, -0.0, float("inf"), float("nan"), 10**400, True, "1", None])
def test_a_weight_is_a_number_other_than_0(weight: object) -> None:
    with pytest.raises(ArgumentError, match="weight="):
        Rank("text", "a", weight)  # type: ignore[arg-type]


def test_base64_of_json_and_bytes_of_python_are_the_same_picture() -> None:
    data = bytes(range(256))
    text = base64.b64encode(data).decode()
    assert to_rank({"image_bytes": data}) == to_rank({"image_bytes": text})
