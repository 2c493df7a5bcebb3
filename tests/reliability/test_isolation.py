"""An answer is of one moment, whoever writes meanwhile (the long run is `isolation.py`)."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("isolation.py")


def reads(count: int, *options: str) -> tuple[int, dict[str, int]]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026", "--reads", str(count)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_no_answer_mixes_two_moments() -> None:
    code, seen = reads(3000, "--processes", "1")
    assert seen["reads"] >= 3000
    assert seen["writes"] > 5
    assert seen["refreshes"] > 5
    assert not [what for what in seen if "VIOLATIONS" in what]
    assert code == 0


def test_changes_in_two_halves_are_seen() -> None:
    """The control: readers do come between two commits."""
    code, seen = reads(1500, "--processes", "0", "--torn")
    assert seen["VIOLATIONS"] > 5
    assert code == 1
