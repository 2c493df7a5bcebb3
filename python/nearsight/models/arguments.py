"""What may be asked of models, checked before anything is done."""

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from nearsight.errors import ArgumentError
from nearsight.values.text import shown

MAX_ID = 200
ACTIONS = ("merge", "remove", "overwrite")


def is_text(value: object) -> TypeGuard[str]:
    """Is it text with something in it that a database can keep?"""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def check_id(id_: object) -> None:
    """Raises `ArgumentError` for what is no id of a model."""
    if not is_text(id_) or "/" in id_ or len(id_) > MAX_ID:
        shown = repr(id_)[:MAX_ID]
        raise ArgumentError(f"id={shown}: give 1 to {MAX_ID} characters without a /")


def checked_name(name: object) -> str:
    """The name. Raises `ArgumentError` for what is no text."""
    if not is_text(name):
        raise ArgumentError(f"name={name!r}: give some text, or leave it out to use the id")
    return name


def concept_names(concepts: Iterable[str], argument: str = "concepts") -> list[str]:
    """Each name once, without space around it. Raises `ArgumentError` for no list of names."""
    if isinstance(concepts, str | Mapping) or not isinstance(concepts, Iterable):
        raise ArgumentError(f"{argument}={shown(concepts)}: give a list of names")
    listed = list(concepts)
    for name in listed:
        if not is_text(name):
            raise ArgumentError(f"{argument}: {shown(name)} is no concept; give names as text")
    return list(dict.fromkeys(name.strip() for name in listed))


def selected_names(concepts: Iterable[str]) -> list[str]:
    """`concept_names`, but one at least. Raises `ArgumentError`."""
    if not (names := concept_names(concepts, "select_concepts")):
        raise ArgumentError("select_concepts=[]: give at least one, or None for all")
    return names


def check_limits(min_value: object, max_concepts: object) -> None:
    """Raises `ArgumentError` for what is no probability, or no number of concepts."""
    if (
        isinstance(min_value, bool)
        or not isinstance(min_value, int | float)
        or not 0.0 <= min_value <= 1.0
    ):
        raise ArgumentError(f"min_value={min_value!r}: a probability lies in 0..1")
    if max_concepts is not None:
        checked_count("max_concepts", max_concepts, " (None for all)")


def checked_count(name: str, value: object, else_: str = "") -> int:
    """The number. Raises `ArgumentError` for what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name}={value!r}: give a whole number of at least 1{else_}")
    return value
