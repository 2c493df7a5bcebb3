"""What cameras wrote into real photos, in every format, and what hostile EXIF comes to: nothing."""

import json
import math
import random
import struct
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from nearsight import pictures
from nearsight.pictures import Exif
from nearsight.pictures.exif import UNKNOWN, read_exif
from nearsight.pictures.formats import read_header
from nearsight.values.geo import GeoPoint

MAKE, MODEL, DATE, CAMERA, PLACE = 271, 272, 306, 34665, 34853
TAKEN, DIGITIZED, ZONE, ISO = 36867, 36868, 36881, 34855


def written(camera: dict | None = None, place: dict | None = None, **first: object) -> bytes:
    """EXIF with these tags, by Pillow: IFD0 by keyword, the camera's and the place's by number."""
    exif = Image.Exif()
    for name, value in first.items():
        exif[{"make": MAKE, "model": MODEL, "date": DATE}[name]] = value
    exif.get_ifd(CAMERA).update(camera or {})
    exif.get_ifd(PLACE).update(place or {})
    return exif.tobytes()


def fraction(over: int, under: int) -> IFDRational:
    return IFDRational(over, under)


def place(latitude: tuple, longitude: tuple, sides: str = "NE") -> bytes:
    return written(place={1: sides[0], 2: latitude, 3: sides[1], 4: longitude})


def taken(camera: dict, **first: object) -> datetime | None:
    return read_exif(written(camera, **first)).taken


def test_a_phone_tells_when_where_and_with_what(opencv_photos: Path) -> None:
    assert pictures.open(opencv_photos / "leuvenA.jpg").exif == Exif(
        taken=datetime(2019, 4, 14, 13, 46, 10),
        geo=GeoPoint(50.87152778, 4.69698333),
        make="Apple",
        model="iPhone 6",
        lens="iPhone 6 back camera 4.15mm f/2.2",
        iso=32,
        f_number=2.2,
        exposure_seconds=0.000555864,
        focal_length_mm=4.15,
    )


def test_south_and_west_are_negative(opencv_photos: Path) -> None:
    place = pictures.open(opencv_photos / "ela_original.jpg").exif.geo
    assert place == GeoPoint(-23.52260294, -47.5044985)  # Sorocaba, Brazil


def test_a_camera_of_2002_has_no_place(opencv_photos: Path) -> None:
    exif = pictures.open(opencv_photos / "board.jpg").exif
    assert exif.geo is None
    assert exif.metadata() == {
        "taken": "2002-09-13T18:59:18",
        "make": "OLYMPUS OPTICAL CO.,LTD",
        "model": "C2000Z",
        "iso": 100,
        "f_number": 6.3,
        "exposure_seconds": 0.01,
        "focal_length_mm": 13.9,
    }


def test_every_real_photo_is_read_as_pillow_reads_it(opencv_photos: Path) -> None:
    seen = 0
    for path in sorted(opencv_photos.glob("*.jpg")):
        with Image.open(path) as photo:
            theirs = photo.getexif()
            camera = theirs.get_ifd(CAMERA)
        ours = read_header(path.read_bytes()).exif
        exif = read_exif(ours)
        assert exif.make == (str(theirs.get(MAKE, "")).strip(" \0") or None)
        assert exif.iso == camera.get(ISO)
        date = camera.get(TAKEN) or theirs.get(DATE)
        assert exif.taken == (datetime.strptime(date, "%Y:%m:%d %H:%M:%S") if date else None)
        assert exif.f_number == (pytest.approx(float(camera[33437])) if 33437 in camera else None)
        seen += exif != UNKNOWN
    assert seen >= 10


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_carries_it(opencv_photos: Path, kind: str) -> None:
    with Image.open(opencv_photos / "leuvenA.jpg") as photo:
        exif, small = photo.getexif(), photo.convert("RGB").resize((80, 60))
    file = BytesIO()
    small.save(file, kind, exif=exif)
    assert pictures.open(file.getvalue()).exif == pictures.open(opencv_photos / "leuvenA.jpg").exif
    with Image.open(file) as again:
        known = pictures.open(again).exif
    assert known.make == ("Apple" if kind != "TIFF" else None)  # Pillow keeps no bytes of TIFF's


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_without_it_knows_nothing(kind: str) -> None:
    file = BytesIO()
    Image.new("RGB", (9, 9)).save(file, kind)
    picture = pictures.open(file.getvalue())
    assert picture.exif == UNKNOWN
    assert picture.exif.metadata() == {}


def test_metadata_is_json_of_what_is_known() -> None:
    known = read_exif(written({TAKEN: "2020:02:29 12:00:00", ZONE: "+09:00"}, make="Ricoh"))
    assert json.loads(json.dumps(known.metadata())) == {
        "taken": "2020-02-29T12:00:00+09:00",
        "make": "Ricoh",
    }


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("+00:00", 0), ("-05:30", -330), ("+14:00", 840)],
)
def test_a_time_zone_makes_the_date_exact(zone: str, offset: int) -> None:
    date = taken({TAKEN: "2020:01:02 03:04:05", ZONE: zone})
    assert date == datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(minutes=offset)))


@pytest.mark.parametrize("zone", ["", "   :  ", "+24:00", "+09:99", "Z", "09:00", "+٠٩:00"])
def test_a_broken_time_zone_leaves_the_date_naive(zone: str) -> None:
    date = taken({TAKEN: "2020:01:02 03:04:05", ZONE: zone.encode()})
    assert date == datetime(2020, 1, 2, 3, 4, 5)
    assert date.tzinfo is None


def test_the_first_date_that_is_one_counts() -> None:
    good, other = "2001:01:01 00:00:00", "2002:02:02 00:00:00"
    assert taken({TAKEN: good, DIGITIZED: other}, date=other) == datetime(2001, 1, 1)
    assert taken({TAKEN: "0000:00:00", DIGITIZED: good}, date=other) == datetime(2001, 1, 1)
    assert taken({}, date=good) == datetime(2001, 1, 1)
    assert taken({DIGITIZED: good, ZONE: "+01:00"}) == datetime(2001, 1, 1)  # the other's zone
    assert taken({DIGITIZED: good, 36882: "+00:00"}).tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2020:13:01 00:00:00",
        "2021:02:29 00:00:00",
        "2020:01:01 24:00:00",
        "2020:01:01 00:00:60",
        "9999:12:31 23:59:59",
        "0001:01:01 00:00:00",
        "2020:01:01",
        "yesterday",
        "٢٠٢٠:01:01 00:00:00",
        "2020:01:01 00:00:00 and more",
    ],
)
def test_a_date_that_is_none_is_unknown(text: str) -> None:
    assert taken({TAKEN: text.encode()}) is None


def test_dates_of_careless_software_are_read() -> None:
    for text in ("2020-01-02 03:04:05", "2020/01/02 03:04:05", "2020-01-02T03:04:05"):
        assert taken({TAKEN: text}) == datetime(2020, 1, 2, 3, 4, 5)


FIFTY = (fraction(50, 1), fraction(30, 1), fraction(0, 1))


@pytest.mark.parametrize(
    ("latitude", "sides"),
    [
        ((fraction(0, 0), fraction(0, 0), fraction(0, 0)), "NE"),
        ((fraction(50, 1), fraction(30, 1), fraction(1, 0)), "NE"),
        ((fraction(91, 1), fraction(0, 1), fraction(0, 1)), "NE"),
        ((fraction(90, 1), fraction(0, 1), fraction(1, 1)), "NE"),
        ((fraction(50, 1), fraction(61, 1), fraction(0, 1)), "NE"),
        ((fraction(50, 1), fraction(0, 1), fraction(61, 1)), "NE"),
        ((fraction(4294967295, 1), fraction(0, 1), fraction(0, 1)), "NE"),
        (FIFTY, "XE"),
        (FIFTY, "NN"),
        (FIFTY, "EN"),
        (FIFTY, "\0\0"),
        ((fraction(1, 1),) * 4, "NE"),
        ((fraction(1, 1),) * 9, "NE"),
    ],
)
def test_a_place_that_is_none_is_unknown(latitude: tuple, sides: str) -> None:
    assert read_exif(place(latitude, FIFTY, sides)).geo is None


def test_places_at_the_edges_are_places() -> None:
    ninety = (fraction(90, 1), fraction(0, 1), fraction(0, 1))
    side = (fraction(180, 1), fraction(0, 1), fraction(0, 1))
    zero = (fraction(0, 1),) * 3
    assert read_exif(place(ninety, side, "SW")).geo == GeoPoint(-90.0, -180.0)
    equator = read_exif(place(zero, zero, "SW")).geo
    assert equator == GeoPoint(0.0, 0.0)
    assert math.copysign(1, equator.latitude) == math.copysign(1, equator.longitude) == 1


def test_degrees_may_come_as_one_number_or_two() -> None:
    exact = (fraction(505, 10),)
    minutes = (fraction(50, 1), fraction(30, 1))
    assert read_exif(place(exact, minutes)).geo == GeoPoint(50.5, 50.5)


def test_text_is_cleaned_and_never_too_long() -> None:
    assert read_exif(written(make="  NIKON\tCORP \r\n")).make == "NIKON CORP"
    assert read_exif(written(make="A" * 100_000)).make == "A" * 120
    assert read_exif(written(make=" \0Canon")).make is None
    assert read_exif(written(make="Müller".encode())).make == "Müller"
    assert read_exif(written(make="X").replace(b"X\0", b"\xff\0")).make == "ÿ"
    assert read_exif(written(make="A\u202egpj".encode())).make == "A gpj"


def test_absurd_numbers_are_unknown() -> None:
    assert read_exif(written({ISO: 0})).iso is None
    assert read_exif(written({ISO: 65535, 34867: 102400})).iso == 102400
    assert read_exif(written({ISO: 65535})).iso is None
    for value in (fraction(0, 1), fraction(1, 0), fraction(0, 0), fraction(4294967295, 1)):
        camera = {33434: value, 33437: value, 37386: value}
        assert read_exif(written(camera)) == UNKNOWN


# ---- Hostile EXIF.


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def directory(*entries: bytes, start: int = 8) -> bytes:
    return b"II*\0" + struct.pack("<IH", start, len(entries)) + b"".join(entries) + bytes(4)


HOSTILE = {
    "its own camera and place": directory(entry(CAMERA, 4, 1, 8), entry(PLACE, 4, 1, 8)),
    "a pointer out of it": directory(entry(CAMERA, 4, 1, 2**32 - 1), entry(PLACE, 4, 1, 10**6)),
    "a pointer of text": directory(entry(CAMERA, 2, 4, 8), entry(PLACE, 12, 1, 8)),
    "many pointers": directory(entry(CAMERA, 4, 1 << 17, 0), entry(PLACE, 4, 2**32 - 1, 0)),
    "text of 4 GB": directory(entry(MAKE, 2, 2**32 - 1, 0), entry(MODEL, 7, 2**31, 8)),
    "text out of it": directory(entry(MAKE, 2, 100, 2**32 - 50)),
    "unknown types": directory(*(entry(MAKE, kind, 1, 8) for kind in range(300))),
    "a first directory out of it": directory(start=2**32 - 1),
    "a first directory in the header": directory(start=0),
    "65535 entries": directory(*[entry(TAKEN, 2, 20, 8)] * 65535),
    "65535 entries, cut off": directory(*[entry(i, 5, 8, 8) for i in range(65535)])[:-500_000],
    "a chain that bites its tail": directory(entry(MAKE, 2, 4, 0))[:-4] + struct.pack("<I", 8),
    "BigTIFF": b"II+\0" + bytes(100),
    "nothing": b"",
    "its name only": b"Exif\0\0",
    "twice its name": b"Exif\0\0" * 2 + directory(),
}


@pytest.mark.timeout(20)  # a reader that follows every loop would take far longer
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_exif_is_nothing(name: str) -> None:
    assert read_exif(HOSTILE[name]) == UNKNOWN


def test_exif_of_real_photos_with_flipped_bytes_never_raises(opencv_photos: Path) -> None:
    chance = random.Random(3)
    photos = [opencv_photos / name for name in ("leuvenA.jpg", "board.jpg", "ela_original.jpg")]
    good = [read_header(photo.read_bytes()).exif[:4000] for photo in photos]
    changed = 0
    for _ in range(6000):
        data = bytearray(chance.choice(good))
        original = read_exif(bytes(data))
        for _ in range(chance.randint(1, 12)):
            value = chance.choice((0, 1, 127, 255, chance.randrange(256)))
            data[chance.randrange(len(data) // 4)] = value
        found = read_exif(bytes(data))
        json.dumps(found.metadata(), allow_nan=False).encode()
        assert found.geo is None or (abs(found.geo[0]) <= 90 and abs(found.geo[1]) <= 180)
        changed += found != original
    assert changed > 1000


@given(st.binary(max_size=200), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_any_bytes_are_read_quietly(rest: bytes, start: bytes) -> None:
    json.dumps(read_exif(start + rest).metadata(), allow_nan=False)
