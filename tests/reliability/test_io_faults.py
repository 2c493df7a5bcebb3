"""A system call that fails costs at most the change it was part of (all calls: `io_faults.py`)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("io_faults.py")


def failures(every: int, *options: str) -> tuple[int, Any]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026", "--every", str(every)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_calls_that_fail_are_typed_errors_and_lose_nothing() -> None:
    scenes = ("create", "open after a crash", "add", "compact", "backup")
    options = [word for scene in scenes for word in ("--scene", scene)]
    code, found = failures(50, *options, "--once", "--kind", "broken", "--kind", "full")
    assert set(found["counts"]) == set(scenes)
    assert found["bad"] == []
    assert found["counts"]["add"]["refused (DatabaseError)"] > 0
    assert code == 0


def test_writes_that_are_said_to_be_done_and_are_not_are_found_out() -> None:
    """The control: what is looked at afterwards shows a write that is missing."""
    code, found = failures(30, "--scene", "add", "--kind", "lie")
    assert found["bad"]
    assert code == 1
