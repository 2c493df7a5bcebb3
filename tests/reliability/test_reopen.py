"""After a kill an app reads what is new since, and not everything (timed by `reopen.py`)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("reopen.py")


def tables(*options: str) -> Any:
    command = [sys.executable, str(PROGRAM), "--json", "--inputs", "3000", "--kills", "3"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_what_is_read_again_after_a_kill_is_what_is_new() -> None:
    found = tables()
    assert found["after a kill"]["most replayed"] < 3000
    assert found["after a kill"]["lost"] == found["without a cache"]["lost"] == 0


def test_without_its_cache_everything_is_read() -> None:
    """The control."""
    assert tables("--no-cache")["after a kill"]["most replayed"] > 2900
