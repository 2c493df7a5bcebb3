"""The engine: ranks embeddings and keeps the facts that filters ask for, in C++.

Two fields for each embedding: "embedding", where a dot product is a cosine, and "prediction", the
model's probabilities, where a dot product with a concept's 0/1 weights is the probability of the
concept. And one document for each annotation: the facts about it (see `truth.facts`), the input it
belongs to, the embedding of what it is about. Its cache on disk is derived from the truth: it may
be deleted at any moment, and `engine.engine` says when it has to be. With `vectors` the only
importer of the core.
"""

from nearsight.engine.caches import (
    EMBEDDING,
    PREDICTION,
    CacheDamaged,
    Caches,
    ColumnsSnapshot,
    DocSet,
    EngineRank,
    EngineTerm,
    Index,
    RowMask,
    Snapshot,
    View,
    fields,
    kernel,
    threads,
    version,
)
from nearsight.engine.damages import cache_damages
from nearsight.engine.engine import Engine
from nearsight.engine.folder import cache_of, forgotten

__all__ = [
    "EMBEDDING",
    "PREDICTION",
    "CacheDamaged",
    "Caches",
    "ColumnsSnapshot",
    "DocSet",
    "Engine",
    "EngineRank",
    "EngineTerm",
    "Index",
    "RowMask",
    "Snapshot",
    "View",
    "cache_damages",
    "cache_of",
    "fields",
    "forgotten",
    "kernel",
    "threads",
    "version",
]
