"""What the cosine of two photographs means, and how far the general model's card is right about it.

    python tests/e2e/likeness.py

Same picture: every fourth of Debian's tuxpaint photographs (see concept_precision.py) and forty of
OpenCV's samples, each with nine altered copies (compressed, reduced, cropped by 10 % and 25 %, made
brighter, mirrored, turned by 5°, grey, several of these at once), against all pairs of different
pictures. Same subject: pairs of different tuxpaint photographs whose description names the same
sense of WordNet, or that share a concept of 30 leaves at most, against pairs that share no concept.

A logistic is fitted to one half of the pictures; the card's is judged on the other, which the fit
has not seen: how many of either kind of pairs it puts on the right side of 0.5, and how far its
probabilities lie from the truth (expected calibration error, ten bins, both kinds weighing the
same). Exit status 1 if that is more than promised below.
"""

import io
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from concept_precision import SENSES, STAMPS, what_stamps_show
from PIL import Image, ImageEnhance

from nearsight import embedders, pictures
from nearsight.embedders import Likeness
from nearsight.knowledge import ConceptTree

SAMPLES = Path("/usr/share/doc/opencv-doc/examples/data")
SPECIFIC = 30  # leaves of a concept that makes two pictures of it alike
MOST_WRONG = {"same picture": 0.03, "same subject": 0.06}  # expected calibration error


def main() -> int:
    """Print the measurement; 0 if the card is as right as promised."""
    embedder = embedders.load("general")
    assert isinstance(embedder, embedders.OnnxEmbedder)
    tree = ConceptTree.load()
    truth = what_stamps_show(tree)
    samples = [p for p in sorted(SAMPLES.glob("*")) if p.suffix in {".jpg", ".png"}]
    samples = [p for p in samples if not p.name.startswith(("left", "right"))][:40]
    assert len(samples) == 40, "install Debian's opencv-doc"
    fine = [
        judged("same picture", embedder.same_picture, *copies(embedder, truth, samples)),
        judged("same subject", embedder.same_subject, *subjects(embedder, tree, truth)),
    ]
    return 0 if all(fine) else 1


Pairs = tuple[np.ndarray, np.ndarray]  # cosines of pairs that are alike, and of others


def copies(
    embedder: embedders.Embedder, truth: dict[str, set[str]], samples: list[Path]
) -> tuple[Pairs, Pairs]:
    """Of each half of the pictures: cosines to altered copies, and between different ones."""
    sources = [*(STAMPS / stamp for stamp in list(truth)[::4]), *samples]
    found = []
    for source in sources:
        picture = pictures.open(source)
        versions = [picture, *(pictures.open(copy) for copy in altered(picture.pixels))]
        found.append(embed(embedder, versions))
    halves = [np.stack(found[half::2]) for half in (0, 1)]
    return tuple(  # type: ignore[return-value]
        (
            np.einsum("nd,nvd->nv", half[:, 0], half[:, 1:]).ravel(),
            (half[:, 0] @ half[:, 0].T)[np.triu_indices(len(half), 1)],
        )
        for half in halves
    )


def altered(image: Image.Image) -> list[bytes]:
    """Nine copies of a picture, as files."""

    def cropped(part: float) -> Image.Image:
        width, height = image.size
        left, top = int(width * part / 2), int(height * part / 2)
        return image.crop((left, top, max(left + 1, width - left), max(top + 1, height - top)))

    def reduced(picture: Image.Image, scale: float) -> Image.Image:
        size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
        return picture.resize(size, Image.Resampling.BICUBIC)

    return [
        saved(image, "JPEG", quality=40),
        saved(reduced(image, 0.5)),
        saved(cropped(0.1)),
        saved(cropped(0.25)),
        saved(ImageEnhance.Brightness(image).enhance(1.3)),
        saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        saved(image.rotate(5, expand=True, fillcolor="white")),
        saved(image.convert("L")),
        saved(reduced(cropped(0.1), 0.6), "JPEG", quality=50),
    ]


def saved(image: Image.Image, format: str = "PNG", **options: int) -> bytes:
    """The file of a picture."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def subjects(
    embedder: embedders.Embedder, tree: ConceptTree, truth: dict[str, set[str]]
) -> tuple[Pairs, Pairs]:
    """Of each half of the stamps: cosines of pairs of the same subject, and of unrelated pairs."""
    lines = [line.split("\t") for line in SENSES.read_text(encoding="utf-8").splitlines()]
    sense = {line[0]: line[2] for line in lines if len(line) == 4}
    shown = {s: {c for c in truth[s] if tree[c].shown} for s in truth}
    narrow = {s: {c for c in shown[s] if len(tree[c].leaves) <= SPECIFIC} for s in truth}
    halves = []
    for half in (0, 1):
        stamps = list(truth)[half::2]
        vectors = embed(embedder, [pictures.open(STAMPS / stamp) for stamp in stamps])
        cosine = vectors @ vectors.T
        alike, apart = [], []
        for (i, a), (j, b) in combinations(enumerate(stamps), 2):
            if (sense[a] == sense[b] != "-") or narrow[a] & narrow[b]:
                alike.append(cosine[i, j])
            elif not shown[a] & shown[b]:
                apart.append(cosine[i, j])
        halves.append((np.array(alike), np.array(apart)))
    return halves[0], halves[1]


def embed(embedder: embedders.Embedder, versions: list[pictures.Picture]) -> np.ndarray:
    """Unit embeddings, f32[n, dim]."""
    vectors = embedder.embed(np.stack([embedder.prepare(v) for v in versions])).vectors
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def judged(name: str, card: Likeness | None, first: Pairs, other: Pairs) -> bool:
    """Fit to the first half, judge the card on the other; is it as right as promised?"""
    assert card is not None
    slope, offset = fitted(*first)
    alike, apart = other
    cosines = np.concatenate(other)
    truth = np.repeat([1.0, 0.0], [len(alike), len(apart)])
    weights = np.where(truth > 0, 0.5 / len(alike), 0.5 / len(apart))
    said = np.array([card.of(float(np.clip(c, -1, 1))) for c in cosines])
    tenth = np.minimum((said * 10).astype(int), 9)
    gaps = np.bincount(tenth, weights * (said - truth))
    order = np.searchsorted(np.sort(apart), alike).mean() / len(apart)
    print(
        f"{name}: fit {slope:.1f} * cosine {offset:+.1f}, card {card.slope} {card.offset:+}; "
        f"{len(alike)} pairs alike, {len(apart)} not; alike is higher in {order:.4f}\n"
        f"    above 0.5: {(said[truth > 0] >= 0.5).mean():.3f} of those alike, "
        f"{(said[truth == 0] >= 0.5).mean():.4f} of the others; "
        f"calibration error {np.abs(gaps).sum():.3f}"
    )
    return bool(np.abs(gaps).sum() <= MOST_WRONG[name])


def fitted(alike: np.ndarray, apart: np.ndarray) -> tuple[float, float]:
    """Logistic regression by Newton's method, both kinds weighing the same: slope and offset."""
    design = np.c_[np.concatenate([alike, apart]), np.ones(len(alike) + len(apart))]
    truth = np.repeat([1.0, 0.0], [len(alike), len(apart)])
    weights = np.where(truth > 0, len(truth) / len(alike), len(truth) / len(apart)) / 2
    solution = np.zeros(2)
    for _ in range(50):
        said = 1 / (1 + np.exp(-design @ solution))
        curve = (design * (weights * said * (1 - said))[:, None]).T @ design + 1e-4 * np.eye(2)
        slope = design.T @ (weights * (said - truth)) + 1e-4 * solution
        solution -= np.linalg.solve(curve, slope)
    return float(solution[0]), float(solution[1])


if __name__ == "__main__":
    sys.exit(main())
