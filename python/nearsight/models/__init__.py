"""Models: concepts of your own, learned from what is said of inputs, and those that are ready.

A custom model is a list of concepts. `train` learns one head for each from the annotations and
makes a version of them; one version is in use, for predictions and for searching by the concepts.
"""

from nearsight.models.doubts import Suggestion, Suspect
from nearsight.models.feedback import Feedback, FeedbackInfo
from nearsight.models.info import ModelInfo
from nearsight.models.model import Model
from nearsight.models.models import Models
from nearsight.models.parameters import HyperParameters
from nearsight.models.ready import ColorModel, ConceptModel, EmbedModel, FocusModel
from nearsight.models.version import Version

__all__ = [
    "ColorModel",
    "ConceptModel",
    "EmbedModel",
    "Feedback",
    "FeedbackInfo",
    "FocusModel",
    "HyperParameters",
    "Model",
    "ModelInfo",
    "Models",
    "Suggestion",
    "Suspect",
    "Version",
]
