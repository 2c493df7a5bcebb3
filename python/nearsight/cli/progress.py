"""A progress bar on a terminal, and nothing elsewhere."""

import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from tqdm import tqdm  # type: ignore[import-untyped]

from nearsight import pictures


class Progress:
    """Files done, files per second, time left; on standard error, only if that is a terminal."""

    def __init__(self, sources: Sequence[str], *, shown: bool) -> None:
        """Draw the bar at once; a thread finds out meanwhile how many files there are."""
        shown = shown and sys.stderr.isatty()
        self._bar = tqdm(unit=" files", disable=not shown, dynamic_ncols=True, smoothing=0.1)
        if shown:
            threading.Thread(target=self._count, args=(sources,), daemon=True).start()

    def _count(self, sources: Sequence[str]) -> None:
        self._bar.total = sum(1 for _ in pictures.find(sources))

    def advance(self) -> None:
        """One more file is done."""
        self._bar.update()

    def hidden(self) -> AbstractContextManager[None]:
        """The bar is out of the way inside, so that a line can be written."""
        return self._bar.external_write_mode()  # type: ignore[no-any-return]

    def __enter__(self) -> "Progress":
        """The bar itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar standing as it is."""
        self._bar.close()
