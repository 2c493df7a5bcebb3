"""A model's card, `model.toml`: what it is, what it eats, which bytes its files must be."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearsight.embedders.likeness import Likeness
from nearsight.errors import ModelError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# Raise it when the framing code changes what a model sees: vectors made before and after must not
# meet in one database.
_FRAMING = "2"
_INTERPOLATIONS = ("bicubic", "bilinear")


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model, pinned."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Card:
    """A model as its card describes it.

    `size` is the side in pixels of the square it sees, `crop` the fraction of the short side that
    is cut from a photograph's centre; `input`, `embedding` and `logits` name the graph's ends.
    `same_picture` and `same_subject` say what a cosine means, where that was measured.
    """

    folder: "Traversable"
    name: str
    title: str
    licence: str
    dim: int
    size: int
    crop: float
    interpolation: str
    input: str
    embedding: str
    logits: str
    files: tuple[File, ...]
    same_picture: Likeness | None = None
    same_subject: Likeness | None = None

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 over everything that decides which vector a picture gets."""
        import hashlib  # here and not above, to keep `import nearsight` light

        facts = [_FRAMING, str(self.size), repr(self.crop), self.interpolation, self.embedding]
        facts += [f"{file.name} {file.sha256}" for file in self.files]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def read(self, name: str) -> bytes:
        """Return the content of one of `files`. Raises `ModelError` if it is missing or changed."""
        import hashlib

        pin = next((file for file in self.files if file.name == name), None)
        if pin is None:
            raise ModelError(f"model {self.name!r}: its card does not say which {name} it has")
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise ModelError(
                f"model {self.name!r}: {self.folder / name} cannot be read ({error.strerror});"
                " install nearsight again"
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != pin.sha256:
            raise ModelError(
                f"model {self.name!r}: {self.folder / name} was changed or damaged: it has"
                f" {len(data)} bytes and sha256 {found}, its card says {pin.size_bytes} bytes and"
                f" {pin.sha256}; install nearsight again"
            )
        return data


def read_card(folder: "Traversable") -> Card:
    """Read `folder`/model.toml. Raises `ModelError` if it is missing or not a model's card."""
    import tomllib  # here and not above, to keep `import nearsight` light

    path = folder / "model.toml"
    try:
        return _card(folder, tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}); install nearsight again"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is no readable TOML ({error}); install nearsight again") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a model's card: {error!r}") from None


def _card(folder: "Traversable", table: dict[str, Any]) -> Card:
    frame, output = table["input"], table["output"]
    if frame["interpolation"] not in _INTERPOLATIONS:
        raise ValueError(f"interpolation {frame['interpolation']!r}: use {_INTERPOLATIONS}")
    return Card(
        folder=folder,
        name=table["name"],
        title=table["title"],
        licence=table["licence"],
        dim=int(table["dim"]),
        size=int(frame["size"]),
        crop=float(frame["crop"]),
        interpolation=frame["interpolation"],
        input=frame["name"],
        embedding=output["embedding"],
        logits=output["logits"],
        files=tuple(
            File(name, int(pin["bytes"]), pin["sha256"]) for name, pin in table["files"].items()
        ),
        **{
            name: Likeness(float(fit["slope"]), float(fit["offset"]))
            for name, fit in table.get("likeness", {}).items()
        },
    )
