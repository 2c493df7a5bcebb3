"""Opening the database that the command line names."""

import argparse
from pathlib import Path

import nearsight
from nearsight import App, NotFoundError, ReadOnlyError
from nearsight.cli.arguments import DATABASE


def open_or_create(args: argparse.Namespace) -> App:
    """The app at `--db`, made if there is none."""
    return nearsight.open(_path(args), model=args.model)


def open_existing(args: argparse.Namespace) -> App:
    """The app at `--db`, never made: a mistyped path must not look like an empty database.

    Where nothing can be written it is opened read-only. Raises `NotFoundError`.
    """
    _require(_path(args))
    try:
        return nearsight.open(_path(args), model=args.model)
    except ReadOnlyError:
        return nearsight.open(_path(args), model=args.model, read_only=True)


def open_writable(args: argparse.Namespace) -> App:
    """The app at `--db`, never made, and writable. Raises `NotFoundError`, `ReadOnlyError`."""
    _require(_path(args))
    return nearsight.open(_path(args), model=args.model)


def existing_path(args: argparse.Namespace) -> Path:
    """The path `--db`. Raises `NotFoundError` where nothing is."""
    _require(_path(args))
    return _path(args)


def _path(args: argparse.Namespace) -> Path:
    path: Path = args.db or DATABASE
    return path


def _require(path: Path) -> None:
    if not path.exists():
        raise NotFoundError(
            f"there is no database {path}: create it with `nearsight add FOLDER --db {path}`, or "
            "name another with --db"
        )
