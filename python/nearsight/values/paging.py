"""Pages of a list: they count from 1, and past the last one there is nothing."""

from nearsight.errors import ArgumentError
from nearsight.values.text import shown

MOST = 1000  # of anything on one page
_LAST = 2**40  # nothing has so many pages, and SQLite can still count what is on them


def slice_of(page: int, per_page: int) -> slice:
    """What lies on a page. Raises `ArgumentError` unless both are whole numbers of at least 1."""
    check_whole("page", page)
    check_whole("per_page", per_page)
    if per_page > MOST:
        raise ArgumentError(f"per_page={per_page}: a page has at most {MOST}")
    page = min(page, _LAST)
    return slice((page - 1) * per_page, page * per_page)


def check_whole(name: str, value: object, least: int = 1) -> None:
    """Raise `ArgumentError` unless it is a whole number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name}={shown(value)}: give a whole number of at least {least}")
