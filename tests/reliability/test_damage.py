"""Damage is noticed and never an answer (every byte and every length: `damage.py`)."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

PROGRAM = Path(__file__).with_name("damage.py")


def verdicts(share: float, *options: str) -> tuple[int, dict[str, dict[str, int]]]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026", "--share", str(share)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_damage_anywhere_is_noticed_or_changes_no_answer() -> None:
    code, found = verdicts(0.0002)
    assert sorted(Path(name).suffix for name in found) == ["", "", ".ns", ".seg", ".seg"]
    for name, counts in found.items():
        assert set(counts) <= {"same", "noticed"}, name
    assert found["a.ns"]["noticed"] > 100
    assert code == 0


def test_without_checksums_the_same_damage_gives_wrong_answers() -> None:
    """The control: the questions reach what is damaged."""
    code, found = verdicts(0.0001, "--blind")
    counts = sum(map(Counter, found.values()), Counter())
    assert counts["SILENT"] >= 5
    assert code == 1
