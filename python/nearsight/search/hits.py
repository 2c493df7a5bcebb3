"""What a search found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import ClosedError
from nearsight.truth import Annotation, Input

_SHOWN_IN_NOTEBOOKS = 50


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """An input or annotation that was found.

    `score` is in 0..1, higher is better. `rank` counts from 1 over all pages. `cosine` is the raw
    cosine in -1..1 behind the score of a picture search, None for other searches, whose score is a
    probability. `annotation` is what a search for annotations found; in a search for inputs it is
    the region that was more alike than the whole picture, or None.
    """

    input: Input
    score: float
    rank: int
    cosine: float | None = None
    annotation: Annotation | None = None

    @property
    def id(self) -> str:
        """The input's id."""
        return self.input.id

    def __repr__(self) -> str:
        """Its rank, score and input, and where in it."""
        said = "" if self.annotation is None else f", annotation {self.annotation.id!r}"
        return f"<Hit {self.rank}: {self.input.name!r} {self.score:.3f}, id {self.id!r}{said}>"

    def to_dict(self) -> dict[str, Any]:
        """The hit as JSON-ready values."""
        cosine = {} if self.cosine is None else {"cosine": self.cosine}
        said = {} if self.annotation is None else {"annotation": self.annotation.to_dict()}
        found = {"rank": self.rank, "score": self.score, **cosine}
        return {**found, "input": self.input.to_dict(), **said}


class Hits(Sequence[Hit]):
    """Hits, best first: a sequence whose slices are `Hits` again.

    `understood` says what was ranked by, in words: of a text, the concepts that it was found to
    name. `exact` is True: every allowed input was scored.
    """

    def __init__(
        self,
        hits: Sequence[Hit],
        understood: Sequence[str] = (),
        thumbnail: Callable[[str], bytes | None] | None = None,
    ) -> None:
        """Hold `hits`; `thumbnail` fetches an input's JPEG when a page is drawn."""
        self._hits = tuple(hits)
        self._thumbnail = thumbnail
        self.understood = tuple(understood)
        self.exact = True

    @property
    def ids(self) -> list[str]:
        """The ids of the inputs, best first."""
        return [hit.id for hit in self._hits]

    @property
    def scores(self) -> NDArray[np.float32]:
        """The scores f32[len], best first."""
        return np.array([hit.score for hit in self._hits], np.float32)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The hits as JSON-ready values."""
        return [hit.to_dict() for hit in self._hits]

    def __len__(self) -> int:
        """How many hits there are on this page."""
        return len(self._hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> "Hits": ...
    def __getitem__(self, index: int | slice) -> "Hit | Hits":
        """One hit, or a slice as `Hits`."""
        if isinstance(index, slice):
            return Hits(self._hits[index], self.understood, self._thumbnail)
        return self._hits[index]

    def __iter__(self) -> Iterator[Hit]:
        """Best first."""
        return iter(self._hits)

    def __repr__(self) -> str:
        """The best few, for a terminal."""
        best = ", ".join(f"{hit.input.name} {hit.score:.3f}" for hit in self._hits[:3])
        return f"<Hits {len(self)}{': ' if best else ''}{best}{', …' if len(self) > 3 else ''}>"

    def _repr_html_(self) -> str:
        """A grid of thumbnails, for notebooks: self-contained, at most 50.

        Without pictures when the app was closed or the input erased meanwhile.
        """
        cells = "".join(map(self._cell, self._hits[:_SHOWN_IN_NOTEBOOKS]))
        more = len(self) - _SHOWN_IN_NOTEBOOKS
        note = f"<p>and {more} more</p>" if more > 0 else ""
        grid = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{cells or "no hits"}</div>{note}'
        return grid.encode("utf-8", "backslashreplace").decode()  # names may be no UTF-8

    def _cell(self, hit: Hit) -> str:
        import html  # here and not above, to keep `import nearsight` light

        path = hit.input.path
        name = html.escape(hit.input.name if path is None else path.name)
        whole = html.escape(hit.input.name if path is None else str(path))
        return (
            f'<figure style="margin:0;width:160px" title="{whole}">{self._image(hit, name)}'
            f'<figcaption style="overflow-wrap:anywhere">{hit.rank}. {name}<br>'
            f"{hit.score:.3f}</figcaption></figure>"
        )

    def _image(self, hit: Hit, name: str) -> str:
        import base64  # here and not above, to keep `import nearsight` light

        try:
            jpeg = self._thumbnail(hit.id) if self._thumbnail else None
        except ClosedError:
            jpeg = None
        if jpeg is None:
            return ""
        source = base64.b64encode(jpeg).decode()
        return f'<img alt="{name}" src="data:image/jpeg;base64,{source}">'
