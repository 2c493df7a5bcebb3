"""Embedders: what they promise, what they do to pictures first, and what they refuse."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nearsight import ArgumentError, ModelError, NotFoundError, pictures
from nearsight.embedders import Embedder, Grid, OnnxEmbedder, load
from nearsight.embedders.card import Card, File, read_card
from nearsight.embedders.onnx import softmax
from nearsight.embedders.preprocess import frame
from nearsight.pictures import Picture

GENERAL = Path(str(files("nearsight") / "_assets/models/general"))
TOLERANCE = 1e-4  # between batch sizes, as `OnnxEmbedder.embed` promises


@pytest.fixture(scope="module")
def general() -> Embedder:
    return load(threads=1)


@pytest.fixture(scope="module")
def photos(stamps: Path) -> NDArray[np.uint8]:
    """Give 32 real photos, prepared for the general model."""
    paths = sorted((stamps / "animals").rglob("*.png"))[:64:2]
    return np.stack([load().prepare(pictures.open(path)) for path in paths])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the general model's folder, to be damaged."""
    return Path(shutil.copytree(GENERAL, tmp_path / "general"))


# ---- the promise


def test_general_model_is_what_its_card_says(general: Embedder) -> None:
    assert (general.name, general.dim, len(general.labels)) == ("general", 1280, 1000)
    assert general.labels[0] == "n01440764"


def test_fingerprints_change_only_on_purpose(general: Embedder) -> None:
    """Databases are bound to them: a new one means that every user embeds every picture again."""
    assert general.fingerprint == "5e78e9636597f2b10618cbb210527c06845b85a32e69e8e83d570dfe00a5f246"
    assert Grid().fingerprint == "3cc58791ba9290b5b62f9dc1a9694840504c2ca321658f74bb798abfcb66e6fb"


@pytest.mark.parametrize("change", [{"size": 240}, {"crop": 0.9}, {"interpolation": "bilinear"}])
def test_fingerprint_covers_preprocessing(change: dict[str, object]) -> None:
    card = read_card(GENERAL)
    assert replace(card, **change).fingerprint != card.fingerprint


def test_fingerprint_covers_the_weights() -> None:
    card = read_card(GENERAL)
    other = (File("image.onnx", 1, "0" * 64), *card.files[1:])
    assert replace(card, files=other).fingerprint != card.fingerprint


def test_photos_get_vectors_and_probabilities(general: Embedder, photos: NDArray[np.uint8]) -> None:
    vectors, probabilities = general.embed(photos)
    assert (vectors.shape, vectors.dtype) == ((32, 1280), np.float32)
    assert (probabilities.shape, probabilities.dtype) == ((32, 1000), np.float32)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (vectors.std(axis=0) > 0).mean() > 0.9  # pictures differ


@pytest.mark.parametrize(
    ("name", "id"),
    [("messi5.jpg", "n04254680"), ("squirrel_cls.jpg", "n02356798"), ("fruits.jpg", "n07749582")],
)
def test_real_photos_are_recognised(
    general: Embedder, opencv_photos: Path, name: str, id: str
) -> None:
    picture = pictures.open(opencv_photos / name)
    _, probabilities = general.embed(general.prepare(picture)[None])
    assert general.labels[probabilities[0].argmax()] == id


def test_rows_do_not_depend_on_the_batch(general: Embedder, photos: NDArray[np.uint8]) -> None:
    at_once = general.embed(photos)
    for size in (1, 8):
        pieces = [general.embed(photos[i : i + size]) for i in range(0, len(photos), size)]
        for whole, part in zip(at_once, zip(*pieces, strict=True), strict=True):
            worst = float(abs(whole - np.concatenate(part)).max())
            print(f"batch {size} against 32: {worst:.1e}")
            assert worst <= TOLERANCE


def test_rows_do_not_depend_on_threads_or_session(
    general: Embedder, photos: NDArray[np.uint8]
) -> None:
    other = load(threads=2)
    assert (
        abs(general.embed(photos[:4]).vectors - other.embed(photos[:4]).vectors).max() <= TOLERANCE
    )


def test_embedding_again_gives_the_same_bits(general: Embedder, photos: NDArray[np.uint8]) -> None:
    assert np.array_equal(
        general.embed(photos[:8]).vectors, load(threads=1).embed(photos[:8]).vectors
    )


def test_several_threads_may_embed_at_once(photos: NDArray[np.uint8]) -> None:
    fresh = load(threads=1)  # all four race to load it
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda i: fresh.embed(photos[i : i + 4]).vectors, (0, 4, 8, 12)))
    assert np.array_equal(np.concatenate(results), fresh.embed(photos[:16]).vectors)


@pytest.mark.parametrize("model", ["general", "grid"])
def test_no_pictures_give_no_rows(model: str) -> None:
    embedder = load(model)
    side = embedder.prepare(picture_of(Image.new("RGB", (9, 9)))).shape[0]
    vectors, probabilities = embedder.embed(np.zeros((0, side, side, 3), np.uint8))
    assert vectors.shape == (0, embedder.dim)
    assert probabilities.shape == (0, len(embedder.labels))


def test_softmax_survives_logits_that_would_overflow() -> None:
    rows = softmax(np.array([[1000, 999, -1000], [0, 0, 0]], np.float32))
    assert rows.dtype == np.float32
    assert np.allclose(rows, [[0.7310586, 0.2689414, 0], [1 / 3] * 3])


# ---- the grid


def test_grid_rows_are_the_same_in_any_batch(opencv_photos: Path) -> None:
    grid, pixels = Grid(), np.stack([Grid().prepare(photo) for photo in ten_photos(opencv_photos)])
    alone = [grid.embed(pixels[i : i + 1]).vectors for i in range(len(pixels))]
    assert np.array_equal(np.concatenate(alone), grid.embed(pixels).vectors)


def test_grid_finds_smaller_recompressed_copies(opencv_photos: Path) -> None:
    grid, photos = Grid(), ten_photos(opencv_photos)
    copies = [pictures.open(smaller_jpeg(photo)) for photo in photos]
    directions = [
        unit(grid.embed(np.stack([grid.prepare(p) for p in some]))[0]) for some in (copies, photos)
    ]
    assert (directions[0] @ directions[1].T).argmax(axis=1).tolist() == list(range(10))


def test_grid_gives_plain_pictures_a_direction() -> None:
    for colour in ("black", "white", (127, 127, 127), (128, 128, 128)):
        row = Grid().embed(Grid().prepare(picture_of(Image.new("RGB", (80, 60), colour)))[None])
        assert np.linalg.norm(row.vectors) > 0


# ---- framing


def test_photographs_keep_the_central_square() -> None:
    """224 / 256 of the short side: a frame of that width is cut away to the pixel."""
    picture = Image.new("RGB", (400, 256), "blue")
    picture.paste("red", (88, 16, 312, 240))
    framed = frame(picture_of(picture), 224, 0.875, "bicubic")
    assert framed.shape == (224, 224, 3)
    assert (framed == (255, 0, 0)).all()


def test_cut_outs_are_fitted_whole_on_white() -> None:
    picture = picture_of(Image.new("RGB", (300, 100), "red"), transparent=True)
    framed = frame(picture, 224, 0.875, "bicubic")
    rows = np.flatnonzero((framed == (255, 0, 0)).all(axis=(1, 2)))
    assert (rows[0], rows[-1]) == (74, 148)  # 75 rows: a third of 224, in the middle
    assert (framed[:74] == 255).all()
    assert (framed[149:] == 255).all()


def test_a_picture_on_white_is_fitted_whole_like_the_cut_out_it_is_a_copy_of() -> None:
    cutout = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(cutout).ellipse((10, 10, 290, 90), fill="red")
    as_copy = frame(picture_of(cutout), 224, 0.875, "bicubic")
    as_cutout = frame(picture_of(cutout, transparent=True), 224, 0.875, "bicubic")
    np.testing.assert_array_equal(as_copy, as_cutout)


def test_a_bright_sky_does_not_make_a_photograph_a_cut_out() -> None:
    photo = Image.new("RGB", (400, 300), "green")
    ImageDraw.Draw(photo).rectangle((0, 0, 200, 60), fill="white")
    framed = frame(picture_of(photo), 224, 0.875, "bicubic")
    assert tuple(framed[-1, -1]) == (0, 128, 0)
    assert tuple(framed[0, -1]) == (0, 128, 0)


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("size", [(600, 300), (300, 600)])
def test_circles_stay_circles(size: tuple[int, int], transparent: bool) -> None:
    picture = Image.new("RGB", size, "white")
    x, y = size[0] // 2, size[1] // 2
    ImageDraw.Draw(picture).ellipse((x - 60, y - 60, x + 60, y + 60), "black")
    dark = frame(picture_of(picture, transparent), 224, 0.875, "bicubic").max(axis=2) < 128
    height, width = dark.any(axis=1).sum(), dark.any(axis=0).sum()
    assert abs(int(height) - int(width)) <= 1
    assert height > 40


def test_what_is_hidden_under_transparency_is_not_seen(general: Embedder) -> None:
    """Most cut-outs keep black under their transparent pixels; `convert("RGB")` would show it."""
    cut_out = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    cut_out.paste((255, 0, 0, 255), (40, 40, 60, 60))
    file = BytesIO()
    cut_out.save(file, "PNG")
    framed = general.prepare(pictures.open(file.getvalue()))
    assert (framed[0] == 255).all()
    assert framed[112, 112].tolist() == [255, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
@pytest.mark.parametrize("transparent", [False, True])
def test_tiny_and_thin_pictures_can_be_framed(size: tuple[int, int], transparent: bool) -> None:
    framed = frame(picture_of(Image.new("RGB", size, "red"), transparent), 224, 0.875, "bicubic")
    assert framed.shape == (224, 224, 3)
    assert (framed == (255, 0, 0)).all(axis=2).any()


# ---- what is refused


def test_unknown_model_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"no model is called 'clip'; there are general, grid"):
        load("clip")
    with pytest.raises(NotFoundError, match=r"no model is called '\.\./models/general'"):
        load("../models/general")


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads: int) -> None:
    with pytest.raises(ArgumentError, match="give at least 1"):
        load(threads=threads)


@pytest.mark.parametrize("model", ["general", "grid"])
@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 100, 100, 3), np.uint8),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((1, 64, 64, 3), np.float32),
        np.zeros((0,), np.uint8),
    ],
    ids=["size", "no batch", "floats", "small floats", "flat"],
)
def test_pixels_of_another_shape_are_refused(model: str, pixels: NDArray[np.uint8]) -> None:
    embedder = load(model)
    with pytest.raises(ModelError, match=r"takes uint8\[n, .*make it with prepare"):
        embedder.embed(pixels)


def test_changed_model_file_is_refused(copy: Path) -> None:
    graph = copy / "image.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    with pytest.raises(ModelError, match=r"image\.onnx was changed or damaged: .* install"):
        embed_one(OnnxEmbedder(read_card(copy), 1))


def test_missing_model_file_is_refused(copy: Path) -> None:
    embedder = OnnxEmbedder(read_card(copy), 1)
    (copy / "image.onnx").unlink()
    with pytest.raises(ModelError, match=r"image\.onnx cannot be read \(No such file"):
        embed_one(embedder)


@pytest.mark.parametrize(
    ("card", "message"),
    [(None, "cannot be read"), ("name = ", "no readable TOML"), ("dim = 1", "not a model's card")],
)
def test_bad_card_is_refused(copy: Path, card: str | None, message: str) -> None:
    (copy / "model.toml").unlink()
    if card is not None:
        (copy / "model.toml").write_text(card)
    with pytest.raises(ModelError, match=message):
        read_card(copy)


def test_missing_installation_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    with pytest.raises(ModelError, match="models are not installed"):
        load()


def test_missing_onnxruntime_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs onnxruntime.*pip install"):
        embed_one(load(threads=1))


def test_file_that_is_no_model_is_refused(copy: Path) -> None:
    with pytest.raises(ModelError, match=r"onnxruntime [\d.]+ does not load it"):
        embed_one(OnnxEmbedder(card_of(copy, b"not a graph"), 1))


def test_weights_in_another_file_are_refused(copy: Path) -> None:
    import onnx

    graph = onnx.load_from_string((copy / "image.onnx").read_bytes())
    onnx.external_data_helper.set_external_data(graph.graph.initializer[-1], "elsewhere.bin")
    with pytest.raises(ModelError, match=r"keeps weights outside image\.onnx"):
        embed_one(OnnxEmbedder(card_of(copy, graph.SerializeToString()), 1))


def test_numbers_that_are_not_finite_are_refused(copy: Path) -> None:
    import onnx

    graph = onnx.load_from_string((copy / "image.onnx").read_bytes())
    for tensor in graph.graph.initializer:
        if tensor.name == "classifier_bias":
            tensor.raw_data = np.full(1000, np.nan, np.float32).tobytes()
    with pytest.raises(ModelError, match="not finite"):
        embed_one(OnnxEmbedder(card_of(copy, graph.SerializeToString()), 1))


# ---- laziness


def test_importing_and_loading_pulls_in_neither_runtime_nor_codec() -> None:
    in_python(
        "import sys, nearsight.embedders as e; e.load(); e.Grid()\n"
        "assert not {'PIL', 'onnxruntime', 'onnx'} & set(sys.modules)"
    )


def test_forked_process_can_embed() -> None:
    """The runtime's threads are not there after a fork; waiting for them would be for ever."""
    in_python(
        "import os, sys, warnings, numpy as np, nearsight.embedders as e\n"
        "warnings.simplefilter('ignore')\n"
        "model = e.load(threads=2)\n"
        "pixels = np.full((1, 224, 224, 3), 99, np.uint8)\n"
        "before = model.embed(pixels).vectors\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if np.array_equal(model.embed(pixels).vectors, before) else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )


# ---- tools


def in_python(code: str) -> None:
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr


def picture_of(pixels: Image.Image, transparent: bool = False) -> Picture:
    alpha = Image.new("L", pixels.size) if transparent else None
    return Picture("a test", None, b"", "ARRAY", *pixels.size, 0, pixels, alpha)


def card_of(folder: Path, graph: bytes) -> Card:
    """Give the card of a model whose graph was replaced, pinned as if on purpose."""
    (folder / "image.onnx").write_bytes(graph)
    card = read_card(folder)
    pin = File("image.onnx", len(graph), sha256(graph).hexdigest())
    return replace(card, files=(pin, *card.files[1:]))


def embed_one(embedder: Embedder) -> None:
    embedder.embed(np.zeros((1, 224, 224, 3), np.uint8))


def ten_photos(folder: Path) -> list[Picture]:
    paths = [path for path in sorted(folder.glob("*.jpg")) if "left" not in path.name]
    return [pictures.open(path) for path in paths[::3][:10]]


def smaller_jpeg(photo: Picture) -> bytes:
    file = BytesIO()
    width, height = photo.pixels.size
    photo.pixels.resize((width // 2, height // 2)).save(file, "JPEG", quality=50)
    return file.getvalue()


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
