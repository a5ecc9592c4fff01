"""Draws the logo as pictures for where SVG does not do: ``python -m web.logo`` writes them into web/static."""

from __future__ import annotations

import struct
import zlib
from math import hypot
from pathlib import Path

Colour = tuple[int, int, int]
CANVAS: Colour = (0xEE, 0xF2, 0xF2)
INK: Colour = (0x14, 0x20, 0x1F)
SUN: Colour = (0xCC, 0x56, 0x0B)


def pixels(size: int, inset: float) -> list[list[Colour]]:
    """Half a sun on the horizon. ``inset`` is the part of the width that stays free on each side."""
    scale = size * (1 - 2 * inset)
    centre, horizon = size / 2, size * 0.5 + scale * 0.13
    radius, line, half = scale * 0.31, scale * 0.075, scale * 0.46
    line_y = horizon + scale * 0.13
    rows = []
    for y in range(size):
        row = []
        for x in range(size):
            px, py = x + 0.5, y + 0.5
            sun = _edge(radius - hypot(px - centre, py - horizon)) * _edge(horizon - py)
            ink = _edge(line / 2 - abs(py - line_y)) * _edge(half - abs(px - centre))
            row.append(_mix(_mix(CANVAS, SUN, sun), INK, ink))
        rows.append(row)
    return rows


def _edge(distance: float) -> float:
    """How much of a pixel lies inside of an edge ``distance`` pixels away."""
    return min(1.0, max(0.0, distance + 0.5))


def _mix(under: Colour, over: Colour, part: float) -> Colour:
    red, green, blue = (round(u + (o - u) * part) for u, o in zip(under, over, strict=True))
    return red, green, blue


def png(rows: list[list[Colour]]) -> bytes:
    raw = b"".join(b"\0" + bytes(channel for pixel in row for channel in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ico(picture: bytes, size: int) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, size, size, 0, 0, 1, 24, len(picture), 22) + picture


def pictures() -> dict[str, bytes]:
    """File name → bytes. The maskable one keeps its safe zone: the inner four fifths."""
    return {
        "icon-512.png": png(pixels(512, 0.2)),
        "icon-180.png": png(pixels(180, 0.12)),
        "favicon.ico": ico(png(pixels(32, 0.02)), 32),
    }


if __name__ == "__main__":
    for name, body in pictures().items():
        (Path(__file__).parent / "static" / name).write_bytes(body)
