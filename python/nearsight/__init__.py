"""Nearsight: an embedded visual search engine. One file, no network.

import nearsight

with nearsight.open("photos.ns") as app:
    app.inputs.add("photos/")
    for hit in app.search(text="dog", k=5):
        print(hit.score, hit.input.name)
"""

from nearsight import diagnosis, embedders, errors, filters, pictures
from nearsight.app import App, Info, open
from nearsight.engine import version as __version__
from nearsight.errors import (
    ArgumentError,
    ClosedError,
    CorruptionError,
    DatabaseError,
    DataLossError,
    ModelError,
    ModelMismatchError,
    NearsightError,
    NotFoundError,
    PictureError,
    ReadOnlyError,
    TrainingError,
    VersionError,
)
from nearsight.filters import annotated, box, metadata, predicted, within
from nearsight.geo import GeoPoint
from nearsight.hits import Hit, Hits
from nearsight.ingest import Outcome
from nearsight.inputs import Inputs, Report
from nearsight.models import Model, Models, Version
from nearsight.pictures import Limits
from nearsight.search import Search
from nearsight.teaching import Report as TrainingReport
from nearsight.truth import Input

__all__ = [
    "App",
    "ArgumentError",
    "ClosedError",
    "CorruptionError",
    "DataLossError",
    "DatabaseError",
    "GeoPoint",
    "Hit",
    "Hits",
    "Info",
    "Input",
    "Inputs",
    "Limits",
    "Model",
    "ModelError",
    "ModelMismatchError",
    "Models",
    "NearsightError",
    "NotFoundError",
    "Outcome",
    "PictureError",
    "ReadOnlyError",
    "Report",
    "Search",
    "TrainingError",
    "TrainingReport",
    "Version",
    "VersionError",
    "__version__",
    "annotated",
    "box",
    "diagnosis",
    "embedders",
    "errors",
    "filters",
    "metadata",
    "open",
    "pictures",
    "predicted",
    "within",
]
