"""How pictures come in: items from sources, a bounded pipeline, and a report on each.

sources ─► `items` ─► `ingest` (decode, embed, commit) ─► `adding` ─► outcomes ─► `report`
"""

from nearsight.adding.adding import Adding, Rules, StatusCounts
from nearsight.adding.ingest import Outcome
from nearsight.adding.items import Item, Region
from nearsight.adding.report import Report

__all__ = ["Adding", "Item", "Outcome", "Region", "Report", "Rules", "StatusCounts"]
