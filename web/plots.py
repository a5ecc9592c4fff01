"""The rhythm of a feed as inline SVG: x in percent, y in pixels, so that text keeps its size at every width."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from markupsafe import Markup

from web.dates import DAYS, Times
from web.draw import esc, safe

TOP, BOTTOM = 10.0, 160.0
STEP = 100 / 24
WIDTH = STEP * 0.784
INDENT = STEP * 0.108
ROW = 17
DAY = 86_400
WEEK = 7
NO_WEEK = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Logarithmic, from ``most`` seconds at the bottom to ``least`` on top."""

    least: float
    most: float
    ticks: tuple[tuple[float, str], ...]

    def part(self, seconds: float) -> float:
        """0 at the bottom, 1 on top."""
        return log(self.most / min(max(seconds, self.least), self.most)) / log(self.most / self.least)

    def y(self, seconds: float) -> float:
        return BOTTOM - self.part(seconds) * (BOTTOM - TOP)


# A feed is checked every two minutes at most and once an hour at least (SPEC B1), whatever it publishes.
SCALE = Scale(120, 3600, ((120, "2 min"), (300, "5 min"), (900, "15 min"), (3600, "1 h")))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``hours``: seconds between checks for each hour of the reader's day; ``grid``: seconds between entries, ten days
    or seven, newest first; None: not known yet, or to come. ``now`` is the hour it is. ``week``: times the mean rate
    that (working days, weekends) have; (1, 1) without a weekly rhythm."""

    hours: list[float]
    grid: list[list[float | None]]
    now: int
    days: list[str]
    week: tuple[float, float] = NO_WEEK

    @property
    def weekly(self) -> bool:
        return self.week != NO_WEEK


def local(
    hours: list[float],
    grid: list[list[float | None]],
    hour_now: int,
    times: Times,
    week: tuple[float, float] = NO_WEEK,
) -> Rhythm:
    """From UTC to the reader's clock. The days stay those of UTC, shifted by whole hours. A weekly rhythm shows in the
    last seven days, one of each kind."""
    shift = times.hour_of(0)
    turned = [hours[(hour - shift) % 24] for hour in range(24)]
    offset = shift if shift <= 12 else shift - 24
    flat = [cell for day in grid for cell in day]
    rows: list[list[float | None]] = []
    for day in range(len(grid)):
        cells = range(day * 24 - offset, day * 24 - offset + 24)
        rows.append([flat[i] if 0 <= i < len(flat) else None for i in cells])
    today = times.at(times.now)
    names = [DAYS[(today.weekday() - back) % 7] if back else "Today" for back in range(len(grid))]
    shown = WEEK if week != NO_WEEK else len(rows)
    return Rhythm(turned, rows[::-1][:shown], (hour_now + shift) % 24, names[:shown], week)


def interval(seconds: float) -> str:
    """ "9 min", "2 h", "3 days"."""
    if seconds < 3300:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 1.5 * DAY:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / DAY)} days"


def bars(rhythm: Rhythm) -> str:
    scale = SCALE
    parts = [
        '<svg class="plot" height="172" role="img" aria-label="How often Evantr checks, hour by hour">',
        *(
            f'<line class="grid" x1="0" x2="100%" y1="{scale.y(s):.0f}" y2="{scale.y(s):.0f}"/>'
            for s, _ in scale.ticks[:-1]
        ),
    ]
    for hour, seconds in enumerate(rhythm.hours):
        tall = max(4.0, BOTTOM - scale.y(seconds))
        now = " now" if hour == rhythm.now else ""
        parts.append(
            f'<rect class="b{now}" {_place(hour)} y="{BOTTOM - tall:.1f}" height="{tall:.1f}" rx="2">'
            f"<title>{hour:02}:00, checked every {interval(seconds)}</title></rect>"
        )
    top = min(BOTTOM - 4, scale.y(rhythm.hours[rhythm.now])) - 8
    middle = min(97.0, max(3.0, rhythm.now * STEP + STEP / 2))
    parts.append('<line class="axis" x1="0" x2="100%" y1="160.5" y2="160.5"/>')
    label = interval(rhythm.hours[rhythm.now])
    parts.append(
        f'<text class="now-t" x="{middle:.2f}%" y="{max(top, 9):.0f}" text-anchor="middle">{label}</text></svg>'
    )
    return "".join(parts)


def cells(rhythm: Rhythm) -> str:
    foot = len(rhythm.grid) * ROW
    days = "seven" if rhythm.weekly else "ten"
    parts = [f'<svg class="plot" height="{foot + 20}" role="img" aria-label="The last {days} days, hour by hour">']
    for row, day in enumerate(rhythm.grid):
        for hour, seconds in enumerate(day):
            to_come = row == 0 and hour > rhythm.now
            step = _step(seconds, to_come)
            parts.append(f'<rect class="{step}" {_place(hour)} y="{row * ROW}" height="14" rx="2"/>')
    for hour in range(0, 24, 3):
        odd = ' class="odd"' if hour % 6 else ""
        parts.append(
            f'<text{odd} x="{hour * STEP + STEP / 2:.2f}%" y="{foot + 16}" text-anchor="middle">{hour:02}</text>'
        )
    return "".join(parts) + "</svg>"


def _step(seconds: float | None, to_come: bool) -> str:
    if to_come:
        return "cn"
    return f"c{min(4, int(SCALE.part(seconds) * 5))}" if seconds is not None else "c0"


def table(rhythm: Rhythm) -> str:
    rows = "".join(
        f'<tr><th scope="row">{hour:02}:00</th><td class="n">{interval(seconds)}</td></tr>'
        for hour, seconds in enumerate(rhythm.hours)
    )
    return (
        "<details><summary>The same as a table</summary>"
        '<table class="tbl"><thead><tr><th scope="col">Hour</th><th scope="col" class="n">Checked every</th></tr>'
        "</thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def words(rhythm: Rhythm, title: str) -> str:
    """What is to be seen, in a sentence."""
    known = [cell for day in rhythm.grid for cell in day if cell is not None]
    if len(known) < 24:
        return f"Evantr is still learning when {title} publishes."
    busiest = min(range(24), key=lambda hour: rhythm.hours[hour])
    fastest, slowest = min(rhythm.hours), max(rhythm.hours)
    if fastest > 3300:
        return f"{title} publishes rarely, so Evantr comes by once an hour all day."
    if slowest < fastest * 1.3:
        return f"{title} publishes evenly; Evantr checks about every {interval(fastest)}."
    quiet = max(range(24), key=lambda hour: rhythm.hours[hour])
    return f"{title} is busiest around {busiest} o’clock and quietest around {quiet}."


def week_words(rhythm: Rhythm, title: str) -> str:
    """What is said of a weekly rhythm; nothing without one."""
    if not rhythm.weekly:
        return ""
    work, end = rhythm.week
    quieter = "on Saturday and Sunday" if end < work else "from Monday to Friday"
    part = round(100 * min(work, end) / max(work, end))
    share = f"about {part} % of what it does on other days" if part >= 1 else "next to nothing"
    return f" It keeps a weekly rhythm, so seven days are shown: {quieter} it publishes {share}."


def draw(rhythm: Rhythm, title: str) -> Markup:
    axis = "".join(
        f'<text x="36" y="{SCALE.y(seconds) + 4:.0f}" text-anchor="end">{label}</text>'
        for seconds, label in SCALE.ticks
    )
    days = "".join(f"<span>{name}</span>" for name in rhythm.days)
    figure = (
        '<figure class="rhythm" aria-describedby="rt"><div class="pl">'
        f'<svg class="plot ax" height="172" aria-hidden="true">{axis}</svg>{bars(rhythm)}'
        f'<div class="dayl" aria-hidden="true">{days}</div>{cells(rhythm)}</div>'
        f'<figcaption><p id="rt">Each bar is how often Evantr checks in that hour of the day. It follows from the days'
        f" below: the stronger the colour of an hour, the closer its entries came. {esc(words(rhythm, title))}"
        f"{esc(week_words(rhythm, title))}</p>{table(rhythm)}</figcaption></figure>"
    )
    return safe(figure)


def _place(hour: int) -> str:
    return f'x="{hour * STEP + INDENT:.2f}%" width="{WIDTH:.2f}%"'
