"""The inputs worth keeping of a target: one file of lines, each an input in hexadecimal digits."""

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def kept(target: str) -> list[bytes]:
    """Its inputs, in the order of the file; none if it has no file."""
    file = CORPUS / f"{target}.hex"
    return [bytes.fromhex(line) for line in file.read_text().splitlines()] if file.exists() else []


def keep(target: str, inputs: set[bytes]) -> None:
    """Add `inputs` to those of `target`, each once, the shortest first."""
    every = sorted(inputs.union(kept(target)), key=lambda each: (len(each), each))
    (CORPUS / f"{target}.hex").write_text("".join(f"{each.hex()}\n" for each in every))
