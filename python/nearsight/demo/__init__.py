"""The demo: real photos found again by a picture, by a concept and by words, on a page to look at.

The photos in `photos/` ship with the package; `CREDITS.md` says whose they are.
"""

from nearsight.demo.page import require_writable
from nearsight.demo.report import write
from nearsight.demo.shipped import PHOTOS, QUESTIONS, credits
from nearsight.demo.tour import Tour, take

__all__ = ["PHOTOS", "QUESTIONS", "Tour", "credits", "require_writable", "take", "write"]
