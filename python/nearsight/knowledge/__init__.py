"""What the general model's classes are called, and what they are kinds of."""

from nearsight.knowledge.concept import Concept
from nearsight.knowledge.space import ConceptSpace
from nearsight.knowledge.tree import ConceptTree

__all__ = ["Concept", "ConceptSpace", "ConceptTree"]
