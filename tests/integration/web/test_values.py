"""Times in words, the plot, small pieces."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.encoding import accepted
from web import plots
from web.dates import Times, zone_of
from web.draw import Signs, count, esc, fav, initial
from web.keys import caps
from web.pages.add import rate
from web.pages.entry import size

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 11, 53, tzinfo=BERLIN).timestamp()


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=BERLIN).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("when", "short", "near"),
    [
        (at(2026, 11, 21, 11, 42), "11:42", "today, 11:42"),
        (at(2026, 11, 21, 0, 0), "00:00", "today, 00:00"),
        (at(2026, 11, 20, 23, 59), "Fri", "yesterday, 23:59"),
        (at(2026, 11, 15, 12, 0), "Sun", "Sun 15 Nov, 12:00"),
        (at(2026, 11, 14, 12, 0), "14 Nov", "Sat 14 Nov, 12:00"),
        (at(2026, 1, 1, 0, 0), "1 Jan", "Thu 1 Jan, 00:00"),
        (at(2024, 2, 29, 12, 0), "2024", "29 Feb 2024"),
        (at(2026, 11, 22, 1, 0), "22 Nov", "tomorrow, 01:00"),
    ],
)
def test_times_in_lists_stand_still(when: float, short: str, near: str) -> None:
    times = Times(NOW, "Europe/Berlin")
    assert (times.short(when), times.near(when)) == (short, near)


def test_times_are_the_readers_own() -> None:
    evening = at(2026, 11, 20, 23, 30)
    assert Times(NOW, "Europe/Berlin").short(evening) == "Fri"
    assert Times(NOW, "Asia/Tokyo").short(evening) == "07:30"
    assert Times(NOW, "Asia/Tokyo").exact(evening) == "Saturday 21 November 2026, 07:30"
    assert zone_of("No/Such").key == "UTC"


@given(st.floats(allow_nan=False), st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu"]))
def test_any_time_has_words(when: float, zone: str) -> None:
    times = Times(NOW, zone)
    assert times.short(when) and times.near(when) and times.exact(when) and times.day(when)
    assert times.tag(when).startswith("<time datetime=")


def test_a_rhythm_is_drawn_in_the_readers_hours() -> None:
    hours = [3600.0] * 24
    hours[10] = 300.0
    grid: list[list[float | None]] = [[600.0] * 24 for _ in range(10)]
    rhythm = plots.local(hours, grid, 10, Times(NOW, "Europe/Berlin"))
    assert rhythm.hours[11] == 300.0 and rhythm.now == 11
    assert rhythm.days[:3] == ["Today", "Fri", "Thu"] and len(rhythm.days) == 10
    drawn = plots.draw(rhythm, "A <b>")
    assert "A &lt;b&gt; is busiest around 11 o’clock" in drawn
    assert '<rect class="b now" x="46.28%"' in drawn
    assert drawn.count('class="cn"') == 12


@given(st.lists(st.floats(1, 1e9), min_size=24, max_size=24), st.integers(0, 23))
def test_any_rhythm_can_be_drawn(hours: list[float], now: int) -> None:
    rhythm = plots.Rhythm(hours, [[None] * 24] * 10, now, ["Today"] * 10)
    assert plots.draw(rhythm, "").count("<title>") == 24
    assert all(0 <= plots.SCALE.part(seconds) <= 1 for seconds in hours)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10, "1 min"), (540, "9 min"), (3600, "1 h"), (7300, "2 h"), (90_000, "25 h"), (260_000, "3 days")],
)
def test_intervals(seconds: float, words: str) -> None:
    assert plots.interval(seconds) == words


@pytest.mark.parametrize(
    ("per_week", "words"),
    [
        (None, ""),
        (280.0, "About 40 a day"),
        (3.0, "About 3 a week"),
        (0.5, "About 2 a month"),
        (0.1, "About 5 a year"),
        (0.001, "Less than one a year"),
    ],
)
def test_rates(per_week: float | None, words: str) -> None:
    assert rate(per_week) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [(None, ""), (0, ""), (312, "312 B"), (1200, "1.2 kB"), (41_000, "41 kB"), (31_000_000, "31.0 MB")],
)
def test_sizes(length: int | None, words: str) -> None:
    assert size(length) == words


def test_pieces() -> None:
    assert esc("<a href='x'>\"&") == "&lt;a href=&#39;x&#39;&gt;&#34;&amp;"
    assert (initial("«Ärger»"), initial("…"), initial("")) == ("Ä", "·", "·")
    assert fav(None, "<b>") == '<b class="fav" aria-hidden="true">B</b>'
    assert (count(1, "feed"), count(1204, "entry", "entries")) == ("1 feed", "1,204 entries")
    signs = Signs("/s.svg")
    assert signs("star") is signs("star")
    assert (caps("shift+a"), caps("g s"), caps("+"), caps("ctrl+k")) == (["⇧", "A"], ["G", "S"], ["+"], ["Ctrl", "K"])
    assert accepted("gzip;q=0, br;q=0.5, *") == {"br", "*"}


def test_a_weekly_rhythm_shows_seven_days_and_says_so() -> None:
    grid: list[list[float | None]] = [[600.0] * 24 for _ in range(10)]
    rhythm = plots.local([600.0] * 24, grid, 10, Times(NOW, "UTC"), (1.38, 0.1))
    drawn = plots.draw(rhythm, "A")
    assert len(rhythm.grid) == len(rhythm.days) == 7
    assert "seven days are shown" in drawn
    assert "on Saturday and Sunday it publishes about 7 % of what it does on other days" in drawn
    assert 'aria-label="The last seven days, hour by hour"' in drawn
    busy = plots.local([600.0] * 24, grid, 10, Times(NOW, "UTC"), (0.4, 2.4))
    assert "from Monday to Friday it publishes" in plots.draw(busy, "A")
    assert "seven" not in plots.draw(plots.local([600.0] * 24, grid, 10, Times(NOW, "UTC")), "A")
