"""Yes or no: what is given where only one of the two makes sense."""

from nearsight.errors import ArgumentError
from nearsight.values.text import shown


def checked_flag(name: str, value: object) -> bool:
    """True or false, and nothing that Python would take for one, such as "no".

    Raises `ArgumentError`.
    """
    if not isinstance(value, bool):
        raise ArgumentError(f"{name}={shown(value)}: give True or False")
    return value
