"""The old path `clarifai.rest`: the same names."""

from nearsight.clarifai import *  # noqa: F403
from nearsight.clarifai import __all__ as __all__
