"""Plots of the last day as inline SVG drawn by the server: sparklines, meters, and areas over the hours.

x in percent, y in pixels: text keeps its size at every width, and nothing is measured by a script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from markupsafe import Markup

from web.dates import Times
from web.draw import esc, safe

DAY, HOUR, STEP = 86_400.0, 3_600.0, 300.0
BUCKETS = int(DAY / STEP)
SPARKS = 48  # points of a sparkline: half an hour each
HIGH, LOW = 2.0, 22.0  # of a sparkline, in its 24 pixels
TOP, TALL = 8, 104  # of a plot: where its area begins, and how high it is
Words = Callable[[float], str]


def path(values: Sequence[float], most: float, high: float, low: float) -> str:
    """The line through ``values``, spread over x from 0 to 100; ``most`` is at y ``high``, 0 at ``low``."""
    width = 100 / max(1, len(values) - 1)
    spots = (f"{n * width:.1f} {low - (low - high) * (v / most if most else 0):.1f}" for n, v in enumerate(values))
    return "M" + "L".join(spots)


def spark(values: Sequence[float], label: str) -> Markup:
    """A sparkline on a scale of its own; ``label`` says in words what it shows."""
    line = path(values, max(values, default=0), HIGH, LOW)
    return safe(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img"'
        f' aria-label="{esc(label)}"><path class="f" d="{line}L100 24L0 24z"/><path d="{line}"/></svg>'
    )


def meter(part: float, *, full: bool = False) -> Markup:
    """A thin bar filled by ``part`` (0 to 1). The figure stands beside it, so machines pass it over."""
    width = min(1.0, max(0.0, part)) * 100
    return safe(
        f'<svg class="load-m{" full" if full else ""}" aria-hidden="true">'
        f'<rect class="r" width="100%" height="4" rx="2"/><rect width="{width:.1f}%" height="4" rx="2"/></svg>'
    )


def squeeze(values: Sequence[float], into: int) -> list[float]:
    """Sums of neighbours: ``into`` numbers for all of ``values``."""
    size = len(values) / into
    return [sum(values[round(n * size) : round((n + 1) * size)]) for n in range(into)]


def shape(values: Sequence[float], end: float, times: Times) -> str:
    """How values over the day up to ``end`` run, in words: "nothing", "nothing until 11:40", "evenly", …"""
    total = sum(values)
    if not total:
        return "nothing"
    size = DAY / len(values)
    start = end - DAY
    first = next(n for n, value in enumerate(values) if value)
    if first > len(values) / 3:
        return f"nothing until {times.clock(start + first * size)}"
    top = max(range(len(values)), key=values.__getitem__)
    if values[top] < 2 * total / len(values):
        return "evenly"
    return f"most around {times.clock(start + (top + 0.5) * size)}"


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure over the last day. ``values``: one per five minutes, the oldest first, up to ``end``.

    ``say`` writes a value for a person; ``fold`` makes one of the twelve values of an hour (sum, max). ``more`` is a
    second, thinner line under the same scale, such as what failed of what was done; "" without a name: none.
    """

    id: str
    title: str
    values: Sequence[float]
    end: float
    say: Words
    fold: Callable[[Sequence[float]], float]
    sentence: str
    column: str
    more: Sequence[float] = ()
    more_column: str = ""


def draw(plot: Plot, times: Times) -> Markup:
    """The figure: area, hours, a sentence, and the same by the hour as a table."""
    most = nice(max([*plot.values, *plot.more], default=0))
    hours = by_hour(plot, times)
    figure = (
        f'<figure class="dayplot" id="plot-{plot.id}" data-live="minute" aria-describedby="plot-{plot.id}-t">'
        f'<h3>{esc(plot.title)}</h3><div class="pl">'
        f'<svg class="plot ax" height="140" aria-hidden="true">{_ticks(plot, most)}</svg>'
        f'<svg class="plot" height="140" role="img" aria-label="{esc(plot.title)} over the last 24 hours">'
        f"{_grid()}{_areas(plot, most)}{_hours(hours, plot)}{_clock(plot, times)}</svg></div>"
        f'<figcaption><p id="plot-{plot.id}-t">{esc(plot.sentence)}</p>{_table(hours, plot)}</figcaption></figure>'
    )
    return safe(figure)


def nice(most: float) -> float:
    """The next round number: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


@dataclass(frozen=True, slots=True)
class Hour:
    """``part``: where it lies between 0 (a day ago) and 1; ``wide``: as much of the width."""

    name: str
    part: float
    wide: float
    value: float
    more: float


def by_hour(plot: Plot, times: Times) -> list[Hour]:
    """Whole hours of the clock, the first and the last cut off where the day is."""
    start = plot.end - DAY
    local = times.at(start)
    into = local.minute * 60 + local.second
    cuts = [0.0, *(n * HOUR - into for n in range(1, 26) if n * HOUR - into < DAY), DAY]
    out = []
    for begin, end in pairwise(cuts):
        first, last = round(begin / STEP), round(end / STEP)
        if first == last:
            continue
        more = plot.fold(plot.more[first:last]) if plot.more else 0.0
        name = f"{times.clock(start + begin)} to {times.clock(start + end)}"
        out.append(Hour(name, begin / DAY, (end - begin) / DAY, plot.fold(plot.values[first:last]), more))
    return out


def _ticks(plot: Plot, most: float) -> str:
    return "".join(
        f'<text x="40" y="{TOP + TALL * (1 - part) + 4:.0f}" text-anchor="end">{esc(plot.say(most * part))}</text>'
        for part in (0, 0.5, 1)
    )


def _grid() -> str:
    lines = (f'<line class="grid" x1="0" x2="100%" y1="{TOP + TALL * (1 - p):.1f}" y2="{TOP + TALL * (1 - p):.1f}"/>'
             for p in (0.5, 1))  # fmt: skip
    return "".join(lines) + f'<line class="axis" x1="0" x2="100%" y1="{TOP + TALL + 0.5}" y2="{TOP + TALL + 0.5}"/>'


def _areas(plot: Plot, most: float) -> str:
    """A picture of its own inside, since a path has no percent: it is stretched, its lines are not."""
    line = path(plot.values, most, 0, 100)
    more = f'<path class="m" d="{path(plot.more, most, 0, 100)}"/>' if any(plot.more) else ""
    return (
        f'<svg class="area" y="{TOP}" width="100%" height="{TALL}" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f'<path class="f" d="{line}L100 100L0 100z"/><path d="{line}"/>{more}</svg>'
    )


def _hours(hours: Sequence[Hour], plot: Plot) -> str:
    """Columns that cannot be seen, each with its figures to point at."""
    return "".join(
        f'<rect class="hit" x="{hour.part * 100:.2f}%" width="{hour.wide * 100:.2f}%" y="{TOP}" height="{TALL}">'
        f"<title>{hour.name}: {esc(_said(hour, plot))}</title></rect>"
        for hour in hours
    )


def _said(hour: Hour, plot: Plot) -> str:
    words = plot.say(hour.value)
    return f"{words}, {plot.say(hour.more)} {plot.more_column.lower()}" if plot.more_column else words


def _clock(plot: Plot, times: Times) -> str:
    """Every third hour of the clock under the axis."""
    out = []
    start = plot.end - DAY
    local = times.at(start)
    first = HOUR - (local.minute * 60 + local.second)
    for n in range(24):
        at = start + first + n * HOUR
        hour = times.at(at).hour
        x = (at - start) / DAY * 100
        if hour % 3 or not 1.5 < x < 98.5:
            continue
        odd = ' class="odd"' if hour % 6 else ""
        out.append(f'<text{odd} x="{x:.2f}%" y="{TOP + TALL + 20}" text-anchor="middle">{hour:02}</text>')
    return "".join(out)


def _table(hours: Sequence[Hour], plot: Plot) -> str:
    more = f'<th scope="col" class="n">{esc(plot.more_column)}</th>' if plot.more_column else ""
    rows = "".join(
        f'<tr><th scope="row">{hour.name}</th><td class="n">{esc(plot.say(hour.value))}</td>'
        + (f'<td class="n">{esc(plot.say(hour.more))}</td>' if plot.more_column else "")
        + "</tr>"
        for hour in reversed(hours)
    )
    return (
        f'<details id="plot-{plot.id}-d"><summary>The same as a table</summary><table class="tbl"><thead><tr>'
        f'<th scope="col">Hour</th><th scope="col" class="n">{esc(plot.column)}</th>{more}</tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )
