"""Hypothesis strategies for filters: every statement there is, joined at random."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from nearsight.filters import (
    Annotated,
    Box,
    Compared,
    Exists,
    Filter,
    Has,
    Is,
    Predicted,
    Unsaid,
    When,
    Within,
    metadata,
)
from nearsight.filters.places import Polygon
from nearsight.filters.properties import COMPARISONS, FIELDS, PARTS, TIMES
from nearsight.values.geo import GeoPoint

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NAMES = TEXT.map(str.strip).filter(bool)
PATHS = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
WHOLE = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KNOWN = {
    "type": ["image", "Video", "TEXT"],
    "status": ["processed", "failed"],
    "format": ["JPEG", "jpg", "Png", "array"],
}
LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
INSTANTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
CORNERS = st.tuples(LATITUDES, LONGITUDES).map(lambda pair: GeoPoint(*pair))
RINGS = st.lists(CORNERS, min_size=3, max_size=6).filter(lambda ring: ring[0] != ring[-1])

LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Annotated, NAMES, st.booleans()),
    st.builds(Unsaid, NAMES),
    st.builds(Predicted, NAMES, st.floats(0, 1)),
    st.dictionaries(TEXT, JSON, max_size=3).map(metadata),
    st.builds(
        Compared, PATHS, st.sampled_from(COMPARISONS), st.booleans() | WHOLE | NUMBERS | TEXT
    ),
    st.builds(Exists, PATHS),
    st.builds(Is, st.sampled_from(sorted({*FIELDS} - {*KNOWN})), TEXT),
    st.one_of(*(st.builds(Is, st.just(f), st.sampled_from(known)) for f, known in KNOWN.items())),
    st.builds(When, st.sampled_from(TIMES), st.sampled_from(COMPARISONS), INSTANTS),
    st.builds(Has, st.sampled_from(PARTS)),
    st.builds(Within, LATITUDES, LONGITUDES, st.floats(0, 1e6)),
    st.builds(
        lambda south, west, north, east: Box(min(south, north), west, max(south, north), east),
        LATITUDES,
        LONGITUDES,
        LATITUDES,
        LONGITUDES,
    ),
    st.builds(Polygon, RINGS.map(tuple)),
)


def joined(leaves: st.SearchStrategy[Filter], max_leaves: int = 12) -> st.SearchStrategy[Filter]:
    """Statements of `leaves`, joined by and, or, not."""
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            st.builds(lambda a, b: a & b, part, part),
            st.builds(lambda a, b: a | b, part, part),
            part.map(lambda a: ~a),
        ),
        max_leaves=max_leaves,
    )


FILTERS = joined(LEAVES)
