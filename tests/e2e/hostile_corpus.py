"""Pictures that lie, bloat, loop or break off, made by code: one function a family.

Each takes a random.Random and gives the bytes of one file, so a family and a seed name a file for
ever: `made("png bomb", 7)`. None of them is a blob somebody found: they are written after the
formats' specifications, field by field, with values that hurt.
"""

import random
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image

Maker = Callable[[random.Random], bytes]

SIZES = (0, 1, 2, 3, 7, 64, 255, 256, 1000, 4096, 16383, 16384, 65535, 65536, 1 << 24, 2**31 - 1)
COUNTS = (0, 1, 2, 3, 255, 65535, 1 << 20, 2**31, 2**32 - 1)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(width: int = 80, height: int = 60) -> Image.Image:
    """A picture with a bit of everything in it, the same every time."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    round_ = Image.radial_gradient("L").resize((width, height))
    rough = Image.new("L", (8, 6)).point(lambda _: 0)
    rough.putdata([(place * 97 + place * place * 31) % 256 for place in range(48)])
    return Image.merge("RGB", (across, round_, rough.resize((width, height), 0)))


def noise(chance: random.Random, most: int = 400) -> bytes:
    return chance.randbytes(chance.randrange(most))


def mostly(chance: random.Random, usual: int, *odd: int) -> int:
    """Mostly what is usual, so that a file with many lies still gets far into its decoder."""
    return chance.choice(odd) if chance.random() < 0.12 else usual


# ---- PNG


def chunk(kind: bytes, body: bytes, length: int | None = None, crc: int | None = None) -> bytes:
    size = len(body) if length is None else length
    check = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", size % 2**32) + kind + body + struct.pack(">I", check)


def header(width: int, height: int, bits: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Compressed zeros, written without holding them."""
    pack = zlib.compressobj(1)
    parts = [pack.compress(bytes(min(1 << 20, count - at))) for at in range(0, count, 1 << 20)]
    return b"".join([*parts, pack.flush()])


def png_bomb(chance: random.Random) -> bytes:
    """Complete, honest and huge: a few kilobytes that unfold to tens of megapixels."""
    side = chance.choice((500, 1500, 3000, 6000, 7900))
    bits, colour, channels = chance.choice(((8, 2, 3), (8, 6, 4), (8, 0, 1), (1, 0, 1), (16, 6, 4)))
    row = 1 + -(-side * bits * channels // 8)
    lines = chance.choice((side, side // 2, side * 2))
    return png(
        header(side, side, bits, colour, chance.randrange(2)), chunk(b"IDAT", zeros(row * lines))
    )


def png_lies(chance: random.Random) -> bytes:
    """A header and chunks that have nothing to do with each other."""
    body = chance.choice((zeros(16 * 49), zlib.compress(noise(chance, 3000)), zeros(1 << 24)))
    pieces = [
        chunk(b"IDAT", body[: chance.randrange(len(body) + 1)]),
        chunk(b"PLTE", noise(chance, 800)),
        chunk(b"tRNS", noise(chance, 300)),
        chunk(b"IDAT", body, length=chance.choice((None, 2**31, 2**32 - 1, 5))),
        chunk(b"IDAT", body, crc=chance.choice((None, 0))),
        header(chance.choice(SIZES), chance.choice(SIZES)),
        chunk(chance.randbytes(4), noise(chance)),
        chunk(b"eXIf", exif(chance)),
    ]
    first = header(
        mostly(chance, 16, *SIZES),
        mostly(chance, 16, *SIZES),
        mostly(chance, 8, 1, 2, 4, 16, 0, 3, 255),
        mostly(chance, 2, 0, 3, 4, 6, 1, 7, 255),
        mostly(chance, 0, 1, 2, 255),
    )
    good = [chunk(b"IDAT", body)] * mostly(chance, 1, 0, 2)
    return png(first, *chance.choices(pieces, k=mostly(chance, 1, 0, 3, 5)), *good)


def png_extras(chance: random.Random) -> bytes:
    """A good picture under texts, profiles and frames that unfold or never end."""
    bomb = zeros(chance.choice((1 << 16, 1 << 24, 1 << 26)))
    extra = chance.choice(
        (
            chunk(b"iCCP", b"x\0\0" + bomb),
            chunk(b"zTXt", b"x\0\0" + bomb),
            chunk(b"iTXt", b"x\0\1\0\0\0" + bomb),
            chunk(b"tEXt", b"k\0v") * chance.choice((10, 10_000, 250_000)),
            chunk(b"acTL", struct.pack(">II", chance.choice(COUNTS), 0))
            + chunk(b"fcTL", noise(chance, 40)),
            chunk(b"eXIf", exif(chance)) * chance.choice((1, 500)),
            chunk(b"iCCP", b"x\0\0" + zlib.compress(chance.randbytes(1 << 20))),
        )
    )
    good = saved(photo(16, 16), "PNG")
    return good[:33] + extra + good[33:]


# ---- JPEG


def segment(marker: int, body: bytes, length: int | None = None) -> bytes:
    size = len(body) + 2 if length is None else length
    return struct.pack(">BBH", 0xFF, marker, size % 65536) + body


def jpeg_segments(data: bytes) -> list[bytes]:
    """The segments of a good JPEG, the last one with all of its pixels."""
    found, place = [data[:2]], 2
    while data[place + 1] != 0xDA:
        stop = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        found.append(data[place:stop])
        place = stop
    return [*found, data[place:]]


def jpeg_lies(chance: random.Random) -> bytes:
    """A good JPEG whose segments are resized, doubled, swapped, lost or filled with noise."""
    progressive = chance.random() < 0.4
    parts = jpeg_segments(saved(photo(), "JPEG", progressive=progressive))
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(1, len(parts))
        deed = chance.randrange(6)
        if deed == 0 and parts[place][1] & 0xF0 == 0xC0 and len(parts[place]) > 12:
            size = struct.pack(">HH", chance.choice(SIZES) % 65536, chance.choice(SIZES) % 65536)
            parts[place] = parts[place][:5] + size + parts[place][9:]
        elif deed == 1:
            parts.insert(place, parts[place])
        elif deed == 2:
            parts[place] = parts[place][:4] + chance.randbytes(len(parts[place]) - 4)
        elif deed == 3 and len(parts) > 3:
            del parts[place]
        elif deed == 4:
            marker = chance.choice((*range(0xC0, 0xE0), 0xE1, 0xE2, 0xEE, 0xFE))
            parts.insert(place, segment(marker, noise(chance, 80)))
        else:
            body = bytearray(parts[place])
            body[chance.randrange(len(body))] = chance.choice((0, 1, 0x11, 0x44, 0xFF))
            parts[place] = bytes(body)
    return b"".join(parts)


def jpeg_scans(chance: random.Random) -> bytes:
    """Scan upon scan over the same pixels, many of them over a large size."""
    side = chance.choice((80, 1000, 5000))
    data = saved(photo(80, 60), "JPEG", progressive=True)
    place = data.find(b"\xff\xc2")
    data = data[: place + 5] + struct.pack(">HH", side, side) + data[place + 9 :]
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * chance.choice((1, 30, 85, 500, 4000)) + b"\xff\xd9"


def jpeg_flat(chance: random.Random) -> bytes:
    """Every block is the same six bits: complete pictures of any size, big ones included."""
    width, height = chance.choice((100, 3000, 9000, 16000)), chance.choice((100, 3000, 9000))
    data = saved(Image.new("L", (8, 8), 128), "JPEG")
    scan, frame = data.index(b"\xff\xda"), data.index(b"\xff\xc0")
    start = data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 : scan + 10]
    if chance.random() < 0.3:  # restart markers that are announced and never come
        start = (
            start[:2] + segment(0xDD, struct.pack(">H", chance.choice((1, 7, 65535)))) + start[2:]
        )
    blocks = -(-width // 8) * -(-height // 8)
    filling = chance.choice((b"\x28\xa2\x8a", b"\x28\xa2\x8a", b"\xff\xd0\x28", b"\0\0\0"))
    return start + filling * (blocks // chance.choice((4, 4, 40)) + 1) + b"\xff\xd9"


def jpeg_extras(chance: random.Random) -> bytes:
    """A good JPEG under profiles, EXIF, thumbnails and comments by the megabyte."""
    good = saved(photo(), "JPEG")
    block = chance.choice(
        (
            segment(0xE1, b"Exif\0\0" + exif(chance)),
            segment(0xE1, b"Exif\0\0" + exif(chance)[:60_000] + bytes(4_000)),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x [<!ENTITY a 'b'>]>" * 20),
            segment(0xE2, b"ICC_PROFILE\0\1\xff" + chance.randbytes(60_000)),
            segment(0xE2, b"MPF\0" + exif(chance)[:9_000]),
            segment(0xED, b"Photoshop 3.0\0" + noise(chance, 5_000)),
            segment(0xE0, b"JFXX\0\x10" + good[:60_000]),
            segment(0xFE, b""),
            b"\xff" * 1000,
        )
    )
    return (
        good[:2] + block * chance.choice((1, 20, 255, 9_000 if len(block) < 99 else 3)) + good[2:]
    )


# ---- GIF, WebP, BMP


def gif_lies(chance: random.Random) -> bytes:
    """Screens, frames and codes that do not fit each other."""
    odd = (0, 1, 5, 300, 4000, 65535)
    size = struct.pack("<HH", mostly(chance, 16, *odd), mostly(chance, 16, *odd))
    screen = size + bytes([chance.choice((0x80, 0x87, 0xF7, 0x91, 0)), 0, 0])
    table = chance.randbytes(3 << (screen[4] & 7) + 1) if screen[4] & 0x80 else b""
    frames = b""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 50))):
        corner = struct.pack("<HH", mostly(chance, 0, *odd), mostly(chance, 0, *odd))
        start = b"," + corner + size + bytes([mostly(chance, 0x40, 0, 0x80, 0x87)])
        codes = chance.choice((noise(chance, 255), bytes(200), b"\xff" * 200, lzw(256), lzw(9)))
        blocks = b"".join(bytes([len(codes)]) + codes for _ in range(chance.choice((1, 1, 300))))
        frames += start + bytes([mostly(chance, 8, 0, 1, 2, 7, 11, 12, 13, 255)]) + blocks + b"\0"
    extension = b"!" + bytes([chance.randrange(256)]) + b"\3abc" * chance.choice((0, 1, 30_000))
    return b"GIF89a" + screen + table + chance.choice((b"", extension + b"\0")) + frames + b";"


def lzw(count: int) -> bytes:
    """Codes of 9 bits that draw so many pixels of colour 1: clear and draw, clear and draw."""
    bits = "".join(f"{code:09b}"[::-1] for _ in range(min(count, 100)) for code in (256, 1))
    bits = (bits + f"{257:09b}"[::-1]).ljust(-(-len(bits) // 8) * 8 + 16, "0")
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits) - 7, 8))[:255]


def webp_lies(chance: random.Random) -> bytes:
    """RIFF chunks of which each says another size."""
    good = saved(photo(), "WEBP", lossless=chance.random() < 0.5)[12:]
    wide = struct.pack("<I", chance.choice(SIZES))[:3] + struct.pack("<I", chance.choice(SIZES))[:3]
    pieces = [
        b"VP8X\x0a\0\0\0" + bytes([chance.randrange(256), 0, 0, 0]) + wide,
        b"ANIM\6\0\0\0" + bytes(6),
        (b"ANMF" + struct.pack("<I", 16 + len(good)) + bytes(6) + wide + bytes(4) + good)
        * chance.choice((1, 3, 200)),
        b"ALPH" + struct.pack("<I", 300) + chance.randbytes(300),
        b"VP8L" + struct.pack("<IB", 60, 0x2F) + chance.randbytes(59),
        b"VP8 " + struct.pack("<I", 60) + b"\x30\1\0\x9d\1\x2a" + wide[:4] + chance.randbytes(50),
        b"EXIF" + struct.pack("<I", 64) + exif(chance)[:64].ljust(64),
        chance.randbytes(4) + struct.pack("<I", chance.choice(COUNTS)) + noise(chance, 50),
        good,
    ]
    body = b"".join(chance.choices(pieces, k=chance.randint(1, 5)))
    length = chance.choice((len(body) + 4, len(body) + 4, chance.choice(COUNTS)))
    return b"RIFF" + struct.pack("<I", length) + b"WEBP" + body


def webp_bomb(chance: random.Random) -> bytes:
    """Lossless, all one colour: few bytes, many pixels."""
    side = chance.choice((500, 1500, 3000))
    return saved(
        Image.new("RGBA", (side, side // 2), (1, 2, 3, 9)), "WEBP", lossless=True, method=0
    )


def bmp_lies(chance: random.Random) -> bytes:
    """Run lengths that jump out of the picture, masks and palettes of any size."""
    bits, packed = chance.choice(((8, 1), (4, 2), (8, 0), (1, 0), (24, 0), (32, 3), (16, 3)))
    info = struct.pack(
        "<IiiHHIIiiII",
        mostly(chance, 40, 12, 52, 56, 64, 108, 124),
        mostly(chance, 16, 1, 300, 30_000, 2**31 - 1, -5, 0),
        mostly(chance, chance.choice((16, -16)), 1, 300, 7000, -(2**31), 0),
        1,
        mostly(chance, bits, 1, 2, 4, 8, 16, 24, 32, 0),
        mostly(chance, packed, 0, 1, 2, 3, 4, 6, 99),
        *(0, 0, 0, mostly(chance, 0, *COUNTS), 0),
    )
    body = info.ljust(struct.unpack_from("<I", info)[0], b"\0") + chance.randbytes(1024)
    jumps = (b"\0\2\xff\xff", b"\0\0", b"\xff\x07", b"\0\xff" + bytes(256), b"\0\1", b"\x10\x03")
    runs = b"".join(chance.choices(jumps, k=chance.choice((1, 50, 5000)))) + bytes(1024)
    offset = mostly(chance, 14 + len(body), 0, 14, 2**32 - 1)
    return b"BM" + struct.pack("<IHHI", len(body), 0, 0, offset) + body + runs


# ---- TIFF and EXIF


def entry(order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(order + "HHII", tag, kind, count % 2**32, value % 2**32)


def tiff(order: str, entries: list[bytes], data: bytes = b"", following: int = 0) -> bytes:
    """A directory at 8, `data` behind it (at the place that `data_at` tells)."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    start = mark + struct.pack(order + "IH", 8, len(entries))
    return start + b"".join(entries) + struct.pack(order + "I", following) + data


def data_at(entries: int) -> int:
    return 8 + 2 + 12 * entries + 4


def exif(chance: random.Random) -> bytes:
    """Directories that point at themselves, at each other and out of the file."""
    order = chance.choice("<>")
    tags = (271, 272, 274, 306, 34665, 34853, 40965, 513, 514, 36867, 33434, 1, 2, 3, 4, 37500)
    count = chance.choice((1, 3, 12, 200, 4000))
    entries = [
        entry(
            order,
            chance.choice(tags),
            chance.choice((1, 2, 3, 4, 5, 7, 9, 10, 12, 0, 129, 65535)),
            chance.choice((1, 3, 20, *COUNTS)),
            chance.choice((8, 10, 20, 100, *COUNTS)),
        )
        for _ in range(count)
    ]
    return tiff(order, entries, noise(chance), chance.choice((0, 8, 10, 2**32 - 1)))


def tiff_lies(chance: random.Random) -> bytes:
    """Strips and tiles of any size, packed in any way, over noise, zeros or a deflate bomb."""
    order = chance.choice("<>")
    packed, data = chance.choice(
        (
            (1, bytes(3000)),
            (2, noise(chance, 5000)),
            (3, noise(chance, 5000)),
            (4, noise(chance, 5000)),
            (5, b"\x80" + noise(chance, 5000)),
            (7, saved(photo(16, 16), "JPEG")),
            (8, zeros(chance.choice((256, 1 << 22, 1 << 27)))),
            (32773, bytes([129, 0]) * 999),
        )
    )
    odd = (1, 100, 3000, 7000, 65536, 2**31)
    side, samples = chance.choice((16, 16, 3000)), chance.choice((1, 3, 4))
    place, tiled = data_at(15), chance.random() < 0.4
    tile = mostly(chance, 16, 100, 4096, 2**31, 0)
    values = {
        256: mostly(chance, side, *odd),
        257: mostly(chance, side, *odd),
        258: mostly(chance, 1 if packed in (2, 3, 4) else 8, 2, 4, 16, 32, 64, 0),
        259: mostly(chance, packed, 1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34712, 50000),
        262: mostly(chance, 2 if samples >= 3 else 1, 0, 1, 3, 4, 5, 6, 8, 32844),
        266: mostly(chance, 1, 2, 9),
        324 if tiled else 273: mostly(chance, place, 0, 8, 2**32 - 1),
        274: chance.randrange(10),
        277: mostly(chance, 1 if packed in (2, 3, 4) else samples, 0, 2, 5, 9, 65535),
        278: mostly(chance, side, 1, 0, 2**32 - 1),
        325 if tiled else 279: mostly(chance, len(data), 0, 5, 2**32 - 1),
        284: mostly(chance, 1, 2, 3),
        317: mostly(chance, 1, 2, 3, 9),
        322 if tiled else 292: tile if tiled else mostly(chance, 0, 1, 5),
        323 if tiled else 293: tile if tiled else 0,
    }
    entries = [entry(order, tag, 4, 1, values[tag]) for tag in sorted(values)]
    for spot in range(len(entries)):  # of another type or count, pointing anywhere
        (tag,) = struct.unpack_from(order + "H", entries[spot])
        if chance.random() < 0.02:
            entries[spot] = entry(order, tag, chance.randrange(14), chance.choice(COUNTS), place)
    return tiff(order, entries, data, chance.choice((0, 8, 2**32 - 1)))


def tiff_chain(chance: random.Random) -> bytes:
    """A good picture at the head of a chain of directories that is long, or bites its tail."""
    data = saved(photo(16, 16), "TIFF")
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    place = start + 2 + 12 * count
    links = chance.choice((1, 100, 20_000, 100_000))
    last = chance.choice((0, start, len(data), 2**32 - 1))
    nodes = [len(data) + 18 * (link + 1) for link in range(links - 1)] + [last]
    chain = b"".join(
        struct.pack("<H", 1) + entry("<", 330, 4, 1, start) + struct.pack("<I", node)
        for node in nodes
    )
    return data[:place] + struct.pack("<I", len(data)) + data[place + 4 :] + chain


# ---- What only looks like a picture.


def strangers(chance: random.Random) -> bytes:
    """Other formats by their first bytes, archives behind pictures, and pure noise."""
    starts = (
        b"%!PS-Adobe-3.0 EPSF-3.0\n", b"8BPS\0\1", b"\0\0\1\0\1\0", b"icns", b"BLP2", b"SIMPLE  =",
        b"\0\0\0\x18ftypheic", b"\0\0\0\x20ftypavif", b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<?xml version='1.0'?><!DOCTYPE lol [<!ENTITY l 'l'>]>", b"PK\3\4", b"\x7fELF", b"MZ",
        b"\x1f\x8b\x08", b"P6\n99999 99999\n255\n", b"\x59\xa6\x6a\x95", b"qoif", b"DDS ", b"RIFF",
        b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ", b"II+\0", b"MM\0+", b"", b"\xff\xd8\xff", b"GIF87a",
    )  # fmt: skip
    tail = chance.choice((noise(chance), bytes(chance.choice((0, 100, 1 << 20)))))
    good = saved(photo(), chance.choice(("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")))
    return chance.choice((chance.choice(starts) + tail, good + tail, good + b"PK\3\4" + tail))


FAMILIES: dict[str, Maker] = {
    "png bomb": png_bomb,
    "png lies": png_lies,
    "png extras": png_extras,
    "jpeg lies": jpeg_lies,
    "jpeg scans": jpeg_scans,
    "jpeg flat": jpeg_flat,
    "jpeg extras": jpeg_extras,
    "gif lies": gif_lies,
    "webp lies": webp_lies,
    "webp bomb": webp_bomb,
    "bmp lies": bmp_lies,
    "tiff lies": tiff_lies,
    "tiff chain": tiff_chain,
    "strangers": strangers,
}


def made(family: str, seed: int) -> bytes:
    """Give the file that this family and seed have always named."""
    return FAMILIES[family](random.Random(f"{family} {seed}"))


# ---- Mutants: good files of every kind with a few wrong bytes.


def seeds() -> list[bytes]:
    """Good pictures in every format, and in the ways of storing them that decoders tell apart."""
    plain = photo()
    palette = plain.quantize(16)
    good = [saved(plain, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]
    good += [saved(plain, "JPEG", progressive=True), saved(plain.convert("CMYK"), "JPEG")]
    good += [saved(plain, "TIFF", compression=way) for way in ("tiff_lzw", "jpeg", "packbits")]
    good += [saved(plain.convert("1"), "TIFF", compression="group4")]
    good += [saved(palette, "PNG", transparency=bytes(16)), saved(palette, "GIF", transparency=1)]
    good += [saved(plain, "WEBP", save_all=True, append_images=[plain.rotate(180)])]
    good += [saved(plain, "WEBP", lossless=True), saved(plain.convert("1"), "BMP")]
    good += [saved(plain.convert("RGBA"), "WEBP"), saved(plain.convert("I;16"), "PNG")]
    return good


def mutant(good: list[bytes], seed: int) -> bytes:
    """Flip, cut, double or overwrite some bytes, mostly where the structure is: at the start."""
    chance = random.Random(seed)
    changed = bytearray(chance.choice(good))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(min(len(changed), chance.choice((64, 700, len(changed)))))
        deed = chance.randrange(5)
        if deed == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif deed == 1:
            changed[place] = chance.choice((0, 1, 127, 128, 254, 255))
        elif deed == 2:
            changed[place : place + 4] = chance.choice((bytes(4), b"\xff" * 4, b"\0\0\1\0"))
        elif deed == 3 and len(changed) > 100:
            del changed[place : place + chance.randint(1, 40)]
        else:
            changed[place:place] = changed[place : place + chance.randint(1, 40)]
    return bytes(changed)
