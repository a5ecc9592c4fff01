"""The curves as one SVG, by plain code: requests a day across, mean delay upwards, both logarithmic."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from benchmarks.updater.curves import Point

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 48
ACROSS = (6, 12, 24, 48, 96, 192)
UP = (2, 5, 10, 20, 60, 120, 240)  # minutes
COLOURS = ("#0b6e99", "#8a8a8a", "#b5651d", "#6b8e23", "#a0459b", "#555555")


def x(requests: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * log(requests / 5) / log(240 / 5)


def y(seconds: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * log(seconds / 60 / 1.5) / log(300 / 1.5)


def svg(title: str, curves: dict[str, Sequence[Point]]) -> str:
    """``curves``: name of a policy → its points."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for requests in ACROSS:
        parts.append(_line(x(requests), TOP, x(requests), HEIGHT - BOTTOM))
        parts.append(_text(x(requests), HEIGHT - BOTTOM + 18, str(requests), "middle"))
    for minutes in UP:
        parts.append(_line(LEFT, y(minutes * 60), WIDTH - RIGHT, y(minutes * 60)))
        parts.append(_text(LEFT - 8, y(minutes * 60) + 4, f"{minutes} min", "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "requests per feed and day", "middle"))
    labels: list[float] = []
    for (name, points), colour in zip(curves.items(), COLOURS, strict=False):
        shown = [p for p in points if 5 <= p.requests <= 240 and 90 <= p.mean <= 18_000]
        if not shown:
            continue
        path = " ".join(f"{x(p.requests):.1f},{y(p.mean):.1f}" for p in shown)
        wide = 3 if not labels else 1.6
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{wide}"/>')
        parts += [f'<circle cx="{x(p.requests):.1f}" cy="{y(p.mean):.1f}" r="2.4" fill="{colour}"/>' for p in shown]
        at = y(shown[-1].mean) + 4
        while any(abs(at - other) < 15 for other in labels):
            at -= 15
        labels.append(at)
        parts.append(_text(WIDTH - RIGHT + 8, at, name, "start", colour))
    return "\n".join([*parts, "</svg>\n"])


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(left: float, top: float, words: str, anchor: str, colour: str = "#333") -> str:
    return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
