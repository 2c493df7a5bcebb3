"""One writer at a time, and none after its death (the long run is `locks.py`)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("locks.py")


def tried(races: int, kills: int, *options: str) -> tuple[int, Any]:
    command = [sys.executable, str(PROGRAM), "--json", "--races", str(races), "--kills", str(kills)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_race_has_one_winner_and_a_killed_writer_keeps_nobody_out() -> None:
    _, found = tried(10, 5)
    assert found["winners"] == {name: {"1": 10} for name in ("vectors", "cache", "id")}
    assert found["kills"] == 5
    assert found["kept_out"] == 0


def test_without_locks_two_win_and_with_files_for_locks_the_dead_do() -> None:
    """The controls."""
    code, found = tried(4, 2, "--unlocked", "--pid-file")
    assert "2" in found["winners"]["vectors"]
    assert "2" in found["winners"]["cache"]
    assert found["kept_out"] == 2
    assert code == 1
