"""The recipe of the general model: the bytes it makes, and that they compute what they should."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reference_lite0 import forward

from nearsight import pictures
from nearsight.embedders import load

RECIPE = Path(__file__).parents[2] / "models" / "general"
CARD = tomllib.loads((RECIPE / "model.toml").read_text(encoding="utf-8"))
PHOTOS = ("messi5.jpg", "fruits.jpg", "squirrel_cls.jpg")


@pytest.fixture(scope="module")
def recipe() -> Iterator[ModuleType]:
    """Give make.py as a module; it imports its neighbours by name, as a script does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(RECIPE)
        import make

        yield make
        for name in ("make", "graph", "int8", "weights"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def float_session(recipe: ModuleType) -> Any:
    return session(recipe.float_model(CARD).SerializeToString())


def session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run(session: Any, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    outputs: list[NDArray[np.float32]] = session.run(["embedding", "logits"], {"image": pixels})
    return outputs


def framed(paths: list[Path]) -> NDArray[np.uint8]:
    embedder = load()
    return np.stack([embedder.prepare(pictures.open(path)) for path in paths])


# ---- the bytes


def make(folder: Path, script: Path = RECIPE / "make.py") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(script), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_recipe_makes_the_pinned_bytes_which_are_installed(tmp_path: Path) -> None:
    result = make(tmp_path)
    assert result.returncode == 0, result.stderr
    for name, pin in CARD["files"].items():
        made = (tmp_path / name).read_bytes()
        assert hashlib.sha256(made).hexdigest() == pin["sha256"]
        assert len(made) == pin["bytes"]
        assert made == (files("nearsight") / "_assets/models/general" / name).read_bytes()


def test_installed_card_and_notice_are_those_of_the_recipe() -> None:
    for name in ("model.toml", "NOTICE"):
        installed = files("nearsight") / "_assets/models/general" / name
        assert installed.read_bytes() == (RECIPE / name).read_bytes()
    assert "Copyright (c) 2020, ML Illustrated" in (RECIPE / "NOTICE").read_text(encoding="utf-8")


def test_recipe_fails_if_its_result_is_not_the_pinned_one(tmp_path: Path) -> None:
    copy = shutil.copytree(RECIPE, tmp_path / "recipe")
    card = copy / "model.toml"
    wanted = CARD["files"]["image.onnx"]["sha256"]
    card.write_text(card.read_text(encoding="utf-8").replace(wanted, "0" * 64), encoding="utf-8")
    result = make(tmp_path / "made", copy / "make.py")
    assert result.returncode == 1
    assert "image.onnx came out as sha256 " + wanted in result.stderr
    assert not (tmp_path / "made" / "image.onnx").exists()


def test_model_keeps_all_its_weights_in_one_file() -> None:
    import onnx

    graph = onnx.load_from_string(
        (files("nearsight") / "_assets/models/general/image.onnx").read_bytes()
    )
    assert not [tensor.name for tensor in graph.graph.initializer if tensor.external_data]


# ---- reading the weights


def test_changed_weights_are_refused_before_they_are_interpreted(
    recipe: ModuleType, tmp_path: Path
) -> None:
    import weights

    changed = tmp_path / "changed.pth"
    changed.write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")  # would run a command if it were unpickled
    with pytest.raises(weights.WeightsError, match=r"changed.pth: sha256 is .*, expected 5793"):
        weights.read_weights(changed, CARD["weights"]["sha256"])


def test_weights_that_ask_for_code_are_refused(recipe: ModuleType, tmp_path: Path) -> None:
    import weights

    hostile = b"cos\nsystem\n(S'exit 1'\ntR."
    path = tmp_path / "hostile.pth"
    path.write_bytes(hostile)
    with pytest.raises(weights.WeightsError, match=r"asks for os\.system"):
        weights.read_weights(path, hashlib.sha256(hostile).hexdigest())


# ---- what it computes


def test_float_graph_equals_an_independent_reference_on_real_photos(
    recipe: ModuleType, float_session: Any, opencv_photos: Path
) -> None:
    import weights

    source = files(CARD["weights"]["package"]) / CARD["weights"]["file"]
    arrays = weights.read_weights(Path(str(source)), CARD["weights"]["sha256"])
    pixels = framed([opencv_photos / name for name in PHOTOS])
    embedding, logits = run(float_session, pixels)
    wanted_embedding, wanted_logits = forward(arrays, pixels)
    worst = [abs(embedding - wanted_embedding).max(), abs(logits - wanted_logits).max()]
    print(f"max abs difference: embedding {worst[0]:.1e}, logits {worst[1]:.1e}")
    assert wanted_logits.std() > 0.3  # the reference says something
    assert max(worst) < 2e-5


def test_int8_weights_keep_the_direction_of_embeddings(
    float_session: Any, opencv_photos: Path, stamps: Path
) -> None:
    import nearsight.embedders

    paths = [opencv_photos / name for name in PHOTOS]
    paths += (
        sorted((stamps / "animals").rglob("*.png"))[::4]
        + sorted((stamps / "food").rglob("*.png"))[::6]
    )
    pixels = framed(paths)
    exact, exact_logits = run(float_session, pixels)
    stored = nearsight.embedders.load().embed(pixels)
    cosines = (exact * stored.vectors).sum(axis=1)
    cosines /= np.linalg.norm(exact, axis=1) * np.linalg.norm(stored.vectors, axis=1)
    agree = np.mean(exact_logits.argmax(axis=1) == stored.probabilities.argmax(axis=1))
    print(f"{len(paths)} pictures: cosine {cosines.mean():.5f}, worst {cosines.min():.5f}")
    print(f"the same class first in {agree:.3f}")
    assert len(paths) >= 40
    assert cosines.mean() >= 0.998
    assert cosines.min() >= 0.995
    assert agree >= 0.9
