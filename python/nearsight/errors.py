"""Everything nearsight raises on purpose.

Our exception tree (a built-in in brackets is a second base, so that `except ValueError` works too):

    NearsightError
    ├── ArgumentError [ValueError]     an argument has a value that cannot be used
    ├── NotFoundError [LookupError]    no such file, input, concept or model
    ├── PictureError                   this picture cannot be used; the others are not affected
    ├── ModelError                     an embedding model is missing, damaged or does not fit
    ├── TrainingError                  a concept has not been learned, or has too few examples
    └── DatabaseError                  this database cannot be opened or used
        ├── ClosedError                the app was closed
        ├── ReadOnlyError              the app was opened read-only, or the file cannot be written
        ├── VersionError               written by a newer nearsight
        ├── ModelMismatchError         its embeddings were made by another model
        ├── CorruptionError            damaged: what was read is not what was written
        └── DataLossError              acknowledged changes are missing from the file

A message says what, which value, and what to do about it.
"""

__all__ = [
    "ArgumentError",
    "ClosedError",
    "CorruptionError",
    "DataLossError",
    "DatabaseError",
    "ModelError",
    "ModelMismatchError",
    "NearsightError",
    "NotFoundError",
    "PictureError",
    "ReadOnlyError",
    "TrainingError",
    "VersionError",
]


class NearsightError(Exception):
    """The root: catch it to catch everything that nearsight raises on purpose."""


class ArgumentError(NearsightError, ValueError):
    """An argument has a value that cannot be used."""


class NotFoundError(NearsightError, LookupError):
    """No such file, input, concept or model."""


class PictureError(NearsightError):
    """A picture that cannot be used. `source` names it, `reason` says why in one sentence."""

    def __init__(self, source: str, reason: str) -> None:
        """Build the message from both, so that a picture is never reported without its name."""
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason

    def __reduce__(self) -> tuple[type["PictureError"], tuple[str, str]]:
        """Survive the trip between processes (exceptions rebuild themselves from `args`)."""
        return type(self), (self.source, self.reason)


class ModelError(NearsightError):
    """An embedding model is missing, damaged or does not fit what it is asked."""


class TrainingError(NearsightError):
    """A concept has not been learned, or there are too few examples to learn it from."""


class DatabaseError(NearsightError):
    """A database cannot be opened or used."""


class ClosedError(DatabaseError):
    """The app was closed; open it again."""


class ReadOnlyError(DatabaseError):
    """The app was opened read-only, or the file or its folder cannot be written."""


class VersionError(DatabaseError):
    """The database was written by a newer nearsight."""


class ModelMismatchError(DatabaseError):
    """The database's embeddings were made by another model; mixed scores would be wrong."""


class CorruptionError(DatabaseError):
    """The file is damaged: what was read is not what was written."""


class DataLossError(DatabaseError):
    """The cache has seen changes that the database no longer has."""
