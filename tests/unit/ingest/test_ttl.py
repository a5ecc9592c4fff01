"""The plan of the next pull, its bounds and its reasons. (What a rhythm learns: test_rhythm.)"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.headers import DAY
from reader.ingest.pause import Pace, pause
from reader.ingest.reasons import Reason, in_words
from reader.ingest.rhythm import FULL, Rhythm, observe
from reader.ingest.season import CELLS
from reader.ingest.ttl import HOURS, LEAST, MOST, Plan, checks, next_pull

MIDNIGHT = 20_000 * DAY  # a day begins
NOON = MIDNIGHT + 11 * 3600 + 60


def level(per_hour: int, now: float = NOON) -> Rhythm:
    """Ten days with so many moments in every hour."""
    counts = bytearray([per_hour]) * CELLS
    counts[int(now // 3600) % CELLS] = 0  # the running hour has just begun
    return Rhythm(bytes(counts), int(now), int(now) - 60)


BUSY, QUIET = level(6), level(0)


def plan(rhythm: Rhythm, now: float = NOON, **changes: object) -> Plan:
    return next_pull(rhythm=rhythm, now=now, **changes)  # type: ignore[arg-type]


def delay(rhythm: Rhythm, now: float = NOON, **changes: object) -> float:
    at = plan(rhythm, now, **changes).at
    assert at is not None
    return at - now


def words(rhythm: Rhythm, now: float = NOON, offset: int | None = None, **changes: object) -> str:
    return in_words(plan(rhythm, now, **changes).reason, offset)


# bounds


def test_the_bounds_are_two_minutes_and_an_hour() -> None:
    assert delay(level(FULL), jitter=0.0) >= LEAST
    assert delay(level(30)) == pytest.approx(LEAST, rel=0.25)
    assert delay(QUIET, jitter=1.0) <= MOST
    assert delay(QUIET) == pytest.approx(MOST, rel=0.06)


def test_what_publishes_more_is_pulled_sooner_by_the_square_root() -> None:
    pauses = [pause(level(n), NOON) for n in (0, 1, 2, 4, 8, 16)]
    assert pauses == sorted(pauses, reverse=True)
    # Far from the bounds four times the entries halve the pause.
    assert pauses[2] / pauses[4] == pytest.approx(2, rel=0.2)


@given(st.binary(min_size=CELLS, max_size=CELLS), st.floats(0, 60), st.floats(-5, 3), st.floats(0, 9), st.floats(0, 1))
def test_every_rhythm_has_a_pause_within_bounds(
    counts: bytes, age: float, mean: float, variance: float, jitter: float
) -> None:
    rhythm = Rhythm(counts, NOON, NOON - 3600, age, mean, variance)
    assert LEAST <= delay(rhythm, jitter=jitter) <= MOST
    assert all(LEAST <= each <= MOST for each in checks(rhythm, NOON))


def test_jitter_spreads_by_a_tenth_within_the_bounds() -> None:
    middle = delay(BUSY)
    assert delay(BUSY, jitter=0.0) == pytest.approx(middle * 0.9)
    assert delay(BUSY, jitter=1.0) == pytest.approx(middle * 1.1)
    assert len({round(delay(QUIET, jitter=step / 10)) for step in range(11)}) >= 6, "the slowest do not come in step"
    assert len({round(delay(level(FULL), jitter=step / 10)) for step in range(11)}) >= 6


def test_a_pull_before_a_busy_hour_comes_soon_after_it_begins() -> None:
    counts = bytes(20 if n % HOURS == 11 else 0 for n in range(CELLS))
    now = MIDNIGHT + 10 * 3600 + 50 * 60
    rhythm = Rhythm(counts, int(now), int(now) - 80_000, age=1.0, shape=0.7)
    assert 480 < delay(rhythm, now) <= 600 + 2 * LEAST


def test_a_regular_feed_is_met_soon_after_its_entries() -> None:
    rng = random.Random(7)
    start, at, times = MIDNIGHT, MIDNIGHT - 10.0 * DAY, []
    while at < start + 10 * DAY:
        at += 5400 * rng.uniform(0.97, 1.03)
        times.append(at)
    rhythm = observe(Rhythm(), [time for time in times if time < start], start)
    now, before, pulls, waited = float(start), float(start), 0, []
    while now < start + 9 * DAY:
        new = [time for time in times if before < time <= now]
        waited += [now - time for time in new]
        rhythm, before, pulls = observe(rhythm, new, now), now, pulls + 1
        now += delay(rhythm, now)
    even = 9 * DAY / pulls / 2
    assert sum(waited) / len(waited) < 0.5 * even, "as many pulls at even distances would wait for twice as long"


def test_entries_that_come_in_batches_are_worth_more() -> None:
    alone, batches = level(1), Rhythm(bytes([1]) * CELLS, int(NOON), int(NOON) - 60, batch=8.0)
    assert pause(batches, NOON) < pause(alone, NOON) / 2


def test_patience_is_the_price_of_a_request() -> None:
    assert pause(BUSY, NOON, Pace(patience=240)) == pytest.approx(2 * pause(BUSY, NOON), rel=0.15)
    assert pause(QUIET, NOON, Pace(most=7200)) <= 7200


# what else counts


def test_gone_is_never_again() -> None:
    assert plan(BUSY, status_gone=True, errors=1).at is None


@pytest.mark.parametrize(("errors", "seconds"), [(1, 120), (2, 240), (5, 1920), (10, 61_440), (11, DAY), (1000, DAY)])
def test_errors_back_off_exponentially_up_to_a_day(errors: int, seconds: int) -> None:
    assert delay(BUSY, errors=errors) == seconds


def test_retry_after_is_honoured_up_to_a_day_and_never_undercut() -> None:
    for jitter in (0.0, 0.5, 1.0):
        assert 7200 <= delay(BUSY, errors=1, retry_after=7200, jitter=jitter) <= 7200 * 1.1
        assert delay(BUSY, errors=1, retry_after=10**9, jitter=jitter) <= DAY * 1.1
    assert delay(BUSY, errors=8, retry_after=10) == 120 * 2**7, "the longer one counts"


def test_hints_bound_from_below_for_an_hour_at_most() -> None:
    usual = delay(BUSY)
    for jitter in (0.0, 0.5, 1.0):
        assert 0.9 * MOST <= delay(QUIET, hint_seconds=DAY, jitter=jitter) <= MOST
        assert 900 <= delay(BUSY, hint_seconds=900, jitter=jitter) <= 990
    assert delay(BUSY, hint_seconds=60) == usual
    assert 900 <= delay(BUSY, hint_seconds=DAY) <= 990, "its own entries contradict it"
    assert delay(BUSY, hint_seconds=DAY, readers=0) >= DAY
    assert delay(BUSY, hint_seconds=-5) == delay(BUSY, hint_seconds=0) == usual


def test_what_nobody_reads_is_pulled_less_often() -> None:
    assert delay(BUSY, readers=0) == MOST
    assert delay(QUIET, readers=0) == 6 * 3600
    assert "Nobody reads it" in words(QUIET, readers=0)
    assert min(checks(BUSY, NOON, readers=0)) >= MOST


def test_a_feed_that_a_hub_tells_about_is_polled_rarely() -> None:
    assert delay(BUSY, pushed=True) == DAY
    assert "tells Evantr itself" in words(BUSY, pushed=True)


# words


def test_reasons_are_sentences() -> None:
    assert words(BUSY) == "Between 11 and 12 (UTC) it publishes about every 10 minutes."
    assert words(QUIET) == "Between 11 and 12 (UTC) it hardly publishes, so it is checked once an hour."
    assert words(Rhythm()) == "Nothing is known about its rhythm yet."
    assert words(BUSY, errors=3) == "The last 3 checks failed, so Evantr waits 8 minutes before the next one."
    assert "pause of 6 minutes" in words(BUSY, errors=1, retry_after=360)
    assert "(410)" in words(BUSY, status_gone=True)
    assert words(BUSY, hint_seconds=900) == "The server says that nothing new comes for 15 minutes."


@pytest.mark.parametrize(
    ("offset", "between"),
    [
        (None, "11 and 12 (UTC)"),
        (0, "11 and 12"),
        (-36_000, "1 and 2"),
        (19_800, "16:30 and 17:30"),
        (43_200, "23 and 0"),
        (45_900, "23:45 and 0:45"),
    ],
)
def test_hours_are_the_readers(offset: int | None, between: str) -> None:
    assert words(BUSY, offset=offset).startswith(f"Between {between} it publishes")


def test_reasons_are_stored_as_facts() -> None:
    packed = plan(BUSY).reason
    reason = Reason.unpack(packed)
    assert reason is not None
    assert (reason.kind, reason.numbers[:2], reason.pack()) == ("rhythm", (11, 603), packed)
    assert in_words("A sentence that an earlier version stored.") == "A sentence that an earlier version stored."
    for other in ("", "rhythm", "rhythm 1 2", "rhythm 1 2 x", "gone 1", "nonsense 1", "rhythm ١ 2 3"):
        assert Reason.unpack(other) is None
        assert in_words(other) == other


def test_a_herd_spreads_by_itself() -> None:
    """A thousand feeds with one rhythm, pulled in the same second, are not in step an hour later."""
    rng = random.Random(4)
    times = sorted(next_pull(rhythm=QUIET, now=NOON, jitter=rng.random()).at or 0 for _ in range(1000))
    in_a_minute = max(sum(1 for other in times if time <= other < time + 60) for time in times)
    assert in_a_minute < 400
