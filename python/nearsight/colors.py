"""The colours of a picture, by name and share, found without a model.

Its pixels, 96 x 96 at most, are grouped by k-means in CIE L*a*b* (D65), where distance is what
people see as difference. Names are those of CSS Color Module 4: 139 colours, one name each (gray
and not grey, cyan and not aqua, magenta and not fuchsia).
"""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import ArgumentError

if TYPE_CHECKING:
    from nearsight.pictures import Picture

__all__ = ["Color", "named", "palette"]

Floats = NDArray[np.float64]

_SIDE = 96
_MOST = 16
_ROUNDS = 20
_OPAQUE = 128  # of 255: what is more transparent than that is no colour of the picture
_WHITE = np.array([0.95047, 1.0, 1.08883])
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)
_TO_LAB = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])
_NAMES = """
aliceblue f0f8ff antiquewhite faebd7 aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4
black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887
cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed
cornsilk fff8dc crimson dc143c cyan 00ffff darkblue 00008b darkcyan 008b8b darkgoldenrod
b8860b darkgray a9a9a9 darkgreen 006400 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen
556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000 darksalmon e9967a darkseagreen
8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkturquoise 00ced1 darkviolet 9400d3
deeppink ff1493 deepskyblue 00bfff dimgray 696969 dodgerblue 1e90ff firebrick b22222
floralwhite fffaf0 forestgreen 228b22 gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 goldenrod
daa520 gray 808080 green 008000 greenyellow adff2f honeydew f0fff0 hotpink ff69b4 indianred
cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen
7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff
lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90 lightpink ffb6c1 lightsalmon
ffa07a lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899 lightsteelblue b0c4de
lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 magenta ff00ff maroon 800000
mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db
mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc
mediumvioletred c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5
navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500
orangered ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee
palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd
powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue
4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee
sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 snow fffafa
springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347
turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00
yellowgreen 9acd32
"""


class Color(NamedTuple):
    """One colour of a picture: its nearest name, itself as "#rrggbb", its share of the picture."""

    name: str
    hex: str
    share: float


def palette(picture: "Picture", n: int = 5) -> list[Color]:
    """Return up to `n` (1..16) colours with different names, the largest share first.

    Of several that have the same name the largest is shown, and their shares are added.

    The shares sum to 1. Transparent parts do not count; a picture that is nothing else has no
    colours. The same pixels always give the same colours.

    Raises ArgumentError when `n` is not a whole number in 1..16.

    >>> from nearsight import pictures
    >>> palette(pictures.open(np.full((9, 9, 3), (70, 130, 180), np.uint8)))
    [Color(name='steelblue', hex='#4682b4', share=1.0)]
    """
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= _MOST:
        raise ArgumentError(f"palette(n={n!r}): give a whole number in 1..{_MOST}")
    tones, weights = _tones(_colours_of(picture))
    if not len(tones):
        return []
    groups = _grouped(tones, weights, n)
    shares = np.bincount(groups, weights) / weights.sum()
    hexes = [_hex(mean) for mean in _means(tones, weights, groups)]
    found: dict[str, Color] = {}
    for place in np.argsort(-shares, kind="stable"):
        name, share = named(hexes[place]), float(shares[place])
        known = found.get(name, Color(name, hexes[place], 0.0))
        found[name] = known._replace(share=known.share + share)
    return sorted(found.values(), key=lambda color: (-color.share, color.name))


def named(hex: str) -> str:
    """Return the name of the colour that is nearest to "#rrggbb" to the eye.

    >>> named("#fe0102")
    'red'
    """
    try:
        rgb = np.frombuffer(bytes.fromhex(hex.removeprefix("#")), np.uint8).reshape(1, 3)
    except (ValueError, AttributeError):
        raise ArgumentError(f"named({hex!r:.40}): give a colour as '#rrggbb'") from None
    names, places = _named_colours()
    return names[_distances(_to_lab(rgb), places).argmin()]


def _colours_of(picture: "Picture") -> Floats:
    """The colours, 0..255 as float64[m, 3], of a small copy of what is not transparent."""
    times = -(-max(picture.pixels.size) // _SIDE)
    rgb = np.asarray(picture.pixels.reduce(times), np.float64).reshape(-1, 3)
    if picture.alpha is None:
        return rgb
    alpha = np.asarray(picture.alpha.reduce(times), np.float64).reshape(-1, 1)
    seen = alpha[:, 0] >= _OPAQUE
    # The pixels stand on white: take away what shines through.
    own = (rgb[seen] - (255 - alpha[seen])) / (alpha[seen] / 255)
    return np.asarray(np.clip(own, 0, 255))


def _tones(rgb: Floats) -> tuple[Floats, Floats]:
    """Pixels that hardly differ, as one: their means in Lab float64[t, 3] and counts float64[t]."""
    cells = (rgb.astype(np.uint32) >> 3) @ np.array([1024, 32, 1], np.uint32)
    _, tones, counts = np.unique(cells, return_inverse=True, return_counts=True)
    lab = _to_lab(rgb)
    sums = [np.bincount(tones, lab[:, axis], len(counts)) for axis in range(3)]
    return np.stack(sums, axis=1) / counts[:, None], counts.astype(np.float64)


def _grouped(tones: Floats, weights: Floats, n: int) -> NDArray[np.intp]:
    """Weighted k-means: the group of each tone. It starts from tones far apart and common."""
    centres = tones[[weights.argmax()]]
    while len(centres) < min(n, len(tones)):
        gain = weights * _distances(tones, centres).min(axis=1)
        centres = np.vstack([centres, tones[gain.argmax()]])
    groups = _distances(tones, centres).argmin(axis=1)
    for _ in range(_ROUNDS):
        again = _distances(tones, _means(tones, weights, groups)).argmin(axis=1)
        if np.array_equal(again, groups):
            break
        groups = again
    return np.unique(groups, return_inverse=True)[1]


def _means(tones: Floats, weights: Floats, groups: NDArray[np.intp]) -> Floats:
    """The centre of every group that has a tone, float64[groups, 3]."""
    held = np.bincount(groups, weights)
    sums = [np.bincount(groups, weights * tones[:, axis]) for axis in range(3)]
    return (np.stack(sums, axis=1)[held > 0]) / held[held > 0, None]


def _distances(lab: Floats, centres: Floats) -> Floats:
    """Squared distances, float64[len(lab), len(centres)]."""
    return np.asarray(((lab[:, None] - centres[None]) ** 2).sum(axis=2))


@cache
def _named_colours() -> tuple[list[str], Floats]:
    words = _NAMES.split()
    rgb = np.array([list(bytes.fromhex(word)) for word in words[1::2]], np.uint8)
    return words[::2], _to_lab(rgb)


def _to_lab(rgb: NDArray[np.generic]) -> Floats:
    """Turn sRGB 0..255 (IEC 61966-2-1), [m, 3], into L*a*b*."""
    shares = np.asarray(rgb, np.float64) / 255
    light = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    xyz = light @ _TO_XYZ.T / _WHITE
    roots = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.asarray(roots @ _TO_LAB.T - np.array([16.0, 0.0, 0.0]))


def _hex(lab: Floats) -> str:
    """Turn one L*a*b* colour back into the nearest "#rrggbb"."""
    level = (lab[0] + 16) / 116
    roots = np.array([level + lab[1] / 500, level, level - lab[2] / 200])
    xyz = np.where(roots > 6 / 29, roots**3, (116 * roots - 16) * 27 / 24389) * _WHITE
    light = np.clip(np.linalg.solve(_TO_XYZ, xyz), 0, 1)
    shares = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return "#" + bytes(np.rint(shares * 255).astype(np.uint8)).hex()
