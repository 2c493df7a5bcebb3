"""Damage at any place is noticed or changes nothing (every place: `sweep.py`)."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("sweep.py")


def test_damage_at_any_place_of_any_file_is_noticed_or_changes_nothing() -> None:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026", "--share", "0.0002"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = json.loads(done.stdout)
    assert {name.split("/")[0] for name in counted} == {"truth", "log", "cache", "codes"}
    assert {what for counts in counted.values() for what in counts} <= {"same", "noticed", "older"}
    assert counted["truth/a.ns"]["noticed"] > 50
    assert counted["log/a.ns-wal"]["noticed"] > 50
