"""Picture files that a fuzzer wrote, read by our own readers of headers and of EXIF.

    python tests/fuzz/headers_target.py CORPUS [libFuzzer's options]

A header is read or `UnusableError`; EXIF always is. What a decoder would be given is a part of the
file, and no limit is passed by a number that is none.
"""

from fuzzing import fuzz, instrumented

with instrumented():
    from nearsight.pictures.exif import read_exif
    from nearsight.pictures.formats import read_header, sniff
    from nearsight.pictures.limits import Limits
    from nearsight.pictures.unusable import UnusableError

_ADDED = 4096  # bytes that a reader may write itself, so that what it cut out is a file again


def attempt(data: bytes) -> None:
    """One input; raises what is a finding."""
    read_exif(data).metadata()
    try:
        header = read_header(data)
    except UnusableError as error:
        assert str(error), "an error without a message"
        return
    assert header.format == sniff(data)
    assert header.width >= 1
    assert header.height >= 1
    assert 1 <= header.orientation <= 8
    assert len(header.file()) <= len(data) + _ADDED
    assert len(header.exif) <= len(data)
    exif = read_exif(header.exif)
    exif.metadata()
    if exif.geo is not None:
        assert -90 <= exif.geo.latitude <= 90
        assert -180 <= exif.geo.longitude <= 180
    try:
        Limits().check(header)
    except UnusableError:
        return
    assert header.pixels_held <= Limits().max_pixels


if __name__ == "__main__":
    fuzz(attempt)
