"""When records and hits of the app are those of `slow`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sights import Expected, SlowInput, SlowSaid

import nearsight
from nearsight import Hits

TOLERANCE = 1e-4  # of scores


def same_annotation(found: nearsight.Annotation, slow: SlowSaid) -> None:
    assert (found.input, found.box, found.text) == (slow.owner.id, slow.box, slow.text)
    assert (found.concepts, found.by) == (slow.concepts, slow.by), found.id
    assert found.added_at <= found.changed_at <= datetime.now(UTC) + timedelta(seconds=1)
    slow.changed = slow.changed or found.changed_at
    assert found.changed_at == slow.changed, f"{found.id} has changed, but nobody changed it"


def same_input(found: nearsight.Input, slow: SlowInput) -> None:
    if not slow.added:
        slow.added, slow.name, slow.format = found.added_at, found.name, found.format
    facts = (found.added_at, found.changed_at, found.name, found.format, found.url)
    assert facts == (slow.added, slow.primary.changed, slow.name, slow.format, slow.url)
    assert repr(found.metadata) == repr(slow.metadata)  # 1, 1.0 and True are different
    assert (found.geo, found.crop, found.concepts) == (slow.geo, slow.crop, slow.primary.concepts)
    assert (found.height, found.width) == slow.pixels.shape[:2]


def check_hits(hits: Hits, expected: Sequence[Expected], of: str, start: int, k: int) -> None:
    """The best `k` after `start`, in their order as far as scores tell it."""
    ids = [hit.annotation.id if of == "annotations" and hit.annotation else hit.id for hit in hits]
    due = expected[start : start + k]
    assert len(ids) == len(set(ids)) == len(due)
    assert [hit.rank for hit in hits] == [start + n + 1 for n in range(len(hits))]
    by_id = {hit.id: hit for hit in expected}
    assert set(ids) <= by_id.keys()
    found = [by_id[id_] for id_ in ids]
    for hit, its, best in zip(hits, found, due, strict=True):
        assert abs(hit.score - its.score) < TOLERANCE, (hit, its.score)
        assert abs(hit.score - best.score) < TOLERANCE, (hit, best.score)
        assert hit.cosine is None or abs((1 + hit.cosine) / 2 - its.score) < TOLERANCE
        if of == "inputs" and its.sure:
            assert (hit.annotation and hit.annotation.id) == its.region
    apart = all(
        one.seen is other.seen or one.score - other.score > 2 * TOLERANCE
        for one, other in pairwise(expected)
    )
    if apart:  # equals are next to each other: by age
        assert ids == [hit.id for hit in due]
