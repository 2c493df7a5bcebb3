"""The old client's names on this device: `from clarifai.rest import X` becomes this package's X.

    from nearsight.clarifai import ClarifaiApp

    app = ClarifaiApp(path="photos.ns")
    app.inputs.create_image_from_url("photos/dog.jpg", concepts=["my puppy"])
    app.inputs.search_by_predicted_concepts(concept="dog")

The README beside this file lists every method and snippet of the old documents, the test that runs
it, and where the document is broken, what is done instead.
"""

from nearsight.clarifai.app import ClarifaiApp
from nearsight.clarifai.auth import Auth
from nearsight.clarifai.concept import Concept, ConceptInput
from nearsight.clarifai.concepts import Concepts
from nearsight.clarifai.errors import ApiClientError, ApiError, TokenError, UserError
from nearsight.clarifai.feedback import FeedbackInfo
from nearsight.clarifai.geo import Geo, GeoBox, GeoLimit, GeoPoint
from nearsight.clarifai.image import Image, Video
from nearsight.clarifai.inputs import Inputs
from nearsight.clarifai.model import Model
from nearsight.clarifai.models import Models
from nearsight.clarifai.output_info import ModelOutputConfig, ModelOutputInfo
from nearsight.clarifai.region import (
    BoundingBox,
    Face,
    FaceAgeAppearance,
    FaceGenderAppearance,
    FaceIdentity,
    FaceMulticulturalAppearance,
    Region,
    RegionInfo,
)
from nearsight.clarifai.status import ApiStatus, InputCounts
from nearsight.clarifai.terms import (
    InputSearchTerm,
    OutputSearchTerm,
    SearchQueryBuilder,
    SearchTerm,
)

__all__ = [
    "ApiClientError",
    "ApiError",
    "ApiStatus",
    "Auth",
    "BoundingBox",
    "ClarifaiApp",
    "Concept",
    "ConceptInput",
    "Concepts",
    "Face",
    "FaceAgeAppearance",
    "FaceGenderAppearance",
    "FaceIdentity",
    "FaceMulticulturalAppearance",
    "FeedbackInfo",
    "Geo",
    "GeoBox",
    "GeoLimit",
    "GeoPoint",
    "Image",
    "InputCounts",
    "InputSearchTerm",
    "Inputs",
    "Model",
    "ModelOutputConfig",
    "ModelOutputInfo",
    "Models",
    "OutputSearchTerm",
    "Region",
    "RegionInfo",
    "SearchQueryBuilder",
    "SearchTerm",
    "TokenError",
    "UserError",
    "Video",
]
