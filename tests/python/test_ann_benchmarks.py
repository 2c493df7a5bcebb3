"""The adapter keeps to what ann-benchmarks' runner does with an algorithm."""

import inspect
import re
from typing import Any

import numpy as np
import pytest

from nearsight import ArgumentError
from nearsight.bench import ann_benchmarks
from nearsight.bench.ann_benchmarks import CONFIG, Nearsight, NearsightExact


def run(algorithm: Any, train: Any, test: Any, arguments: tuple[float, ...], batch: bool) -> float:
    """Do what `run_individual_query` does; the recall of the ten nearest."""
    memory = algorithm.get_memory_usage()
    algorithm.fit(train)
    assert algorithm.get_memory_usage() >= 0.5 * memory > 1000  # kB
    if arguments:
        algorithm.set_query_arguments(*arguments)
    if batch:
        algorithm.batch_query(test, 10)
        found = algorithm.get_batch_results()
    else:
        found = [algorithm.query(query, 10) for query in test]
    assert all(len(ids) == 10 and len(set(ids.tolist())) == 10 for ids in found)
    assert algorithm.get_additional() == {}
    assert re.fullmatch(r"nearsight[\w(), .=-]*", str(algorithm)) and algorithm.name
    algorithm.done()
    cosines = test @ (train / np.linalg.norm(train, axis=1, keepdims=True)).T
    best = np.argsort(-cosines, axis=1)[:, :10]
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(found, best, strict=True)]))


@pytest.mark.parametrize("batch", [False, True])
def test_the_protocol_of_the_runner(batch: bool) -> None:
    random = np.random.default_rng(0)
    train = random.standard_normal((3000, 24)).astype(np.float32) + 0.5
    test = random.standard_normal((40, 24)).astype(np.float32) + 0.5
    assert run(NearsightExact("angular"), train, test, (), batch) == 1.0
    for dtype in ("f32", "f16"):
        algorithm = Nearsight("angular", dtype)
        for recall in (0.9, 0.99):
            assert run(algorithm, train, test, (recall,), batch) >= recall - 0.03


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(ArgumentError, match="'angular', not 'euclidean'"):
        Nearsight("euclidean")
    with pytest.raises(ArgumentError, match="not 'f64'"):
        Nearsight("angular", "f64")
    with pytest.raises(ArgumentError, match="call fit first"):
        Nearsight("angular").query([1, 2], 1)


def test_the_settings_name_what_there_is() -> None:
    constructors = re.findall(r"constructor: (\w+)", CONFIG)
    assert constructors == ["Nearsight", "NearsightExact"]
    for name in constructors:
        parameters = inspect.signature(getattr(ann_benchmarks, name)).parameters
        assert list(parameters) == ["metric", "dtype"]
    assert "\t" not in CONFIG
    for recall in re.findall(r"0\.\d+", CONFIG):
        assert 0 < float(recall) < 1
