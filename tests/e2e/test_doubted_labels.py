"""A model finds planted wrong labels, and suggestions beat chance; people run the same."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("doubted_labels.py")


def test_wrong_labels_are_suspected_and_suggested_ones_help() -> None:
    """The script fails where either is worse than promised."""
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "suspects: precision" in run.stdout
