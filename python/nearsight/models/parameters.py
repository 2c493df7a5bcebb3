"""How a custom model learns: its hyper-parameters, few and typed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite

from nearsight.errors import ArgumentError
from nearsight.teaching import Settings

_MOST_ROOM = 10_000  # learning takes the cube of it: a minute


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """What `hyper_parameters={…}` may say. What is measured and why is in `nearsight.teaching`.

    `regularisation`, above 0 and at most 100 (0.1): higher follows the examples less closely, which
    helps where labels are wrong. `presumed_weight`, above 0 and at most 1 (0.1): what an unlabelled
    picture counts against one that was said not to show the concept; more if few of the collection
    show it. `room`, 0 to 10 000 (1000): unlabelled pictures fill a training up to so many in all;
    its cube is the time a training takes.
    """

    regularisation: float = 0.1
    presumed_weight: float = 0.1
    room: int = 1000

    def __post_init__(self) -> None:
        """Raises `ArgumentError` for a value outside its range."""
        _check("regularisation", self.regularisation, 100)
        _check("presumed_weight", self.presumed_weight, 1)
        if type(self.room) is not int or not 0 <= self.room <= _MOST_ROOM:
            raise ArgumentError(
                f"hyper_parameters: room={self.room!r}: give a whole number from 0 to {_MOST_ROOM}"
            )

    @staticmethod
    def of(given: "Mapping[str, object] | HyperParameters | None") -> "HyperParameters":
        """Read what a user gave; what is left out has its default.

        Raises `ArgumentError` for what is no mapping, for an unknown name and for a bad value.
        """
        if given is None or isinstance(given, HyperParameters):
            return given or HyperParameters()
        if not isinstance(given, Mapping):
            raise ArgumentError(
                f"hyper_parameters={given!r}: give a dictionary, e.g. {{'room': 0}}"
            )
        known = [field.name for field in fields(HyperParameters)]
        for name in given:
            if name not in known:
                raise ArgumentError(
                    f"hyper_parameters: there is no {name!r}; there are {', '.join(known)}"
                )
        return HyperParameters(**dict(given))  # type: ignore[arg-type]  # checked just above, below

    def to_dict(self) -> dict[str, float]:
        """By name, JSON-ready."""
        return asdict(self)

    @property
    def settings(self) -> Settings:
        """What of it concerns the learning itself."""
        return Settings(self.regularisation, self.presumed_weight)


def _check(name: str, value: object, most: float) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (isfinite(value) and 0 < value <= most)
    ):
        raise ArgumentError(
            f"hyper_parameters: {name}={value!r}: give a number above 0, at most {most:g}"
        )
