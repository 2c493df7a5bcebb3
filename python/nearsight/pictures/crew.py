"""The workers of this process: a few other processes that decode pictures in its place.

    decode ─► decoded_by_crew ─► an idle worker, or a new one ─► pixels, or why there are none

A worker that breaks a limit or crashes takes one picture with it; the next one gets a new worker.
They end when this process ends, however it ends: their pipe to it is then closed.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nearsight.pictures.header import Header
from nearsight.pictures.limits import Limits
from nearsight.pictures.unusable import UnusableError
from nearsight.pictures.worker import NoWorkerError, Worker

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["close", "decoded_by_crew", "workers"]

_MAX_WORKERS = 4


class _Crew:
    """Workers that are idle, and how many more may be started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(min(os.cpu_count() or 1, _MAX_WORKERS))
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._refusal: str | None = None

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """One worker for oneself; it waits while all of them are busy. Raises NoWorkerError."""
        with self._room:
            worker = self._take()
            try:
                yield worker
            except UnusableError:
                raise
            except BaseException:  # an interrupt may have left half of an answer in its pipe
                worker.close()
                raise
            finally:
                self._give_back(worker)

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                if (worker := self._idle.pop()).alive:
                    return worker
                self._drop(worker)
            if self._refusal:
                raise NoWorkerError(self._refusal)
        try:
            worker = Worker()
        except NoWorkerError as error:
            self._refusal = str(error)
            raise
        with self._lock:
            self._all.add(worker)
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if worker.alive:
                self._idle.append(worker)
            else:
                self._drop(worker)

    def _drop(self, worker: Worker) -> None:
        worker.close()
        self._all.discard(worker)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
            self._all.difference_update(idle)
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        for worker in self._all:
            worker.forget()
        self.__init__()  # type: ignore[misc]


_crew = _Crew()
close = _crew.close
atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.forget)


def workers() -> list[Worker]:
    """Those that are running now, idle or not."""
    return list(_crew._all)


def decoded_by_crew(header: Header, limits: Limits) -> tuple[Image, Image | None]:
    """Have a worker decode a picture: RGB pixels, and their opacity (None where it has no holes).

    Raises UnusableError, also when the picture breaks the worker, and NoWorkerError when there can
    be none.
    """
    with _crew.worker() as worker:
        return worker.pixels(header, limits)
