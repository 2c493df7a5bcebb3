"""The table of the layer's README, the documents' index and these tests say the same."""

import ast
import inspect
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from nearsight import clarifai
from nearsight.demo import PHOTOS

HERE = Path(__file__).parent
README = (Path(clarifai.__file__).parent / "README.md").read_text("utf-8")
DOCUMENTED = [
    line for line in (HERE / "documented.txt").read_text().splitlines() if not line.startswith("#")
]


def rows(chapter: str) -> list[list[str]]:
    """Give the cells of each row of the table in a chapter of the README."""
    text = README.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_every_test_is_in_the_table_once_and_the_other_way_round() -> None:
    tests = [
        node.name
        for file in HERE.glob("test_*.py")
        if file.name != Path(__file__).name
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    told = re.findall(r"`(test_\w+)`", README)
    assert Counter(told) == Counter(tests)
    assert max(Counter(tests).values()) == 1
    assert len(tests) > 100


def test_every_entry_of_the_index_is_in_the_table() -> None:
    names = [line.partition("(")[0] for line in DOCUMENTED]
    assert [cells[0].strip("`") for cells in rows("The client's reference")] == names
    assert len(names) == len(set(names)) == 87


def test_every_snippet_is_in_the_table() -> None:
    assert len(rows('The document "Rank"')) == 9
    assert len(rows("The client's tutorial")) == 20


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    shutil.copytree(PHOTOS, tmp_path / "photos")
    run = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    predicted, scores = map(ast.literal_eval, done.stdout.splitlines())
    assert predicted[0]["value"] > 0.5
    assert scores[0] > 0.8 > 0.1 > scores[1]


@pytest.mark.parametrize("line", DOCUMENTED)
def test_signatures_are_the_documented_ones(line: str) -> None:
    """Parameters in the documented order, with the documented defaults; ours may take more."""
    name, _, arguments = line.partition("(")
    found = clarifai
    for step in name.split("."):
        found = getattr(found, step)
    documented = ast.parse(f"def f({arguments}: pass").body[0].args
    names = [argument.arg for argument in documented.args]
    defaults = [ast.literal_eval(default) for default in documented.defaults]
    if isinstance(found, type) and issubclass(found, Exception) and not names:
        return
    ours = [p for p in inspect.signature(found).parameters.values() if p.name != "self"]
    assert [p.name for p in ours[: len(names)]] == names
    kept = [p.default for p in ours[: len(names)] if p.default is not inspect.Parameter.empty]
    assert kept == defaults
    assert all(p.default is not inspect.Parameter.empty for p in ours[len(names) :])
