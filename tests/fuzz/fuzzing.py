"""How the targets in Python are run: by Atheris (libFuzzer) where it is, else over files only."""

import contextlib
import importlib.util
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "python")]


@contextlib.contextmanager
def instrumented() -> Iterator[None]:
    """Let the fuzzer see which branches of nearsight are taken, where there is a fuzzer."""
    if not _is_fuzzing():
        yield
        return
    import atheris

    with atheris.instrument_imports(include=["nearsight"]):
        yield


def _is_fuzzing() -> bool:
    """Was a target started as a program?"""
    name = Path(sys.argv[0]).name
    return name.endswith("_target.py") and importlib.util.find_spec("atheris") is not None


def fuzz(attempt: Callable[[bytes], None]) -> None:
    """Run a target for ever, or as libFuzzer's options say; what it finds is kept as files."""
    import atheris

    def one(data: bytes) -> None:
        try:
            attempt(data)
        except Exception:
            traceback.print_exc()
            raise

    with tempfile.TemporaryDirectory() as folder:
        atheris.Setup([_program(Path(folder)), *sys.argv[1:]], one)
        atheris.Fuzz()


def _program(folder: Path) -> str:
    """This program as one file: to merge inputs, libFuzzer starts itself again by its name."""
    program = folder / "target"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{sys.argv[0]}" "$@"\n')
    program.chmod(0o700)
    return str(program)
