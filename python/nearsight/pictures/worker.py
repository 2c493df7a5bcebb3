"""A worker: another process that decodes pictures for this one, and what came of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from nearsight.pictures.file import path_name
from nearsight.pictures.frames import LENGTH_BYTES, NO_MEMORY, request
from nearsight.pictures.header import Header
from nearsight.pictures.limits import Limits
from nearsight.pictures.unusable import UnusableError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["NoWorkerError", "Worker"]

_START = (
    "import json, os, sys\n"
    "os.putenv('OPENBLAS_NUM_THREADS', '1')\n"  # its threads would be half of a worker's memory
    "sys.path[:] = json.loads(sys.argv[1])\n"
    "from nearsight.pictures.worker_program import main\n"
    "main()\n"
)
_START_SECONDS = 60
# Wall time is for a worker that waits for what never comes; on a busy machine it runs faster than
# the processor time that is the limit.
_WALL_TIMES, _WALL_SECONDS = 6, 10
_MAX_MESSAGE, _MAX_WORDS = 10_000, 500
_GONE = (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError)
_TOO_BIG = "decoding it takes more than {:,} bytes; resize it, or raise Limits(max_memory=…)"
_TOO_LONG = "decoding it takes more than {} seconds; save it again, or raise Limits(max_seconds=…)"
_CRASHED = "its decoder crashed ({}), so the file is damaged or meant to do harm; save it again"


class NoWorkerError(Exception):
    """No worker can be started here."""


class Worker:
    """One process that decodes."""

    def __init__(self) -> None:
        """Start it and wait until it is ready; raises NoWorkerError."""
        if not _can_be_started():
            raise NoWorkerError("this Python cannot start another one")
        try:
            path = json.dumps([str(entry) or str(Path.cwd()) for entry in sys.path])
            command = [sys.executable, "-P", "-W", "ignore", "-c", _START, path]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                **_apart(),
            )
        except (OSError, ValueError) as error:
            raise NoWorkerError(f"a worker could not be started: {error}") from error
        try:
            with self._watched(_START_SECONDS):
                self.without = frozenset(self._receive()[0]["without"])
        except _GONE as error:
            self.close()
            raise NoWorkerError("a worker was started and ended at once") from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def pixels(self, header: Header, limits: Limits) -> tuple[Image, Image | None]:
        """Have a picture decoded. Raises UnusableError; `alive` tells whether to use it again."""
        seconds = limits.max_seconds
        try:
            with self._watched(_WALL_TIMES * seconds + _WALL_SECONDS):
                for part in request(header, limits.max_memory, seconds):
                    self._write(part)
                answer, data = self._receive(most=4 * prod(_most_size(header)))
        except _GONE as error:
            raise UnusableError(self._why_it_ended(error, limits)) from error
        if answer.get("memory"):
            self.close()  # what it still holds would count against the next picture
            raise UnusableError(_TOO_BIG.format(limits.max_memory))
        if "error" in answer:
            raise UnusableError(path_name(str(answer["error"])[:_MAX_WORDS]))
        try:
            return _images(answer, data, header)
        except _GONE as error:
            self.close()
            raise UnusableError(_CRASHED.format("it answered nonsense")) from error

    @property
    def alive(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def close(self) -> int:
        """End it now; return the exit status, negative for a signal."""
        self._process.kill()
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()
        return self._process.wait()

    def forget(self) -> None:
        """Let go of a worker of the process that this one was forked from."""
        for pipe in self._pipes():
            pipe.close()
        self._process.returncode = 0

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        return cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """Kill it when that takes longer."""
        self._late = threading.Event()
        timer = threading.Timer(seconds, self._kill_late, (self._late,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill_late(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()

    def _why_it_ended(self, error: Exception, limits: Limits) -> str:
        if isinstance(error, EOFError | OSError):  # by itself: let it, for its exit status
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        status = self.close()
        if self._late.is_set() or status == -getattr(signal, "SIGXCPU", 0):
            return _TOO_LONG.format(limits.max_seconds)
        if status == NO_MEMORY:
            return _TOO_BIG.format(limits.max_memory)
        return _CRASHED.format(f"signal {-status}" if status < 0 else f"status {status}")

    def _write(self, part: bytes | memoryview) -> None:
        pipe, view = self._pipes()[0], memoryview(part)
        while view:
            view = view[pipe.write(view) :]

    def _receive(self, most: int = 0) -> tuple[dict[str, Any], memoryview]:
        length = int.from_bytes(self._read(LENGTH_BYTES), "little")
        message = json.loads(bytes(self._read(_at_most(length, _MAX_MESSAGE))))
        if not isinstance(message, dict):
            raise TypeError(message)
        return message, self._read(_at_most(message["bytes"], most))

    def _read(self, count: int) -> memoryview:
        pipe, room, filled = self._pipes()[1], memoryview(bytearray(count)), 0
        while filled < count:
            more = pipe.readinto(room[filled:])  # type: ignore[attr-defined]
            if not more:
                raise EOFError
            filled += more
        return room


def _can_be_started() -> bool:
    """Say whether `sys.executable` is a Python, and not an app that was frozen or embeds one."""
    name = Path(sys.executable or "").name.lower()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)


def _apart() -> dict[str, Any]:
    """Keep Ctrl-C in a terminal, and windows, from a worker."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"process_group": 0}


def _at_most(count: int, most: int, least: int = 0) -> int:
    if not least <= count <= most:
        raise ValueError(count)
    return count


def _most_size(header: Header) -> tuple[int, int]:
    """The largest width and height that the wanted pixels can have; rounding adds one."""
    width, height = header.displayed
    return -(-width // header.shrinkage) + 1, -(-height // header.shrinkage) + 1


def _images(answer: dict[str, Any], data: memoryview, header: Header) -> tuple[Image, Image | None]:
    """Make images of a worker's bytes, and trust none of its words."""
    from PIL.Image import frombytes

    width, height = answer["size"]
    widest, highest = _most_size(header)
    size = (_at_most(width, widest, 1), _at_most(height, highest, 1))
    colours = 3 * width * height
    if len(data) != colours + (width * height if answer["alpha"] else 0):
        raise ValueError(len(data))
    alpha = frombytes("L", size, data[colours:]) if answer["alpha"] else None
    return frombytes("RGB", size, data[:colours]), alpha
