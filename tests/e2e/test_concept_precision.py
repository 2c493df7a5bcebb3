"""A search for a predicted concept finds the right photographs first; a person runs the same."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("concept_precision.py")


def test_mean_precision_of_the_first_five_is_at_least_080() -> None:
    """The script fails below 0.8; its table shows where."""
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "mean of" in run.stdout
