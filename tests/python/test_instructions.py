"""What counts instructions (tests/cpp/instructions) complains of what it should."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "cpp" / "instructions"


@pytest.fixture(scope="module")
def count() -> ModuleType:
    spec = importlib.util.spec_from_file_location("count", FOLDER / "count.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_counts_outside_of_their_bounds_are_named(count: ModuleType) -> None:
    known = {"exact": 100, "add": 100}
    assert count.complaints({"exact": 114, "add": 86}, known) == []
    (more,) = count.complaints({"exact": 116, "add": 100}, known)
    assert more.startswith("exact: 116 instructions, 1.16 of")
    (less,) = count.complaints({"exact": 100, "add": 80}, known)
    assert less.startswith("add: 80 instructions, 0.8 of")
    assert count.complaints({"exact": 100}, known) == ["add: it was not counted"]
    assert count.complaints({**known, "new": 1}, known) == ["new: nothing is known of it"]


def test_other_compilers_and_builds_are_not_compared(count: ModuleType) -> None:
    bounds = json.loads((FOLDER / "bounds.json").read_text("utf-8"))
    assert bounds["compiler"] == "GNU 12"
    assert "GNU 12" in count.why_not("GNU 13.1", "Release", "", bounds)
    assert "GNU 12" in count.why_not("GNU 120.0", "Release", "", bounds)
    assert "Release" in count.why_not("GNU 12.2.0", "Debug", "", bounds)
    assert "-fsanitize" in count.why_not("GNU 12.2.0", "Release", "-fsanitize=address", bounds)


def test_dumps_are_read_and_the_last_one_is_left_out(count: ModuleType, tmp_path: Path) -> None:
    dump = tmp_path / "counts.1"
    dump.write_text("desc: Trigger: Client Request: codes\n\nsummary: 17\ntotals: 17\n")
    assert count.read(dump) == ("codes", 17)
    dump.write_text("desc: Trigger: Program termination\n\nsummary: 0\n")
    assert count.read(dump) is None


def test_every_kind_of_work_has_a_bound(count: ModuleType) -> None:
    bounds = json.loads((FOLDER / "bounds.json").read_text("utf-8"))["instructions"]
    assert set(bounds) == {"exact", "batch", "codes", "masked", "filter", "add"}
    assert min(bounds.values()) > 1_000_000
