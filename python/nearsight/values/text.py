"""Text that people give: what can be kept and compared everywhere."""

from nearsight.errors import ArgumentError


def checked_text(text: object, what: str) -> str:
    """`text`, if it is text that UTF-8 and SQLite can hold; `what` names it in the error.

    Raises `ArgumentError` for anything but text, for NUL and for lone surrogates, which is what
    Python makes of bytes that are no UTF-8.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"{what}: {shown(text)} is of type {type(text).__name__}; give text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{what}: {shown(text)} is not UTF-8 text") from None
    if "\0" in text:
        raise ArgumentError(f"{what}: {shown(text)} holds a NUL character")
    return text


def shown(value: object) -> str:
    """What was given, for a message: as Python writes it, 80 characters at most."""
    try:
        return f"{value!r:.80}"
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deeply to show"
