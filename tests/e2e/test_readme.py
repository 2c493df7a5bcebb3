"""What the README says is true: its Python runs, its commands exist, its links lead somewhere."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nearsight.cli.main import parser
from nearsight.demo import PHOTOS
from nearsight.filters import parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = {"add", "search", "show", "info", "rm", "check", "backup", "compact", "repair"}
COMMANDS |= {"demo", "doctor", "bench", "teach", "predict", "suggest"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_quick_start_has_five_lines_and_finds_the_dogs(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    quick_start, *more = blocks("python")
    assert len([line for line in quick_start.splitlines() if line.strip()]) == 5
    run = [sys.executable, "-c", quick_start]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    found = [line.split() for line in done.stdout.splitlines()]
    assert {Path(name).name for _, name in found} == {"dog.jpg", "dogs.jpg", "dogs-closer.jpg"}
    assert all(float(score) > 0.8 for score, _ in found)
    assert len(more) == 7
    for snippet in more:  # one after the other, on the same database
        run = [sys.executable, "-c", snippet]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.stderr == ""
        assert done.stdout


def test_every_filter_of_the_table_can_be_read() -> None:
    table = README.partition("## What `where` can ask")[2].partition("They are joined")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    lines = [line for row in rows for line in re.findall(r"`([^`]+)`", row)]
    assert len(lines) == 28
    for line in lines:
        assert parse(str(parse(line))) == parse(line)


def test_every_command_is_documented() -> None:
    commands = parser()._subparsers._group_actions[0].choices
    assert set(commands) == COMMANDS
    assert set(re.findall(r"^\| `nearsight (\w+)", README, re.MULTILINE)) == COMMANDS


def shell_lines() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line]


@pytest.mark.parametrize("line", shell_lines())
def test_the_command_line_understands_what_is_written(line: str) -> None:
    steps = re.split(r"\||&&", line)
    for step in steps:
        first, *arguments = shlex.split(step, comments=True)
        if first == "nearsight":
            assert parser().parse_args(arguments).run.__module__ == f"nearsight.cli.{arguments[0]}"
        elif first == "sh":
            assert (ROOT / arguments[0]).is_file()
        else:
            assert first in {"pip", "xargs"}


def test_the_dependencies_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.split(r"[<>=]", line)[0] for line in project["dependencies"]}
    table = README.partition("## What it depends on")[2].partition("\n\nBuilding")[0]
    assert set(re.findall(r"^\| ([\w-]+) \| \w", table, re.MULTILINE)) - {"package"} == wanted


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).exists()] == []
