"""Five examples teach a concept, and the reports are honest on average; people run the same."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("taught_concepts.py")


def test_concepts_are_learned_from_five_photographs_each() -> None:
    """The script fails where the mean precision is low or far from the reported."""
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "mean of 23 concepts" in run.stdout
