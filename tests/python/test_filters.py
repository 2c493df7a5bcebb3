"""The filter algebra: both spellings, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearsight.errors import ArgumentError
from nearsight.filters import (
    And,
    Annotated,
    Filter,
    Not,
    Or,
    Predicted,
    annotated,
    parse,
    predicted,
    to_filter,
)

TEXT = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
NAMES = st.text(TEXT, min_size=1, max_size=12).map(str.strip).filter(bool)
LEAVES = st.one_of(
    st.builds(Annotated, NAMES, st.booleans()),
    st.builds(Predicted, NAMES, st.floats(0, 1)),
)
FILTERS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(lambda a, b: a & b, part, part),
        st.builds(lambda a, b: a | b, part, part),
        part.map(lambda a: ~a),
    ),
    max_leaves=12,
)


@given(FILTERS)
def test_the_line_reads_back_as_the_same_filter(where: Filter) -> None:
    assert parse(str(where)) == where


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    a, b, c = map(annotated, "abc")
    assert parse("a or b and not c") == a | (b & ~c)
    assert parse("(a or b) and c") == (a | b) & c
    assert parse("a AND b Or c") == (a & b) | c


def test_chains_are_flat() -> None:
    a, b, c = map(annotated, "abc")
    assert a & b & c == And((a, b, c))
    assert a | (b | c) == Or((a, b, c))
    assert ~~a == a
    assert ~a == Not(a)


def test_a_list_means_all_of_them_and_none_means_no_filter() -> None:
    a, b = annotated("a"), predicted("b", 0.25)
    assert to_filter(["a", "b >= 0.25"]) == a & b
    assert to_filter(None) is None
    assert to_filter([]) is None


def test_quoted_names_may_hold_anything() -> None:
    assert parse('"polar bear" = 0') == annotated("polar bear", False)
    assert parse(r'"say \"not\" \\"') == annotated('say "not" \\')
    assert parse("犬 and größe >= 1") == annotated("犬") & predicted("größe", 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "needs a concept at its end"),
        ("dog and", "needs a concept at its end"),
        ("dog cat", "unexpected at 'cat'"),
        ("(dog", r"lacks a \) at its end"),
        ("dog)", r"unexpected at '\)'"),
        ("dog > 1", "unexpected at '> 1'"),
        ("dog ~ 1", "unexpected at '~ 1'"),
        ("dog & cat", "unexpected at '& cat'"),
        ("@iso", "needs one of = != < <= > >= after @iso"),
        ("@iso < much", "needs a number"),
        ("@iso < null", "needs a number"),
        ("@ < 3", "cannot be read at '@ < 3'"),
        ('{"a": }', "JSON object that cannot be read"),
        ('{"a": NaN}', "JSON has no such number"),
        ("within(1, 2)", r"needs within\(latitude"),
        ("within(91, 0, 5)", "latitude comes first"),
        ("within(1, 2, -5)", "at least 0"),
        ("box(1, 2, 3)", r"box\(lat"),
        ("dog >= 1.5", "a probability in 0..1 at '1.5'"),
        ("dog >= nan", "a probability in 0..1"),
        ("dog >=", "a probability in 0..1 at its end"),
        ("dog = 2", "needs 0 or 1"),
        ('"dog', "cannot be read at '\"dog'"),
        ("not", "needs a concept"),
        ('""', "is no concept"),
        ("(" * 500 + "dog" + ")" * 500, "nests deeper than 100"),
        ("not " * 500 + "dog", "nests deeper than 100"),
        ("x" * 200_000, "at most 100000"),
    ],
)
def test_an_unreadable_line_says_where_and_how_to_write_it(line: str, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        parse(line)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), "many", None])
def test_a_threshold_is_a_probability(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"lies in 0\.\.1"):
        predicted("dog", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "  ", None, 3, b"dog", "a\0b", "\udcff"])
def test_a_concept_is_named_by_text(name: object) -> None:
    with pytest.raises(ArgumentError, match=r"is no concept|where: "):
        annotated(name)  # type: ignore[arg-type]


def test_pythons_own_and_is_refused_instead_of_dropping_half() -> None:
    with pytest.raises(ArgumentError, match=r"&, [|] and ~"):
        annotated("a") and annotated("b")


@pytest.mark.parametrize("where", [3, object(), [3]])
def test_what_is_no_filter_is_refused(where: object) -> None:
    with pytest.raises(ArgumentError):
        to_filter(where)  # type: ignore[arg-type]
