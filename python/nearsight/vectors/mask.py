"""Which vectors may be found."""

from nearsight import _core


class Mask:
    """Which vectors of an index may be found; worth keeping where it is used more than once.

    It means the vectors that were there when `Index.mask` made it: what is added or updated later
    is not in it, what is removed is not found. `len()` counts those that were there.
    """

    def __init__(self, index: object, choice: _core.Choice) -> None:
        """Made by `Index.mask`."""
        self._index = index
        self._choice = choice

    def __len__(self) -> int:
        """How many vectors it let through when it was made."""
        return self._choice.count()
