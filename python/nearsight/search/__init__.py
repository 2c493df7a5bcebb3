"""`app.search`: from what is asked to hits.

`ranking` says how scores are made and `filtering` what filters let through; `question` is what was
asked, `finding` what is found, `hits` what comes back.
"""

from nearsight.search.filtering import Filtering
from nearsight.search.hits import Hit, Hits
from nearsight.search.query import Query
from nearsight.search.ranking import Rankings
from nearsight.search.search import Search

__all__ = ["Filtering", "Hit", "Hits", "Query", "Rankings", "Search"]
