"""What the general model's classes are called, and what they are kinds of."""

from nearsight.knowledge.aliases import ALIASES
from nearsight.knowledge.concept import GeneralConcept
from nearsight.knowledge.lexicons import ENGLISH
from nearsight.knowledge.pattern import Pattern
from nearsight.knowledge.reading import Named, OwnNames, Reading, read
from nearsight.knowledge.space import ConceptSpace
from nearsight.knowledge.tree import ConceptTree

__all__ = [
    "ALIASES",
    "ENGLISH",
    "ConceptSpace",
    "ConceptTree",
    "GeneralConcept",
    "Named",
    "OwnNames",
    "Pattern",
    "Reading",
    "read",
]
