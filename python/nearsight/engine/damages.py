"""What is wrong with a cache on disk."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nearsight.engine.caches import CacheDamaged, Caches, Columns, Index
from nearsight.truth import Truth, commits


def cache_damages(truth: Truth, directory: Path) -> Iterator[str]:
    """What is wrong with the cache of `truth`: one sentence each; nothing if it is sound.

    Looks at every block of every file, at the generation, and, where the cache is not behind, at
    whether it holds the truth's embeddings and annotations and no others. Changes nothing.
    """
    size = truth.model_size()
    if size is None or not directory.is_dir():
        return
    for cache in Caches.open(directory, truth.uuid, size, read_only=True):
        if cache.dropped_because:
            yield f"{directory}: {cache.dropped_because}"
            continue
        try:
            cache.snapshot().verify()
        except CacheDamaged as damage:
            yield f"{directory}: {damage}"
            continue
        yield from _disagreements(truth, cache, directory)


def _disagreements(truth: Truth, cache: Index | Columns, directory: Path) -> Iterator[str]:
    what = "rows" if isinstance(cache, Index) else "columns"
    with truth.snapshot():
        generation = truth.generation
        if commits(cache.generation) > commits(generation):
            yield (
                f"{directory}: its {what} are of commit {commits(cache.generation)}, but the "
                f"last one of the file is {commits(generation)}: it lost acknowledged changes. "
                "Restore a newer copy, or go on without them"
            )
        elif cache.generation == generation:
            if isinstance(cache, Index):
                held, wanted = cache.snapshot().ids(), truth.embeddings.ids()
            else:
                view = cache.snapshot()
                held, wanted = view.docs(view.all()), truth.annotations.numbers()
            if not np.array_equal(held, wanted):
                yield f"{directory}: its {what} are not those of the file, though as new as it"
