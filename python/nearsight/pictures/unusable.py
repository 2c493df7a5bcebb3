"""Why a picture cannot be used, before anybody knows what it is called."""

__all__ = ["UnusableError"]


class UnusableError(ValueError):
    """Why a file cannot be used, as one sentence with the cure; it knows no file name yet."""
