"""The tour: put pictures in, find them by a picture, by a concept and by words, and time it all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path

from nearsight import App, Hits, Input, ModelError, NotFoundError, PictureError, pictures

_HITS = 6
_LOOKED_AT = 200  # inputs among which the questions about your own pictures are chosen
_SURE = 0.5  # from here on a more special concept is better: "bee", not "animal"
_CUT = 0.05  # of each side of the query's original: a tenth of its width and of its height


@dataclass(frozen=True)
class Questions:
    """What to ask. The `…_right` are the file names that have to come first; None: nobody knows.

    `like` is the picture of which a cut, shrunken and re-compressed copy is searched with.
    """

    like: Path
    concept: str
    text: str
    like_right: frozenset[str] | None = None
    concept_right: frozenset[str] | None = None
    text_right: frozenset[str] | None = None


@dataclass(frozen=True)
class Answer:
    """One search: what was asked, in words and maybe as a JPEG, and what was found."""

    asked: str
    hits: Hits
    right: frozenset[str] | None = None
    query: bytes | None = None

    @property
    def verdict(self) -> str:
        """What is to be said of it; begins with "wrong" if it is wrong."""
        best = [file_name(hit.input) for hit in self.hits[: len(self.right or "1")]]
        if not best:
            return "wrong: nothing was found"
        if self.right is None:
            return f"{best[0]} came first"
        if set(best) == self.right:
            return f"right: {', '.join(best)} came first"
        return f"wrong: {', '.join(best)} came first, not {', '.join(sorted(self.right))}"

    @property
    def is_wrong(self) -> bool:
        """Was nothing found, or the wrong picture?"""
        return self.verdict.startswith("wrong")


@dataclass
class Tour:
    """What happened: each step with its seconds and a remark, the answers, and the bad pictures."""

    steps: list[tuple[str, float, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    failed: list[PictureError] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time what happens inside; what is appended to the list becomes the remark."""
        remark: list[str] = []
        start = time.perf_counter()
        yield remark
        self.steps.append((name, time.perf_counter() - start, ", ".join(remark)))


def file_name(input: Input) -> str:
    """What a person calls the picture."""
    return input.name if input.path is None else input.path.name


def take(app: App, folder: Path, questions: Questions | None = None) -> Tour:
    """Go through everything once; without `questions`, ask about what the pictures seem to show.

    Raises `NotFoundError` if the folder holds no picture that can be used.
    """
    tour = Tour()
    _add(app, folder, tour)
    if questions is None:
        with tour.step("choose what to ask") as remark:
            questions = _questions_about(app, folder)
            remark.append(f"{questions.concept!r} and {questions.text!r}")
    _ask_with_a_picture(app, questions, tour)
    with tour.step("search by a concept") as remark:
        hits = app.search(concept=questions.concept, k=_HITS)
        remark.append(", ".join(hits.understood))
    tour.answers.append(Answer(f"concept {questions.concept!r}", hits, questions.concept_right))
    with tour.step("search by words") as remark:
        hits = app.search(text=questions.text, k=_HITS)
        remark.append(", ".join(hits.understood))
    tour.answers.append(Answer(f"words {questions.text!r}", hits, questions.text_right))
    return tour


def _add(app: App, folder: Path, tour: Tour) -> None:
    with tour.step("put the pictures in") as remark:
        start = time.perf_counter()
        report = app.inputs.add([folder])
        rate = len(report.outcomes) / (time.perf_counter() - start)
        remark.append(f"{report}, {rate:.0f} files/s")
    tour.failed = report.failed
    if not report.added and not report.duplicates:
        why = f" ({report.failed[0]})" if report.failed else ""
        raise NotFoundError(f"{folder} holds no picture that can be used{why}")


def _ask_with_a_picture(app: App, questions: Questions, tour: Tour) -> None:
    copy = _changed_copy(questions.like)
    with tour.step("search by a picture") as remark:
        hits = app.search(image=copy, k=_HITS)
        remark.append(f"a cut and re-compressed copy of {questions.like.name}")
    asked = f"picture: a cut, shrunken and re-compressed copy of {questions.like.name}"
    jpeg = pictures.open(copy).thumbnail()
    tour.answers.append(Answer(asked, hits, questions.like_right, jpeg))


def _changed_copy(path: Path) -> bytes:
    """A JPEG of the picture without its margins, two thirds of its size: not the file we have."""
    image = pictures.open(path).pixels
    width, height = image.size
    left, top = int(width * _CUT), int(height * _CUT)
    middle = image.crop((left, top, max(width - left, 1), max(height - top, 1)))
    file = BytesIO()
    small = middle.resize((max(1, middle.width * 2 // 3), max(1, middle.height * 2 // 3)))
    small.save(file, "JPEG", quality=70)
    return file.getvalue()


def _questions_about(app: App, folder: Path) -> Questions:
    """Ask for what the model is surest of, with the picture in which it is."""
    surest: dict[str, tuple[float, Path]] = {}
    for input in islice(_from(app, folder), _LOOKED_AT):
        seen = app.inputs.predictions(input.id, 10)
        if not seen or input.path is None:
            continue
        sure = [entry for entry in seen if entry[1] >= _SURE] or seen[:1]
        concept, probability = max(sure, key=lambda entry: _depth(app, entry[0].id))
        if probability > surest.get(concept.name, (-1.0, folder))[0]:
            surest[concept.name] = (probability, input.path)
    if not surest:
        raise ModelError(f"the model {app.model!r} predicts no concepts: use another for the demo")
    names = sorted(surest, key=lambda name: -surest[name][0])
    return Questions(surest[names[0]][1], concept=names[0], text=names[min(1, len(names) - 1)])


def _depth(app: App, id_: str) -> int:
    """How special a concept is: so many steps below the most general one."""
    return 1 + max((_depth(app, parent.id) for parent in app.concepts.parents(id_)), default=0)


def _from(app: App, folder: Path) -> Iterator[Input]:
    """The inputs that came from this folder and are still there."""
    above = folder.absolute()
    for input in app.inputs:
        path = input.path
        if path is not None and (path == above or above in path.parents) and path.is_file():
            yield input
