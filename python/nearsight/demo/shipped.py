"""The photos that ship with the package, and what is known of them."""

import re
from importlib.resources import files
from pathlib import Path

from nearsight.demo.tour import Questions

PHOTOS = Path(str(files("nearsight") / "demo" / "photos"))

QUESTIONS = Questions(
    like=PHOTOS / "citrus.jpg",
    concept="cat",
    text="a dog playing on the grass",
    like_right=frozenset({"citrus.jpg"}),
    concept_right=frozenset({"cat.jpg", "cat-tortoiseshell.jpg"}),
    text_right=frozenset({"dog.jpg", "dogs.jpg", "dogs-closer.jpg"}),
)


def credits() -> list[list[str]]:
    """Whose the photos are, row by row, the head first: as in CREDITS.md, without its Markdown."""
    page = (files("nearsight") / "demo" / "CREDITS.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("|") and "|---|" not in line]
    return [[_plain(cell) for cell in line.strip("|").split("|")] for line in lines]


def _plain(cell: str) -> str:
    """The text of a Markdown cell; a link becomes its words and where it leads."""
    return re.sub(r"\[(.+?)\]\((.+?)\)", r"\1, \2", cell).replace("`", "").strip()
