"""Windows bitmaps, from the 12-byte header of OS/2 to the 124-byte one of Windows 98."""

from struct import unpack_from

from nearsight.pictures.header import Header

__all__ = ["read_bmp"]


def read_bmp(data: bytes) -> Header:
    """Read the size; a negative height means that the rows run from the top."""
    (header_bytes,) = unpack_from("<I", data, 14)
    layout = "<HHHH" if header_bytes == 12 else "<iiHH"
    width, height, _, bits = unpack_from(layout, data, 18)
    return Header("BMP", width, abs(height), (memoryview(data),), bits=bits)
