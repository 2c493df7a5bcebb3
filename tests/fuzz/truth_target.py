"""Databases that a fuzzer edited, opened and asked everything: whatever a stranger may send.

    python tests/fuzz/truth_target.py CORPUS [libFuzzer's options]

An input is a list of edits to a good file, or to its cells' values in SQL; then the checksums of
the pages are put right, so that SQLite and we believe what was written. Allowed is any answer or a
`NearsightError`.
"""

import atexit
import itertools
import logging
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from fuzzing import fuzz, instrumented

with instrumented():
    import nearsight
    from nearsight.truth import damages

from planted import Planted, plain

PAGE = 8192
_FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
_NAMES = itertools.count()
_MODEL = Planted()
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
logging.disable(logging.WARNING)  # of caches that are rebuilt


def _made() -> bytes:
    """A small database with a bit of everything, its log moved into it."""
    path = _FOLDER / "good.ns"
    with nearsight.open(path, model=_MODEL) as app:
        for n in range(5):
            app.inputs.add(
                nearsight.Item(
                    plain((50 * n, 255 - 50 * n, 40)),
                    id=f"i{n}",
                    concepts=[f"word{n % 2}"],
                    metadata={"n": n, "text": f"text {n}"},
                    geo=(48 + n, 2.3),
                    regions=[nearsight.Region((0.1, 0.1, 0.6, 0.6), text="a part")] if n else [],
                )
            )
        app.models.create("own", concepts=["word0"]).train()
        app.inputs.delete("i4")
    return path.read_bytes()


def checksum(page: bytes) -> bytes:
    """The checksum of a page, as SQLite's cksumvfs.c computes it, of little-endian words."""
    first = second = 0
    words = np.frombuffer(page[:-8], "<u4").tolist()
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first.to_bytes(4, "little") + second.to_bytes(4, "little")


_GOOD = _made()
_TELLING = [at for at in range(len(_GOOD)) if any(_GOOD[max(0, at - 4) : at + 1])]


def edited(data: bytes) -> bytes:
    """The good file with edits: five bytes each, which say where and what."""
    content, pages = bytearray(_GOOD), set()
    for at in range(1, min(len(data), 80) - 4, 5):
        place = _TELLING[int.from_bytes(data[at : at + 3], "little") % len(_TELLING)]
        what, value = data[at + 3], data[at + 4]
        if place >= len(content):
            continue
        if what < 128:
            content[place] = value
        elif what < 224:
            for n in range(min(what % 9, len(content) - place)):
                content[place + n] = (0, 255, value, content[place + n] ^ value)[what % 4]
        elif what < 250:
            other = _TELLING[int.from_bytes(data[at + 1 : at + 4], "little") % len(_TELLING)]
            content[place : place + 16] = content[other : other + 16][: len(content) - place]
        else:
            content = content[: max(512, place)]
        pages.add(place // PAGE)
        pages.add((place + 16) // PAGE)
    if data and data[0] % 8:
        for page in sorted(pages):
            whole = content[page * PAGE : page * PAGE + PAGE]
            if len(whole) == PAGE:
                content[page * PAGE + PAGE - 8 : page * PAGE + PAGE] = checksum(bytes(whole))
    return bytes(content)


def attempt(data: bytes) -> None:
    """One input; raises what is a finding."""
    path = _FOLDER / f"{next(_NAMES)}.ns"
    path.write_bytes(edited(data))
    try:
        _use(path, data[0] // 8 % 4 if data else 0)
    finally:
        for left in _FOLDER.glob(f"{path.name}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _use(path: Path, how: int) -> None:
    try:
        if how == 0:
            for problem in damages(path):
                str(problem)
            return
        with nearsight.open(path, model=_MODEL, read_only=how == 1) as app:
            _ask(app)
            if how == 3:
                _change(app)
    except nearsight.NearsightError:
        pass


def _ask(app: nearsight.App) -> None:
    asked = [
        lambda: app.search(image=plain((9, 9, 9)), k=9).to_dicts(),
        lambda: app.search(concept="own", k=9).to_dicts(),
        lambda: app.search(where="@n < 9 or word0 or within(48, 2, 500) or has(region)").to_dicts(),
        lambda: [record.to_dict() for record in app.inputs],
        lambda: [str(one) for one in app.annotations],
        lambda: [str(one) for one in app.concepts],
        lambda: [str(one) for one in app.models],
    ]
    for ask in asked:
        with suppress(nearsight.NearsightError):
            ask()


def _change(app: nearsight.App) -> None:
    changes = [
        lambda: app.inputs.update("i0", metadata={"new": 1}),
        lambda: app.inputs.add(nearsight.Item(plain((1, 2, 3)), id="new")),
        lambda: app.models["own"].train(),
        lambda: app.inputs.delete("i1"),
    ]
    for change in changes:
        with suppress(nearsight.NearsightError):
            change()


if __name__ == "__main__":
    fuzz(attempt)
