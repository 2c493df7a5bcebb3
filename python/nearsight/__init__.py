"""Nearsight: an embedded visual search engine. One file, no network.

    import nearsight

    with nearsight.open("photos.ns") as app:
        app.inputs.add("photos/")
        for hit in app.search(text="dog", k=5):
            print(hit.score, hit.input.name)

Importing it costs next to nothing: a public name brings its module along when it is first asked
for (PEP 562). The imports below are the list of them, for people and for type checkers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nearsight import colors, diagnosis, embedders, errors, filters, focus, pictures, ranks
    from nearsight.adding import Item, Outcome, Region, Report, StatusCounts
    from nearsight.annotations import Annotations
    from nearsight.app import App, Info, open
    from nearsight.checkup import Checkup, check, salvage
    from nearsight.concepts import Concept, Concepts
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
    from nearsight.filters import (
        added,
        annotated,
        box,
        changed,
        has,
        metadata,
        polygon,
        predicted,
        unsaid,
        within,
    )
    from nearsight.inputs import Inputs
    from nearsight.models import (
        Feedback,
        FeedbackInfo,
        HyperParameters,
        Model,
        ModelInfo,
        Models,
        Suggestion,
        Suspect,
        Version,
    )
    from nearsight.pictures import Limits
    from nearsight.ranks import Rank
    from nearsight.search import Hit, Hits, Query, Search
    from nearsight.teaching import Report as TrainingReport
    from nearsight.truth import Annotation, Input
    from nearsight.values.geo import GeoPoint
    from nearsight.values.region import BoundingBox
    from nearsight.vectors import Index

__all__ = [
    "Annotation",
    "Annotations",
    "App",
    "ArgumentError",
    "BoundingBox",
    "Checkup",
    "ClosedError",
    "Concept",
    "Concepts",
    "CorruptionError",
    "DataLossError",
    "DatabaseError",
    "Feedback",
    "FeedbackInfo",
    "GeoPoint",
    "Hit",
    "Hits",
    "HyperParameters",
    "Index",
    "Info",
    "Input",
    "Inputs",
    "Item",
    "Limits",
    "Model",
    "ModelError",
    "ModelInfo",
    "ModelMismatchError",
    "Models",
    "NearsightError",
    "NotFoundError",
    "Outcome",
    "PictureError",
    "Query",
    "Rank",
    "ReadOnlyError",
    "Region",
    "Report",
    "Search",
    "StatusCounts",
    "Suggestion",
    "Suspect",
    "TrainingError",
    "TrainingReport",
    "Version",
    "VersionError",
    "__version__",
    "added",
    "annotated",
    "box",
    "changed",
    "check",
    "colors",
    "diagnosis",
    "embedders",
    "errors",
    "filters",
    "focus",
    "has",
    "metadata",
    "open",
    "pictures",
    "polygon",
    "predicted",
    "ranks",
    "salvage",
    "unsaid",
    "within",
]

# Where each of them lives, as module:name.
_HOMES = {
    "Annotation": "truth:Annotation",
    "Annotations": "annotations:Annotations",
    "App": "app:App",
    "ArgumentError": "errors:ArgumentError",
    "BoundingBox": "values.region:BoundingBox",
    "Checkup": "checkup:Checkup",
    "ClosedError": "errors:ClosedError",
    "Concept": "concepts:Concept",
    "Concepts": "concepts:Concepts",
    "CorruptionError": "errors:CorruptionError",
    "DataLossError": "errors:DataLossError",
    "DatabaseError": "errors:DatabaseError",
    "Feedback": "models:Feedback",
    "FeedbackInfo": "models:FeedbackInfo",
    "GeoPoint": "values.geo:GeoPoint",
    "Hit": "search:Hit",
    "Hits": "search:Hits",
    "HyperParameters": "models:HyperParameters",
    "Index": "vectors:Index",
    "Info": "app:Info",
    "Input": "truth:Input",
    "Inputs": "inputs:Inputs",
    "Item": "adding:Item",
    "Limits": "pictures:Limits",
    "Model": "models:Model",
    "ModelError": "errors:ModelError",
    "ModelInfo": "models:ModelInfo",
    "ModelMismatchError": "errors:ModelMismatchError",
    "Models": "models:Models",
    "NearsightError": "errors:NearsightError",
    "NotFoundError": "errors:NotFoundError",
    "Outcome": "adding:Outcome",
    "PictureError": "errors:PictureError",
    "Query": "search:Query",
    "Rank": "ranks:Rank",
    "ReadOnlyError": "errors:ReadOnlyError",
    "Region": "adding:Region",
    "Report": "adding:Report",
    "Search": "search:Search",
    "StatusCounts": "adding:StatusCounts",
    "Suggestion": "models:Suggestion",
    "Suspect": "models:Suspect",
    "TrainingError": "errors:TrainingError",
    "TrainingReport": "teaching:Report",
    "Version": "models:Version",
    "VersionError": "errors:VersionError",
    "__version__": "engine:version",
    "added": "filters:added",
    "annotated": "filters:annotated",
    "box": "filters:box",
    "changed": "filters:changed",
    "check": "checkup:check",
    "colors": "colors",
    "diagnosis": "diagnosis",
    "embedders": "embedders",
    "errors": "errors",
    "filters": "filters",
    "focus": "focus",
    "has": "filters:has",
    "metadata": "filters:metadata",
    "open": "app:open",
    "pictures": "pictures",
    "polygon": "filters:polygon",
    "predicted": "filters:predicted",
    "ranks": "ranks",
    "salvage": "checkup:salvage",
    "unsaid": "filters:unsaid",
    "within": "filters:within",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nearsight' has no attribute {name!r}")
    home, _, inside = _HOMES[name].partition(":")
    module = import_module(f"nearsight.{home}")
    globals()[name] = found = getattr(module, inside) if inside else module
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
