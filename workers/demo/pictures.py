"""Icons, pictures and a sound, made by code: nothing binary is shipped."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int]
Shade = Callable[[float, float], Colour]


def png(width: int, height: int, shade: Shade) -> bytes:
    """A PNG whose pixel at (x, y), both from 0 to 1, has the colour ``shade(x, y)``."""
    rows = bytearray()
    for row in range(height):
        rows.append(0)  # no filter
        for column in range(width):
            rows.extend(shade(column / (width - 1), row / (height - 1)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def disc(colour: Colour, ground: Colour = (255, 255, 255)) -> Shade:
    """A filled circle on a ground."""

    def shade(x: float, y: float) -> Colour:
        return colour if (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.2 else ground

    return shade


def coast(x: float, y: float) -> Colour:
    """Evening sky over water with a low sun."""
    line = 0.58
    if (x - 0.68) ** 2 + ((y - 0.46) * 0.62) ** 2 < 0.0032:
        return 250, 214, 150
    if y < line:
        glow = y / line
        return int(96 + 130 * glow), int(120 + 70 * glow), int(160 - 10 * glow)
    depth = (y - line) / (1 - line)
    wave = math.sin(x * 34 + depth * 60) * 8 * (1 - depth)
    sparkle = 60 * math.exp(-(((x - 0.68) * 9) ** 2)) * (1 - depth)
    return int(58 + sparkle + wave), int(92 + sparkle + wave), int(116 + sparkle / 2 + wave)


def bench(x: float, y: float) -> Colour:
    """Wood grain, as seen from above."""
    ring = math.sin((y * 38 + math.sin(x * 5) * 1.6 + math.sin(x * 17 + y * 3) * 0.3) * 1.2)
    knot = math.sin(math.hypot(x - 0.3, (y - 0.55) * 0.6) * 90) * math.exp(-12 * math.hypot(x - 0.3, y - 0.55))
    tone = ring * 14 + knot * 40
    return int(172 + tone), int(128 + tone * 0.9), int(86 + tone * 0.7)


def svg_leaf() -> bytes:
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" '
        b'fill="#f2efe6"/><path d="M7 25C7 13 14 7 26 6c0 12-6 19-16 19" fill="#5b7f5a"/>'
        b'<path d="M7 26 19 13" stroke="#f2efe6" stroke-width="1.6"/></svg>'
    )


def ico(picture: bytes, size: int) -> bytes:
    """An .ico file around a square PNG."""
    head = struct.pack("<HHH", 0, 1, 1)
    return head + struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(picture), 22) + picture


def wav(seconds: float = 2.0, rate: int = 8000) -> bytes:
    """Three soft notes, mono, 8 bits."""
    notes = (220.0, 277.18, 329.63)
    samples = bytearray()
    for number in range(int(seconds * rate)):
        at = number / rate
        part = min(int(at / seconds * len(notes)), len(notes) - 1)
        since = at - part * seconds / len(notes)
        samples.append(int(128 + 70 * math.sin(2 * math.pi * notes[part] * at) * math.exp(-3 * since)))
    body = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, rate, rate, 1, 8, b"data", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
