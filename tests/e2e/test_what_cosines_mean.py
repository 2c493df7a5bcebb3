"""The general model's card is right about what a cosine means; people run the same."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("likeness.py")


def test_the_card_is_calibrated_on_photographs_it_was_not_fitted_to() -> None:
    """The script fails where the calibration error is larger than promised."""
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "same subject" in run.stdout
