"""Learning a concept from examples: numbers in, a head and an honest report out. No database."""

from nearsight.teaching.calibration import Calibration, calibrate
from nearsight.teaching.choice import choose
from nearsight.teaching.head import Head
from nearsight.teaching.kinship import Kinship, kinship
from nearsight.teaching.report import Report
from nearsight.teaching.ridge import Ridge, solve
from nearsight.teaching.teacher import NO, PRESUMED, YES, Settings, doubts, teach

__all__ = [
    "NO",
    "PRESUMED",
    "YES",
    "Calibration",
    "Head",
    "Kinship",
    "Report",
    "Ridge",
    "Settings",
    "calibrate",
    "choose",
    "doubts",
    "kinship",
    "solve",
    "teach",
]
