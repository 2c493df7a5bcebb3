"""Teaching, predicting and suggesting on the command line."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

OK, NOTHING, USAGE, FAILURE = 0, 1, 2, 3


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def labelled(album: Path, command: Any, tmp_path: Path) -> Path:
    """A folder with a database in which one picture is said to be breakfast."""
    assert command("add", album, cwd=tmp_path).returncode == OK
    done = command("add", album / "fruits.jpg", "--concept", "breakfast", cwd=tmp_path)
    assert done.returncode == OK
    return tmp_path


def test_a_concept_is_taught_predicted_and_searched_by(
    labelled: Path, album: Path, command: Any
) -> None:
    taught = command("teach", "meals", "--concept", "breakfast", cwd=labelled)
    assert taught.returncode == OK
    assert taught.stdout.startswith("breakfast: from 1 that show it, 0 that do not and 7 presumed")
    again = command("teach", "meals", "--json", cwd=labelled)
    (version,) = lines(again)
    assert (version["model"], version["number"]) == ("meals", 2)
    assert version["reports"]["breakfast"]["positives"] == 1
    picture = album / "fruits.jpg"
    (seen,) = lines(command("predict", picture, "--with", "meals", "--json", cwd=labelled))
    assert seen["source"] == str(picture)
    assert seen["concepts"][0]["name"] == "breakfast"
    assert seen["concepts"][0]["probability"] > 0.5
    found = command("search", "--concept", "breakfast", "-k", "1", "-f", cwd=labelled)
    assert found.stdout == f"{picture}\n"


def test_what_would_help_is_suggested(labelled: Path, command: Any) -> None:
    command("teach", "meals", "--concept", "breakfast", cwd=labelled)
    done = command("suggest", "meals", "-k", "3", "--json", cwd=labelled)
    assert done.returncode == OK
    assert {each["concept"] for each in lines(done)} == {"breakfast"}
    assert len({each["input"]["id"] for each in lines(done)}) == 3
    shown = command("suggest", "meals", cwd=labelled).stdout.splitlines()
    assert shown[0].split() == ["concept", "probability", "id", "picture"]
    assert len(shown) == 8


def test_every_ready_model_predicts(labelled: Path, album: Path, command: Any) -> None:
    keys = {"general": "concepts", "focus": "concepts", "color": "colors", "embed": "vector"}
    for name, key in keys.items():
        given = ("predict", album / "fruits.jpg", "--with", name)
        (seen,) = lines(command(*given, "--json", cwd=labelled))
        assert seen[key], name
        assert command(*given, cwd=labelled).stdout.startswith(f"{album}/fruits.jpg: ")


@pytest.mark.parametrize(
    ("asked", "code", "why"),
    [
        (["teach", "pets"], USAGE, "say what it is to learn: --concept"),
        (["teach", "general", "--concept", "x"], USAGE, "comes with nearsight"),
        (["teach", "pets", "--concept", "rex"], FAILURE, "no input is said to show 'rex'"),
        (["predict", "missing.jpg"], FAILURE, "missing.jpg"),
        (["predict", "a.jpg", "--with", "nobody"], FAILURE, "no model has the id 'nobody'"),
        (["predict", "a.jpg", "-k", "0"], USAGE, "max_concepts=0"),
        (["suggest", "nobody"], FAILURE, "no model has the id 'nobody'"),
        (["suggest", "general"], USAGE, "learns nothing here"),
        (["suggest", "pets", "-k", "0"], FAILURE, "no model has the id 'pets'"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(
    labelled: Path, command: Any, asked: list[str], code: int, why: str
) -> None:
    (labelled / "a.jpg").write_bytes((labelled / "a.jpg").name.encode())
    done = command(*asked, cwd=labelled)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("nearsight: ")
    assert why in line


def test_a_model_that_learned_nothing_is_not_left_behind(labelled: Path, command: Any) -> None:
    command("teach", "pets", "--concept", "rex", cwd=labelled)
    assert "pets" not in command("info", cwd=labelled).stdout
