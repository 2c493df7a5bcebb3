"""What the command says of itself: doctor, help, version."""

import errno
import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import nearsight
from nearsight.cli.main import main, parser

COMMANDS = ["add", "search", "show", "info", "rm", "teach", "predict", "suggest"]
COMMANDS += ["check", "backup", "compact", "repair"]
COMMANDS += ["demo", "doctor", "bench"]
OK, FAILURE = 0, 3


def test_doctor_finds_this_installation_sound(command: Any, tmp_path: Path) -> None:
    done = command("doctor", "--json", cwd=tmp_path)
    checks = {check["check"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert all(check["ok"] for check in checks.values()), done.stdout
    assert done.returncode == OK
    assert "be53002b1e37" in checks["model general"]["evidence"]
    assert "0 attempts to use the network" in checks["offline round trip"]["evidence"]
    assert "onnxruntime" in checks["packages"]["evidence"]
    assert "no file of its telemetry is open" in checks["telemetry"]["evidence"]
    assert list(tmp_path.iterdir()) == []


def test_doctor_fails_where_something_is_wrong(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "nearsight"
    shutil.copytree(Path(nearsight.__file__).parent, damaged)
    model = damaged / "_assets" / "models" / "general" / "image.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    done = command("doctor", cwd=tmp_path)
    assert done.returncode == FAILURE
    assert "FAIL  model general" in done.stdout
    assert "image.onnx was changed or damaged" in done.stdout
    assert "install nearsight again" in done.stdout


def test_the_help_says_of_the_database_what_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        said = " ".join(capsys.readouterr().out.split())
        assert ("default: photos.ns in this folder" in said) == (
            name not in {"demo", "doctor", "bench"}
        ), name
        assert ("--db FILE" in said) == (name not in {"doctor", "bench"})


def test_what_the_system_refuses_is_said_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # as for those who may not enter the folder
    assert main(["info", "--db", str(tmp_path / "a.ns")]) == FAILURE
    said = capsys.readouterr().err
    assert said.startswith(f"nearsight: {tmp_path}/a.ns: you have no right to this: check")
    assert "Errno" not in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_it_understands(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    examples = re.findall(r"^  (nearsight .*)$", capsys.readouterr().out, re.MULTILINE)
    assert examples
    for example in examples:
        steps = [shlex.split(step) for step in example.split(" | ")]
        understood = [parser().parse_args(step[1:]) for step in steps if step[0] == "nearsight"]
        assert f"nearsight.cli.{name}" in {args.run.__module__ for args in understood}


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert listed == COMMANDS


def test_the_version_is_that_of_the_package(command: Any, tmp_path: Path) -> None:
    done = command("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (OK, f"nearsight {nearsight.__version__}\n")
