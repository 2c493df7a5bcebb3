"""Every input that a fuzzer ever found worth keeping is given to its target again.

The core's targets run over theirs as `ctest`; `python tests/fuzz/long_run.py` fuzzes.
"""

import importlib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
IN_CPP = {file.name.removesuffix("_target.cpp") for file in HERE.glob("*_target.cpp")}
IN_PYTHON = {file.name.removesuffix("_target.py") for file in HERE.glob("*_target.py")}
MOST_BYTES = 300_000


@pytest.mark.parametrize("target", sorted(IN_PYTHON))
def test_no_kept_input_breaks_its_target(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    attempt = importlib.import_module(f"{target}_target").attempt
    inputs = importlib.import_module("kept").kept(target)
    assert len(inputs) >= 20
    for each in inputs:
        try:
            attempt(each)
        except Exception as error:
            raise AssertionError(f"corpus/{target}.hex, {each.hex()}: {error!r}") from error
    for name in ("drawn_json", "fuzzing", "kept", f"{target}_target"):
        sys.modules.pop(name, None)


def test_every_target_has_a_corpus_and_all_of_it_is_small() -> None:
    assert {file.stem for file in CORPUS.glob("*.hex")} == IN_CPP | IN_PYTHON
    assert not IN_CPP & IN_PYTHON
    assert sum(file.stat().st_size for file in CORPUS.iterdir()) < MOST_BYTES


def test_a_target_notices_what_must_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with a reader that is wrong, the kept inputs find it out."""
    monkeypatch.syspath_prepend(str(HERE))
    target = importlib.import_module("filters_target")
    monkeypatch.setattr(target.filters, "from_json", lambda value, place="": None)
    with pytest.raises((AssertionError, AttributeError)):
        for each in importlib.import_module("kept").kept("filters"):
            target.attempt(each)
