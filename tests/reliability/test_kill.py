"""Nothing acknowledged is lost when the process dies (the long run is `kill_loop.py`)."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("kill_loop.py")


def kills(count: int, *options: str) -> tuple[int, dict[str, int]]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026", "--kills", str(count)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_killed_process_loses_nothing_acknowledged() -> None:
    code, tally = kills(20)
    assert tally["kills"] == 20
    assert tally["acknowledged_writes"] > 100
    assert (tally["lost"], tally["unopenable"]) == (0, 0)
    assert code == 0


def test_a_promise_that_comes_too_early_is_found_out() -> None:
    """The control: what is called acknowledged before it was made is counted as lost."""
    code, tally = kills(10, "--early")
    assert tally["lost"] > 0
    assert code == 1
