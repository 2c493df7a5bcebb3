"""The kernels as Python sees them: which there are, what they compute, and forcing one."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nearsight import _core


@pytest.mark.parametrize("name", _core.available_kernels())
def test_kernels_score_what_numpy_does(name: str) -> None:
    random = np.random.default_rng(1)
    query = random.normal(size=37).astype(np.float32)
    matrix = random.normal(size=(9, 41)).astype(np.float32)
    for stored in [matrix, matrix.astype(np.float16)]:
        expected = stored[:, :37].astype(np.float32) @ query
        np.testing.assert_allclose(_core.score_rows(name, query, stored), expected, atol=1e-4)
    short = matrix[:, :5] @ query[:5]
    np.testing.assert_allclose(_core.score_rows(name, query, matrix, dim=5), short, atol=1e-4)
    for dim in [38, 42, 10**30]:
        with pytest.raises(ValueError, match="but the query has 37 numbers and a row 41"):
            _core.score_rows(name, query, matrix, dim)


@pytest.mark.parametrize("name", _core.available_kernels())
def test_kernels_compute_the_checksum_of_the_standard(name: str) -> None:
    assert _core.crc32c(name, b"123456789") == 0xE3069283


def test_an_unknown_kernel_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no kernel named 'mmx'; it can run: scalar"):
        _core.crc32c("mmx", b"")


def run_with_kernel(name: str) -> subprocess.CompletedProcess[str]:
    """Open an index and name its kernel in a process that is told to use `name`."""
    code = """
from nearsight import _core
try:
    _core.Index.open("", bytes(16), [("x", 1, "f32", "dot")])
    print(_core.kernel())
except ValueError as error:
    print("ValueError:", error)
"""
    environment = os.environ | {"NEARSIGHT_KERNEL": name}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )


@pytest.mark.parametrize("name", _core.available_kernels())
def test_the_environment_forces_a_kernel(name: str) -> None:
    assert run_with_kernel(name).stdout == f"{name}\n"


def test_a_forced_kernel_that_is_not_there_fails_loudly() -> None:
    assert run_with_kernel("avx1024").stdout.startswith("ValueError: this CPU has no kernel named")
    assert run_with_kernel("").stdout == f"{_core.available_kernels()[-1]}\n"
