"""What a camera wrote into a picture: when, where, with what (Exif 3.0, CIPA DC-008).

At most three directories are read, never a chain of them, and every value is checked: EXIF of a
stranger can be wrong, but it can neither hang, fail nor fill the memory.
"""

import math
import re
import struct
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from functools import partial

from nearsight.pictures.ifd import EXIF, Directory, read_directory
from nearsight.pictures.unusable import UnusableError
from nearsight.values.geo import GeoPoint

__all__ = ["UNKNOWN", "Exif", "read_exif"]

_MAKE, _MODEL, _CAMERA, _PLACE = 271, 272, 34665, 34853
_EXPOSURE, _F_NUMBER, _FOCAL_LENGTH, _LENS = 33434, 33437, 37386, 42036
_ISO = (34855, 34867, 34866)  # the first stops at 65535, which then means: see the others
# Where a date stands and where its time zone: as taken, as digitized, and as last changed.
_DATES = ((_CAMERA, 36867, 36881), (_CAMERA, 36868, 36882), (0, 306, 36880))
_LATITUDE, _LONGITUDE = (1, 2, "NS"), (3, 4, "EW")
_DATE = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_YEARS = range(1826, 2200)  # from the oldest photograph; what is later was set by nobody
_MAX_OFFSET = timedelta(hours=14)
_MAX_TEXT = 120
_MAX_ISO = 1 << 24
_MAX_NUMBER = 1e6


@dataclass(frozen=True, slots=True)
class Exif:
    """What is known of how a picture was taken; whatever is missing, damaged or absurd is None.

    taken: when, as the camera's clock said; with its time zone if the camera wrote one, else naive.
    geo: where, in degrees.
    make, model, lens: the names, without NULs and blanks around them, up to 120 characters.
    iso: sensitivity. f_number: aperture. exposure_seconds, focal_length_mm: as their names say.
    """

    taken: datetime | None = None
    geo: GeoPoint | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    iso: int | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    focal_length_mm: float | None = None

    def metadata(self) -> dict[str, str | int | float]:
        """Only what is known, as JSON: the date in ISO 8601. Without the place: see `geo`.

        >>> Exif(taken=datetime(2019, 4, 14, 13, 46, 10), iso=100).metadata()
        {'taken': '2019-04-14T13:46:10', 'iso': 100}
        """
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "geo"}
        if self.taken is not None:
            said["taken"] = self.taken.isoformat()
        return {name: value for name, value in said.items() if value is not None}


UNKNOWN = Exif()
"""Nothing is known."""


def read_exif(data: bytes) -> Exif:
    """Read a TIFF structure with EXIF tags, with or without "Exif" before it. Never raises."""
    data = data.removeprefix(EXIF)
    first = _directory(data)
    if first is None:
        return UNKNOWN
    camera = _directory(data, _number(first, _CAMERA))
    return Exif(
        taken=_taken({0: first, _CAMERA: camera}),
        geo=_geo(_directory(data, _number(first, _PLACE))),
        make=_text(first, _MAKE),
        model=_text(first, _MODEL),
        lens=_text(camera, _LENS),
        iso=_iso(camera),
        f_number=_fraction(camera, _F_NUMBER),
        exposure_seconds=_fraction(camera, _EXPOSURE),
        focal_length_mm=_fraction(camera, _FOCAL_LENGTH),
    )


def _directory(data: bytes, start: int | None = None) -> Directory | None:
    """Return the first directory, or the one at `start`; None where there is none (0 is none)."""
    try:
        return None if start == 0 else read_directory(data, start)
    except (UnusableError, struct.error):
        return None


def _number(directory: Directory | None, tag: int) -> int:
    """Return the first whole number of a tag, 0 if there is none."""
    try:
        return directory.numbers(tag)[0] if directory else 0
    except (UnusableError, struct.error, IndexError):
        return 0


def _fractions(directory: Directory, tag: int) -> tuple[float, ...]:
    try:
        return directory.fractions(tag)
    except (UnusableError, struct.error):
        return ()


def _text(directory: Directory | None, tag: int) -> str | None:
    """Return a text that can be printed; what is no UTF-8 is taken as Latin-1."""
    try:
        raw = directory.text(tag)[: 4 * _MAX_TEXT] if directory else b""
    except (UnusableError, struct.error):
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:_MAX_TEXT].strip() or None


def _iso(camera: Directory | None) -> int | None:
    known = map(partial(_number, camera), _ISO)
    return next((iso for iso in known if 0 < iso <= _MAX_ISO and iso != 0xFFFF), None)


def _fraction(camera: Directory | None, tag: int) -> float | None:
    """Return a positive quantity, rounded to what rationals of 32 bits can mean."""
    found = _fractions(camera, tag) if camera else ()
    return float(f"{found[0]:.6g}") if len(found) == 1 and 0 < found[0] <= _MAX_NUMBER else None


def _taken(directories: dict[int, Directory | None]) -> datetime | None:
    for home, tag, zone in _DATES:
        if date := _date(_text(directories[home], tag), _text(directories[_CAMERA], zone)):
            return date
    return None


def _date(text: str | None, zone: str | None) -> datetime | None:
    found = _DATE.fullmatch(text or "")
    if found is None or int(found[1]) not in _YEARS:
        return None
    try:
        return datetime(*map(int, found.groups()), tzinfo=_zone(zone))  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def _zone(text: str | None) -> timezone | None:
    found = _OFFSET.fullmatch(text or "")
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset) if offset <= _MAX_OFFSET else None


def _geo(directory: Directory | None) -> GeoPoint | None:
    if directory is None:
        return None
    latitude, longitude = _degrees(directory, *_LATITUDE), _degrees(directory, *_LONGITUDE)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return GeoPoint(latitude, longitude)


def _degrees(directory: Directory, side: int, tag: int, letters: str) -> float:
    """Return a latitude or longitude; NaN where any part of it is missing or absurd."""
    letter = (_text(directory, side) or "").upper()
    parts = _fractions(directory, tag)
    if letter not in [*letters] or not 1 <= len(parts) <= 3:
        return math.nan
    degrees, minutes, seconds = (*parts, 0.0, 0.0)[:3]
    if not (degrees >= 0 and 0 <= minutes <= 60 and 0 <= seconds <= 60):
        return math.nan
    # Eight digits are a millimetre. Adding 0.0 makes 0.0 of -0.0.
    found = round(degrees + minutes / 60 + seconds / 3600, 8)
    return (-found if letter == letters[1] else found) + 0.0
