"""Pages of a list: they count from 1, and past the last one there is nothing."""

from nearsight.errors import ArgumentError

MOST = 1000  # of anything on one page


def slice_of(page: int, per_page: int) -> slice:
    """What lies on a page. Raises `ArgumentError` unless both are whole numbers of at least 1."""
    for name, value in (("page", page), ("per_page", per_page)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ArgumentError(f"{name}={value!r}: give a whole number of at least 1")
    if per_page > MOST:
        raise ArgumentError(f"per_page={per_page}: a page has at most {MOST}")
    if page > 2**40:
        raise ArgumentError(f"page={page}: there are no so many")
    return slice((page - 1) * per_page, page * per_page)
