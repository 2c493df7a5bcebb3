"""How big a picture may be. Checked from its header, before any decoder sees the file."""

from dataclasses import dataclass, fields

from nearsight.errors import ArgumentError
from nearsight.pictures.header import Header
from nearsight.pictures.unusable import UnusableError

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What nearsight agrees to read and decode. The defaults let every camera and phone pass.

    `nearsight.open(limits=…)` takes them for all that an app decodes, `app.inputs.add` for a call.

    max_bytes: size of the file, 256 MiB.
    max_pixels: pixels that the decoder has to hold at once, 64 million. A baseline JPEG is decoded
        at a fraction of its size, so one of 200 megapixels passes; a progressive one has to be
        held in full, and once more for every 16 scans. While it is decoded a pixel takes 3 to 7
        bytes of memory, 13 with transparency, 16 to 23 in WebP: up to 1.5 GB at the default, for
        each thread that decodes. Lower it on a small device.
    max_declared_pixels: width x height as the header says, whatever the decoder holds: 512 million.
    max_scans: passes that a progressive JPEG makes over its pixels, 100 (honest ones have 10).
    max_frames: frames of an animation that the decoder has to walk over, 10,000.
    worker: decode in a worker process, so that a picture made to do harm can do none here: it has
        no files, no network, can start nothing, and its crash is that picture's PictureError.
        Where no process can be started, a RuntimeWarning says so once, and this one decodes.
    max_memory: bytes that a worker may take to decode one picture, 1 GiB (POSIX only).
    max_seconds: processor time that a worker may take for one picture, 10 seconds.

    Raises ArgumentError when a limit is not a whole number of at least 1.

    >>> Limits(max_pixels=16_000_000).max_bytes
    268435456
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 64_000_000
    max_declared_pixels: int = 512_000_000
    max_scans: int = 100
    max_frames: int = 10_000
    worker: bool = False
    max_memory: int = 1 << 30
    max_seconds: int = 10

    def __post_init__(self) -> None:
        """Refuse limits that cannot be meant."""
        if not isinstance(self.worker, bool):
            raise ArgumentError(f"Limits(worker={self.worker!r}): give True or False")
        for field in fields(self):
            value = 1 if field.name == "worker" else getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ArgumentError(f"Limits({field.name}={value!r}): give a whole number above 0")

    def check_bytes(self, size_bytes: int) -> None:
        """Raise UnusableError when a file of this size is not to be read."""
        if size_bytes > self.max_bytes:
            raise UnusableError(
                f"is larger than the limit of {self.max_bytes:,} bytes; resize it, "
                "or raise Limits(max_bytes=…)"
            )

    def check_pixels(self, pixels: int) -> None:
        """Raise UnusableError when so many pixels are not to be held in memory."""
        if pixels > self.max_pixels:
            raise UnusableError(
                f"holding it takes {pixels:,} pixels of memory, the limit is {self.max_pixels:,}; "
                "resize it, or raise Limits(max_pixels=…)"
            )

    def check(self, header: Header) -> None:
        """Raise UnusableError when a picture with this header is not to be decoded."""
        size = f"{header.width} x {header.height} pixels"
        if header.width * header.height > self.max_declared_pixels:
            raise UnusableError(
                f"its {size} are more than the limit of {self.max_declared_pixels:,}; resize it"
            )
        if header.scans > self.max_scans:
            raise UnusableError(
                f"this JPEG has {header.scans} scans, the limit is {self.max_scans}; save it again"
            )
        if header.frames > self.max_frames:
            raise UnusableError(
                f"this animation has {header.frames} frames, the limit is {self.max_frames}; "
                "save its first frame as a picture"
            )
        try:
            self.check_pixels(header.pixels_held)
        except UnusableError as error:
            raise UnusableError(f"its size is {size}; {error}") from None
