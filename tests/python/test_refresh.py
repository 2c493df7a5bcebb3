"""What `refresh` shows is one commit, though others go on writing while it reads."""

import subprocess
import sys
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.engine import cache_of
from nearsight.search.finding import Finding
from nearsight.truth.facts import FactTable


def test_a_commit_that_comes_while_a_cache_follows_is_seen_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ns"
    with nearsight.open(path, model=Planted()) as writer:
        writer.inputs.add(plain((1, 2, 3)), id="a")
        with nearsight.open(path, model=Planted(), read_only=True) as reader:
            writer.inputs.add(plain((1, 2, 4)), id="b")
            changed_since = FactTable.changed_since

            def interrupted(table: FactTable, *given: object) -> object:
                monkeypatch.undo()
                writer.inputs.add(plain((1, 2, 5)), id="c")  # between its rows and its documents
                return changed_since(table, *given)

            monkeypatch.setattr(FactTable, "changed_since", interrupted)
            reader.refresh()
            view = reader._engine._view  # as published: asking for it would catch up again
            assert len(view.rows) == view.docs.all().count() == 3
            assert len(reader.search(image=plain((1, 2, 3)))) == 3


def test_hits_that_are_erased_between_two_looks_are_looked_for_while_nobody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ns"
    with nearsight.open(path, model=Planted()) as writer:
        writer.inputs.add([Item(plain((9, n, 9)), id=f"i{n}") for n in range(1, 9)])
        with nearsight.open(path, model=Planted(), read_only=True) as reader:
            found = Finding.found
            erasing = iter(["i2", "i3"])

            def erased(finding: Finding, *given: object) -> object:
                writer.inputs.delete(next(erasing))
                return found(finding, *given)

            monkeypatch.setattr(Finding, "found", erased)
            ids = set(reader.search(image=plain((9, 9, 9))).ids)
            assert ids == {"i1", "i3", "i4", "i5", "i6", "i7", "i8"}


ADDING = """
import os, sys, nearsight
from planted import Planted, plain
app = nearsight.open(sys.argv[1], model=Planted())
for n in range(70):
    app.inputs.add(plain((1 + n, 9, 9)))
os._exit(0)
"""


def test_who_opens_far_behind_writes_the_cache_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.ns"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", ADDING, str(path)], env=environment, check=True)
    assert not list(cache_of(path).glob("rows-*.seg"))
    with nearsight.open(path, model=Planted()):
        assert len(list(cache_of(path).glob("rows-*.seg"))) == 1
