"""Dates in metadata: written without quotes, or as Python's own."""

from datetime import UTC, date, datetime

import pytest

from nearsight.errors import ArgumentError
from nearsight.filters import Filter, from_json, metadata, parse

TAKEN = metadata("exif.taken")


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("@exif.taken >= 2024", TAKEN >= "2024"),
        ("@exif.taken > 2024", TAKEN >= "2025"),
        ("@exif.taken <= 2024", TAKEN < "2025"),
        ("@exif.taken = 2024-12", (TAKEN >= "2024-12") & (TAKEN < "2025-01")),
        ("@exif.taken < 2024-06-01", TAKEN < "2024-06-01"),
        ("@exif.taken != 2024-06-30", (TAKEN < "2024-06-30") | (TAKEN >= "2024-07-01")),
        ("@day between 2024-06 and 2024-08", parse('@day >= "2024-06" and @day < "2024-09"')),
        ("@exif.taken <= 2024-06-01T12:30", TAKEN < "2024-06-01T12:30:01"),
        ("@exif.taken in (2023, 2024-06)", TAKEN.one_of(2023) | parse("@exif.taken = 2024-06")),
        ('@exif.taken = "2024"', TAKEN == "2024"),
        ("@year >= 2024", metadata("year") >= 2024),
    ],
)
def test_a_date_without_quotes_is_meant_whole(line: str, same: Filter) -> None:
    assert parse(line) == same


def test_python_dates_are_compared_with_texts_in_metadata() -> None:
    assert (date(2024, 6, 1) <= TAKEN) == parse("@exif.taken >= 2024-06-01")
    assert (TAKEN == 2024) == parse("@exif.taken = 2024")
    assert (datetime(2024, 6, 1, 12) == TAKEN) == parse("@exif.taken = 2024-06-01T12:00:00")
    spelled_so = {"compared": {"path": "exif.taken", "operator": "<", "value": 2024}}
    assert from_json(spelled_so) == (TAKEN < "2024")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: parse("@exif.taken >= 2024-13"), "'2024-13' is no date: write 2024-06"),
        (lambda: parse("@exif.taken >= 2024-06-31"), "'2024-06-31' is no date"),
        (lambda: parse("@exif.taken >= 20240"), "20240 is no date: give a year"),
        (lambda: TAKEN > 2024.5, "2024.5 is no date"),
        (lambda: TAKEN.one_of(datetime(2024, 6, 1, tzinfo=UTC)), "without a zone"),
        (lambda: parse("@exif.taken = 9999-12"), "'9999-12' is no date"),
    ],
)
def test_what_is_no_date_is_refused(make: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        make()  # type: ignore[operator]
