"""The filter algebra: its three spellings, and what is refused."""

import json
import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statements import FILTERS

from nearsight import filters
from nearsight.errors import ArgumentError
from nearsight.filters import (
    And,
    Exists,
    Filter,
    Has,
    Is,
    Not,
    Polygon,
    Unsaid,
    When,
    added,
    annotated,
    changed,
    from_json,
    has,
    metadata,
    parse,
    polygon,
    predicted,
    to_filter,
    to_json,
    unsaid,
    within,
)
from nearsight.pictures import formats


@given(FILTERS)
def test_the_line_reads_back_as_the_same_filter(where: Filter) -> None:
    assert parse(str(where)) == where


@given(FILTERS)
def test_the_json_reads_back_as_the_same_filter(where: Filter) -> None:
    assert from_json(json.loads(json.dumps(to_json(where), allow_nan=False))) == where
    assert to_filter(to_json(where)) == where


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    a, b, c = map(annotated, "abc")
    assert parse("a or b and not c") == a | (b & ~c)
    assert parse("(a or b) and c") == (a | b) & c
    assert parse("a AND b Or c") == (a & b) | c


def test_chains_are_flat() -> None:
    a, b, c = map(annotated, "abc")
    assert a & b & c == And((a, b, c))
    assert a | (b | c) == filters.Or((a, b, c))
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
        ("dog > 1", "needs >= before a probability .* at '> 1'"),
        ("dog ~ 1", "unexpected at '~ 1'"),
        ("dog & cat", "unexpected at '& cat'"),
        ("@iso", "needs one of = != < <= > >= between, in, exists after @iso"),
        ("@iso in 3", r"lacks a \( at '3'"),
        ("@iso in ()", "needs a number"),
        ("@iso in (1, 2", r"lacks a \) at its end"),
        ("@iso between 1 or 2", "lacks a and at 'or 2'"),
        (":colour = red", "no such field .known are :id, :url"),
        (":id", "needs =, != or in after :id"),
        (":id >= a", "needs =, != or in after :id"),
        (":id = (", 'needs a "text"'),
        (":id in (a b)", r"lacks a \) at 'b"),
        (":added", "needs one of = != < <= > >= between, in after :added"),
        (":added >= yesterday", "'yesterday' is no time"),
        (":added >= 2024-13", "'2024-13' is no time"),
        (":added <= 9999-12-31", "is no time"),
        ("has(colour)", "needs one of geo, region, crop at 'colour"),
        ("unsaid()", "needs a concept"),
        ("unsaid(a", r"lacks a \) at its end"),
        ("within(1, 2, 3 parsecs)", "needs km, miles, degrees or radians at 'parsecs"),
        ("within(1, 2, 3, 4)", r"needs within\(latitude"),
        ("polygon(1, 2, 3, 4)", r"needs polygon\(lat"),
        ("polygon(1, 2, 3, 4, 5, 6, 7)", r"needs polygon\(lat"),
        ("a, b", "unexpected at ', b'"),
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


NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("unsaid(dog)", Unsaid("dog")),
        ('unsaid("polar bear")', unsaid("polar bear")),
        ("unsaid and has or within", annotated("unsaid") & annotated("has") | annotated("within")),
        ('"a,b" or ":x"', annotated("a,b") | annotated(":x")),
        ("@camera.iso exists", Exists(("camera", "iso"))),
        ("not @a EXISTS", ~metadata("a").exists()),
        ('@city in ("Nice", "Cannes")', metadata("city").one_of("Nice", "Cannes")),
        ("@n in (1,2.5,true)", metadata("n").one_of(1, 2.5, True)),
        ("@iso between 100 and 400 and dog", metadata("iso").between(100, 400) & annotated("dog")),
        (':url = "http://a/b?c=d"', filters.url("http://a/b?c=d")),
        (":url = http://a/b", filters.url("http://a/b")),
        (":type != image", ~filters.type("image")),
        (":id in (a, b)", filters.id("a", "b")),
        (":status=processed", filters.status("processed")),
        (":name = a.jpg or :format = JPEG", filters.name("a.jpg") | filters.format("JPEG")),
        (":format in (jpeg, Png, jpg)", filters.format("JPEG", "PNG", "JPEG")),
        (
            ":type = Image and :status = PROCESSED",
            filters.type("image") & filters.status("processed"),
        ),
        (':by = "" and :annotation = x', filters.by("") & filters.annotation("x")),
        (":added >= 2024", added(since=NEW_YEAR)),
        (":changed < 2024-01-01T01:00:00+01:00", changed(before=NEW_YEAR)),
        (":added between 2024-06-01 and 2024-06-02", added(since="2024-06-01", until="2024-06-02")),
        (":added in (2024, 2022)", added("2024") | added("2022")),
        ("has(geo) and not HAS(Region)", has("geo") & ~has("region")),
        ("within(1, 2, 5 miles)", within(1, 2, miles=5)),
        ("within (1, 2, 5 km)", within(1, 2, 5)),
        (
            "within(1, 2, 1 degree) or within(1, 2, 1 radians)",
            within(1, 2, degrees=1) | within(1, 2, radians=1),
        ),
        ("polygon(0, 0, 0, 2, 2, 1)", polygon((0, 0), (0, 2), (2, 1))),
        ("polygon(0, 0, 0, 2, 2, 1, 0, 0)", polygon((0, 0), (0, 2), (2, 1))),
    ],
)
def test_a_line_says_the_same_as_python(line: str, same: Filter) -> None:
    assert parse(line) == same


def test_the_formats_that_can_be_asked_for_are_those_that_there_are() -> None:
    for name in (*formats._READERS, "ARRAY"):
        assert filters.format(name.lower()) == Is("format", name)
    with pytest.raises(ArgumentError, match=", ".join([*formats._READERS, "ARRAY"])):
        filters.format("RAW")


DAY = datetime(2024, 6, 1, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


def test_a_day_a_month_and_a_year_are_meant_whole() -> None:
    assert added("2024-06-01") == When("added", ">=", DAY) & When("added", "<", NEXT)
    assert added(until=date(2024, 6, 1)) == When("added", "<", NEXT)
    assert added(after="2024-06-01") == When("added", ">=", NEXT)
    assert added(before="2024-06") == When("added", "<", DAY)
    assert added(until="2024-12") == added(until="2024") == added(before="2025")
    assert parse(":added != 2024-06-01") == ~added("2024-06-01")


def test_an_instant_is_itself_and_naive_means_utc() -> None:
    assert added(until=datetime(2024, 6, 1)) == When("added", "<=", DAY)
    paris = datetime(2024, 6, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert added(paris) == When("added", "=", DAY)
    assert str(added(after="2024-06-01T00:00:00.5")) == ":added > 2024-06-01T00:00:00.500000Z"


@pytest.mark.parametrize("moment", ["", "soon", 3, 2024.0, "0000", b"2024", "2024-06-31", ()])
def test_what_is_no_time_is_refused(moment: object) -> None:
    with pytest.raises(ArgumentError, match="is no time"):
        added(moment)


def test_a_time_has_to_be_said() -> None:
    with pytest.raises(ArgumentError, match="say when"):
        changed()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: filters.id(), "at least one value"),
        (lambda: filters.url(3), "give text"),  # type: ignore[arg-type]
        (lambda: has("colour"), "one of geo, region, crop"),
        (lambda: metadata("a").one_of(), "give a value"),
        (lambda: metadata("a").one_of(None), "compare with a number"),
        (lambda: polygon((0, 0), (1, 1)), "2 corners"),
        (lambda: polygon((0, 0), (1, 1), (0, 0)), "2 corners"),
        (lambda: polygon(*[(0, i / 10) for i in range(1001)]), "1001 corners"),
        (lambda: polygon((0, 0), (1, 1), (91, 0)), "latitude comes first"),
        (lambda: polygon((0, 0), (1, 1), (float("nan"), 0)), "latitude comes first"),
        (lambda: within(0, 0), "give one distance"),
        (lambda: within(0, 0, 1, miles=1), "give one distance"),
        (lambda: unsaid(""), "is no concept"),
        (lambda: filters.format("heic"), "'heic': no input has that; give JPEG, PNG, WEBP"),
        (lambda: parse(":format = jpegs"), "'jpegs': no input has that; give JPEG"),
        (lambda: parse(":type != imgae"), "'imgae': no input has that; give image, video"),
        (lambda: from_json({"is": {"field": "status", "value": "done"}}), "give processed"),
    ],
)
def test_a_builder_refuses_what_cannot_be_asked(make: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("name", [":id", "a,b", "AND", "not", "a(b", "{", "@a", 'say "x"', "a\\b"])
def test_a_name_that_means_something_else_is_written_in_quotes(name: str) -> None:
    for where in (annotated(name), unsaid(name), predicted(name, 0.5)):
        assert parse(str(where)) == where


def test_distances_have_units() -> None:
    assert within(1, 2, miles=1) == within(1, 2, km=1.609344)
    assert within(1, 2, radians=1) == within(1, 2, km=6371.0088)
    assert 111.19 < within(1, 2, degrees=1).km < 111.2  # type: ignore[attr-defined]


def test_a_polygon_may_lie_across_the_date_line() -> None:
    corners = ((0, 170), (0, -170), (10, 180))
    assert polygon(*corners) == Polygon(tuple(filters.places.GeoPoint(*c) for c in corners))


def test_pythons_own_and_is_refused_instead_of_dropping_half() -> None:
    with pytest.raises(ArgumentError, match=r"&, [|] and ~"):
        annotated("a") and annotated("b")


@pytest.mark.parametrize("where", [3, object(), [3]])
def test_what_is_no_filter_is_refused(where: object) -> None:
    with pytest.raises(ArgumentError):
        to_filter(where)  # type: ignore[arg-type]


# ---- JSON


@pytest.mark.parametrize(
    ("spelled", "same"),
    [
        ({"annotated": "dog"}, annotated("dog")),
        ({"annotated": {"concept": "dog", "value": 0}}, annotated("dog", False)),
        ({"predicted": "dog"}, predicted("dog")),
        ({"exists": "camera.iso"}, metadata("camera.iso").exists()),
        ({"compared": {"path": "a.b", "operator": "<", "value": 3}}, metadata("a.b") < 3),
        ({"within": {"latitude": 1, "longitude": 2, "miles": 5}}, within(1, 2, miles=5)),
        ({"when": {"field": "added", "operator": "=", "instant": "2024"}}, added("2024")),
        ({"and": [{"has": "geo"}]}, Has("geo")),
        (
            {"box": {"south": 1, "west": 170, "north": 2, "east": -170}},
            filters.Box(1, 170, 2, -170),
        ),
    ],
)
def test_json_has_shorter_forms_too(spelled: dict[str, object], same: Filter) -> None:
    assert from_json(spelled) == same


DEEP: dict[str, object] = {"has": "geo"}
for _ in range(10_000):
    DEEP = {"not": {"and": [DEEP]}}


@pytest.mark.parametrize(
    ("spelled", "why"),
    [
        ({}, "where: 0 keys; give one of and, or, not, annotated"),
        (3, "where: 3 is no object"),
        ([], r"where: \[\] is no object"),
        ({"dog": 1}, "where: there is no key 'dog' here; known are and, or"),
        ({3: 1}, "where: there is no key 3 here"),
        ({"has": "geo", "not": {}}, "where: 2 keys"),
        ({"and": []}, "where.and: an empty list asks for nothing"),
        ({"or": "dog"}, "where.or: 'dog' is no list"),
        ({"or": {"has": "geo"}}, "where.or: .* is no list"),
        ({"and": [{"not": {"has": "x"}}]}, r"where.and\[0\].not.has: has\('x'\)"),
        ({"annotated": 3}, "where.annotated: 3 is no object"),
        ({"annotated": ""}, "where.annotated: '' is no concept"),
        ({"annotated": {"concept": "a", "value": 2}}, "where.annotated.value: 2 is neither"),
        ({"annotated": {"value": True}}, "where.annotated: 'concept' is missing"),
        ({"unsaid": "a\0"}, "where.unsaid: .* NUL"),
        ({"predicted": {"concept": "a", "at_least": 2}}, "where.predicted: .*0..1"),
        ({"predicted": {"concept": "a", "at_least": "x"}}, "where.predicted.at_least: 'x' is no"),
        ({"predicted": {"concept": "a", "atleast": 0.5}}, "no key 'atleast' here; known are conc"),
        ({"contains": "x"}, "where.contains: 'x' is no object"),
        ({"contains": {"a": float("nan")}}, "where.contains: metadata.a is nan"),
        ({"compared": {"path": [], "operator": "=", "value": 1}}, "path: give at least one key"),
        (
            {"compared": {"path": [3], "operator": "=", "value": 1}},
            r"compared.path\[0\]: 3 is of type int",
        ),
        ({"compared": {"path": "a", "operator": "~", "value": 1}}, "operator: '~' is none of ="),
        ({"compared": {"path": "a", "operator": "=", "value": []}}, "where.compared: .*a number"),
        ({"compared": {"path": "a", "operator": ["="], "value": 1}}, "is none of ="),
        ({"exists": "a..b"}, "where.exists: .*joined by dots"),
        ({"is": {"field": "colour", "value": "a"}}, "where.is: an input has no 'colour'"),
        ({"is": {"field": "id", "value": 3}}, "where.is.value: 3 is of type int"),
        ({"when": {"field": "id", "operator": "=", "instant": "2024"}}, "field: 'id' is none of"),
        ({"when": {"field": "added", "operator": "=", "instant": 3}}, "instant: 3 is of type int"),
        ({"when": {"field": [], "operator": "=", "instant": "2024"}}, r"\[\] is none of"),
        ({"within": {"latitude": 91, "longitude": 0, "km": 1}}, "where.within: .*comes first"),
        ({"within": {"latitude": 9, "longitude": 0}}, "where.within: give one distance"),
        ({"within": {"latitude": True, "longitude": 0, "km": 1}}, "latitude: True is no number"),
        ({"within": {"latitude": 10**400, "longitude": 0, "km": 1}}, "no number that can be used"),
        ({"box": {"south": 2, "west": 0, "north": 1, "east": 1}}, "where.box: its south, 2.0"),
        ({"polygon": [[0, 0], [1, 1]]}, "where.polygon: a polygon of 2 corners"),
        ({"polygon": [[0, 0], [1], [2, 2]]}, "where.polygon: geo="),
        (DEEP, "nests deeper than 100 levels"),
    ],
)
def test_json_that_is_no_filter_says_where(spelled: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{why}" if why.startswith("where") else why):
        from_json(spelled)  # type: ignore[arg-type]


def test_a_dictionary_in_where_is_json_or_is_told_what_to_write() -> None:
    assert to_filter({"unsaid": "dog"}) == Unsaid("dog")
    assert to_filter(["cat", {"unsaid": "dog"}]) == annotated("cat") & unsaid("dog")
    for where in ({"camera": "Canon"}, {}, {"has": "geo", "is": 3}):
        with pytest.raises(ArgumentError, match=r"write metadata\({"):
            to_filter(where)


def test_what_nests_too_deep_is_refused_by_every_door() -> None:
    deep: Filter = annotated("a")
    for _ in range(5000):
        deep = Not(And((deep, annotated("b"))))
    lists: object = "dog"
    for _ in range(10_000):
        lists = [lists]
    for refused in (deep, lists):
        with pytest.raises(ArgumentError, match="nest"):
            to_filter(refused)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="nests deeper"):
        to_json(deep)


def test_what_doubles_with_every_level_is_refused_at_once() -> None:
    wide: Filter = annotated("a")
    for _ in range(90):
        wide = ~(wide & wide) if isinstance(wide, Not) else Not(And((wide, wide)))
    with pytest.raises(ArgumentError, match="more than 100000 statements"):
        to_filter(wide)


def test_what_is_just_deep_enough_is_read_by_every_door() -> None:
    deep: Filter = annotated("a")
    for n in range(49):
        deep = ~(deep & annotated(str(n)))
    assert to_filter(deep) is deep
    assert parse(str(deep)) == deep
    assert from_json(to_json(deep)) == deep


# ---- Hostile text

VALID = [
    'dog and not (cat or "polar bear" >= 0.5) and unsaid(x) or {"a": [1, {"b": null}]} and b = 0',
    '@"my key" in (1, "b", true) and @c between 1 and 2 and @d exists or :url = "http://a"',
    ":added between 2024-06 and 2024-08 and has(geo) and :id in (a, b) or :type != image",
    "within(48.8, 2.3, 5 miles) or box(1, 2, 3, 4) and polygon(0, 0, 0, 2, 2, 1)",
]
PIECES = ["and", "or", "not", "(", ")", '"', "@", ":", "{", "}", "[", ",", "=", ">=", "\\", "\0"]
PIECES += [
    "in",
    "between",
    "exists",
    "has(",
    "within(",
    "1e999",
    "nan",
    "-",
    "\ud800",
    "犬",
    "\n",
    "",
]


def test_no_text_makes_parse_fail_otherwise_than_by_argument_error() -> None:
    dice = random.Random(7)
    read = 0
    for _ in range(4000):
        line = dice.choice(VALID)
        for _ in range(dice.randint(1, 4)):
            at, end = sorted(dice.choices(range(len(line) + 1), k=2))
            end = min(end, at + dice.randint(0, 6))
            line = line[:at] + dice.choice([*PIECES, line[at:end] * 2]) + line[end:]
        try:
            assert parse(str(parse(line))) == parse(line)
            read += 1
        except ArgumentError:
            pass
    assert 100 < read < 3900  # both happen often


@settings(max_examples=150)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_random_text_is_read_or_refused(line: str) -> None:
    try:
        where = parse(line)
    except ArgumentError:
        return
    assert parse(str(where)) == where


@pytest.mark.parametrize(
    "line", ['{"a":[' * 12_000, '{"a":' * 15_000, "not " * 25_000, "(" * 99_999]
)
def test_deep_text_is_refused(line: str) -> None:
    with pytest.raises(ArgumentError):
        parse(line)


def test_long_lines_are_read_in_time_that_grows_with_them() -> None:
    assert len(parse(" or ".join(["a"] * 20_000)).parts) == 20_000  # type: ignore[attr-defined]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*filters.json.OPERATORS, "concept", "value", "field", "path"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=10,
    )
)
def test_random_json_is_read_or_refused(spelled: object) -> None:
    try:
        where = from_json(spelled)  # type: ignore[arg-type]
    except ArgumentError:
        return
    assert from_json(to_json(where)) == where
