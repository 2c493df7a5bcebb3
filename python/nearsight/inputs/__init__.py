"""`app.inputs`: the pictures of an app, and changing what is known of them."""

from nearsight.inputs.inputs import Inputs

__all__ = ["Inputs"]
