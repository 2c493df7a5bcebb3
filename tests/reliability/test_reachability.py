"""What is there is found, and nothing else (the long run is `reachability.py`)."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("reachability.py")


def found(changes: int, *options: str) -> tuple[int, dict[str, dict[str, int]]]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "7", "--changes", str(changes)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_everything_that_is_there_is_found() -> None:
    code, tables = found(2000)
    app, index = tables["app"], tables["index"]
    assert app["there"] == app["found by picture"] == app["found by filter"] > 300
    assert index["there"] == index["found exactly"] == index["found through codes"] > 300
    assert index["coded"] == index["there"]
    assert code == 0


def test_what_is_lost_on_the_way_is_missed() -> None:
    """The control: one row in a hundred is erased behind the back of both."""
    code, tables = found(1000, "--forgetful")
    assert tables["app"]["found by picture"] < tables["app"]["there"]
    assert tables["index"]["found exactly"] < tables["index"]["there"]
    assert tables["index"]["found through codes"] < tables["index"]["there"]
    assert code == 1
