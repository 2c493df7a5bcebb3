"""What was acknowledged survives power cuts (the long run is `power_cut.py`)."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("power_cut.py")


def cuts(states: int, durability: str) -> tuple[int, dict[str, int]]:
    command = [sys.executable, str(PROGRAM), "--json", "--seed", "2026"]
    command += ["--states", str(states), "--durability", durability]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_no_power_cut_takes_away_or_mixes_what_was_acknowledged() -> None:
    code, verdicts = cuts(200, "full")
    assert set(verdicts) == {"kept", "in flight"}
    assert sum(verdicts.values()) == 200
    assert code == 0


def test_a_fast_database_loses_its_newest_changes_and_nothing_else() -> None:
    """A control, too: the cuts above come where something could have been lost."""
    code, verdicts = cuts(100, "fast")
    assert verdicts.pop("lost") > 20
    assert set(verdicts) <= {"kept", "in flight"}
    assert code == 0


def test_without_any_syncing_the_same_cuts_do_damage() -> None:
    """The control: the states are such that they tell a database that does not sync."""
    code, verdicts = cuts(100, "off")
    assert sum(verdicts.values()) - verdicts.get("kept", 0) - verdicts.get("in flight", 0) > 40
    assert {"mixed", "damaged", "refused (CorruptionError)"} & set(verdicts)
    assert code == 1
