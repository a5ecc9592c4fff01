"""Width and height of a picture, read from its header: nothing is decoded, so that no small file can grow large."""

from __future__ import annotations

import struct

MOST_PIXELS = 4096 * 4096
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def size_of(body: bytes, kind: str) -> tuple[int, int] | None:
    """(width, height) in pixels of a picture of that MIME type; None where the header does not tell."""
    readers = {
        "image/png": _png,
        "image/gif": _gif,
        "image/jpeg": _jpeg,
        "image/webp": _webp,
        "image/bmp": _bmp,
        "image/x-icon": _ico,
        "image/avif": _avif,
    }
    reader = readers.get(kind)
    try:
        return reader(body) if reader else None
    except (struct.error, IndexError):
        return None


def is_bomb(body: bytes, kind: str) -> bool:
    """Whether a picture would fill more memory than an icon may, or has no size at all."""
    size = size_of(body, kind)
    return size is not None and (size[0] < 1 or size[1] < 1 or size[0] * size[1] > MOST_PIXELS)


def _png(body: bytes) -> tuple[int, int] | None:
    return struct.unpack(">II", body[16:24]) if body[12:16] == b"IHDR" else (0, 0)


def _gif(body: bytes) -> tuple[int, int] | None:
    return struct.unpack("<HH", body[6:10])


def _bmp(body: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack("<ii", body[18:26])
    return abs(width), abs(height)


def _jpeg(body: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(body):
        if body[at] != 0xFF:
            return None
        mark = body[at + 1]
        if mark in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += (
            2 if mark in (0xFF, 0x01, *range(0xD0, 0xD8)) else 2 + max(2, struct.unpack(">H", body[at + 2 : at + 4])[0])
        )
    return None


def _webp(body: bytes) -> tuple[int, int] | None:
    form = body[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(body[24:27], "little"), 1 + int.from_bytes(body[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _ico(body: bytes) -> tuple[int, int] | None:
    """The largest of the pictures inside; a PNG inside may be larger than the directory of the file can say."""
    count = struct.unpack("<H", body[4:6])[0]
    largest = (1, 1)
    for at in range(6, 6 + 16 * min(count, 64), 16):
        width, height = body[at] or 256, body[at + 1] or 256
        start = struct.unpack("<I", body[at + 12 : at + 16])[0]
        if body[start : start + 8] == b"\x89PNG\r\n\x1a\n":
            width, height = _png(body[start : start + 24]) or (0, 0)
        if width * height > largest[0] * largest[1]:
            largest = width, height
    return largest


def _avif(body: bytes) -> tuple[int, int] | None:
    at = body.find(b"ispe", 0, 4096)
    return struct.unpack(">II", body[at + 8 : at + 16]) if at > 0 else None
