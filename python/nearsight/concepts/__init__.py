"""`app.concepts`: what can be said of inputs, and what the names of that mean."""

from nearsight.concepts.concept import Concept
from nearsight.concepts.concepts import Concepts
from nearsight.concepts.naming import Naming, checked_name

__all__ = ["Concept", "Concepts", "Naming", "checked_name"]
