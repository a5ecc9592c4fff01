from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.headers import DAY
from reader.ingest.ttl import DAYS, HOURS, LEAST, MOST, Plan, Rhythm, forecast, next_pull, observe

MIDNIGHT = 20_000 * DAY  # a day begins


def steady(every: int, start: float, end: float) -> list[float]:
    return [start + n * every for n in range(int((end - start) // every))]


def plan(rhythm: Rhythm, now: float, **changes: object) -> Plan:
    return next_pull(rhythm=rhythm, now=now, **changes)  # type: ignore[arg-type]


def delay(rhythm: Rhythm, now: float, **changes: object) -> float:
    at = plan(rhythm, now, **changes).at
    assert at is not None
    return at - now


def cell(rhythm: Rhythm, time: float) -> int:
    return rhythm.cells[int(time // 3600) % (DAYS * HOURS)]


@pytest.mark.parametrize(
    ("every", "ttl"), [(600, 600), (1200, 1200), (3600, 3600), (180, 180), (60, LEAST), (10, LEAST)]
)
def test_the_ttl_of_an_hour_is_the_mean_distance_of_its_entries(every: int, ttl: int) -> None:
    now = MIDNIGHT + 15 * 3600
    rhythm = observe(Rhythm(), steady(every, now - 5 * 3600, now), now - 0.001)
    assert cell(rhythm, now - 2 * 3600) == pytest.approx(ttl, rel=0.02)


def test_an_hour_without_entries_has_the_longest_ttl() -> None:
    now = MIDNIGHT + 12 * 3600
    rhythm = observe(Rhythm(), [now - 9 * DAY, now - 3600 * 5], now)
    assert cell(rhythm, now - 3 * 3600) == MOST
    assert set(rhythm.cells) <= {0, *range(LEAST, MOST + 1)}


def test_a_burst_counts_as_one_moment() -> None:
    now = MIDNIGHT + 12 * 3600
    burst = [now - 5 * 3600 + n for n in range(50)]
    rhythm = observe(Rhythm(), [now - 3 * DAY, *burst], now)
    assert cell(rhythm, burst[0]) == MOST


def test_the_forecast_is_the_mean_of_ten_days_per_hour() -> None:
    cells = [MOST] * (DAYS * HOURS)
    for day in range(DAYS):
        cells[day * HOURS + 11] = 300 + 60 * day
    means = forecast(Rhythm(tuple(cells), 240))
    assert means[11] == sum(300 + 60 * day for day in range(DAYS)) / DAYS
    assert means[12] == MOST


def test_a_new_feed_adapts_within_a_day() -> None:
    now = MIDNIGHT + 12 * 3600 + 1800
    rhythm = observe(Rhythm(), steady(300, now - 6 * 3600, now), now)
    assert forecast(rhythm)[11] == pytest.approx(300, rel=0.15)
    assert delay(rhythm, now) == pytest.approx(300, rel=0.3)


def test_a_seeded_rhythm_knows_day_and_night() -> None:
    times = [
        MIDNIGHT + day * DAY + hour * 3600 + n * 600 for day in range(10) for hour in range(9, 18) for n in range(6)
    ]
    rhythm = observe(Rhythm(), times, MIDNIGHT + 10 * DAY - 1)
    means = forecast(rhythm)
    assert all(means[hour] == pytest.approx(600, rel=0.15) for hour in range(10, 18))
    assert all(means[hour] > 0.9 * MOST for hour in range(8))
    assert delay(rhythm, MIDNIGHT + 10 * DAY + 11 * 3600) == pytest.approx(600, rel=0.15)
    assert delay(rhythm, MIDNIGHT + 10 * DAY + 2 * 3600) > 0.9 * MOST


def test_a_pull_before_a_busy_hour_comes_soon_after_it_begins() -> None:
    cells = tuple(120 if n % HOURS == 11 else MOST for n in range(DAYS * HOURS))
    now = MIDNIGHT + 10 * 3600 + 50 * 60
    assert 600 < delay(Rhythm(cells, 1), now) <= 600 + 120


def test_pulls_through_the_day_learn_the_same_as_a_seed() -> None:
    times = steady(900, MIDNIGHT, MIDNIGHT + DAY)
    rhythm = Rhythm()
    for step in range(48):
        now = MIDNIGHT + step * 1800 + 900
        rhythm = observe(rhythm, [time for time in times if now - 6 * 3600 < time <= now], now)
    assert all(800 <= rhythm.cells[int((MIDNIGHT // 3600 + hour) % 240)] <= 1000 for hour in range(2, 23))


def test_hours_that_the_document_does_not_reach_stay_unknown() -> None:
    now = MIDNIGHT + 12 * 3600 + 1800
    rhythm = observe(Rhythm(), [now - 600, now - 60], now)
    assert sum(1 for one in rhythm.cells if one) == 1
    later = observe(rhythm, [now + 5 * 3600], now + 5 * 3600)
    assert cell(later, now + 3 * 3600) == 0
    assert cell(later, now) == cell(rhythm, now), "what was known stays"


def test_silence_is_learned_from_a_document_that_does_not_change() -> None:
    now = MIDNIGHT + 12 * 3600
    times = steady(300, now - 4 * 3600, now)
    rhythm = observe(Rhythm(), times, now)
    for hour in range(1, 11 * 24):
        rhythm = observe(rhythm, times, now + hour * 3600)
    assert set(rhythm.cells) == {MOST}


def test_old_days_are_forgotten() -> None:
    now = MIDNIGHT + 12 * 3600
    rhythm = observe(Rhythm(), steady(300, now - 3 * 3600, now), now)
    assert sum(1 for one in observe(rhythm, [], now + 30 * DAY).cells if one) == 1


@given(st.lists(st.floats(0, 2e9), max_size=60), st.floats(1e6, 2e9), st.floats(0, 3e6))
def test_observe_stays_within_bounds(times: list[float], now: float, gap: float) -> None:
    rhythm = observe(observe(Rhythm(), times, now), times, now + gap)
    assert len(rhythm.cells) == DAYS * HOURS
    assert all(one == 0 or LEAST <= one <= MOST for one in rhythm.cells)
    assert all(LEAST <= mean <= MOST for mean in forecast(rhythm))
    assert Rhythm.unpack(rhythm.pack()) == rhythm
    assert LEAST * 0.9 <= delay(rhythm, now + gap, jitter=0) <= MOST


def test_packing() -> None:
    assert Rhythm().pack() == b"" and Rhythm.unpack(b"") == Rhythm() == Rhythm.unpack(b"other")
    assert len(observe(Rhythm(), [], MIDNIGHT).pack()) < 500


def test_a_clock_that_goes_back_does_no_harm() -> None:
    rhythm = observe(Rhythm(), [MIDNIGHT], MIDNIGHT + 3600)
    assert delay(observe(rhythm, [MIDNIGHT], MIDNIGHT - 5 * DAY), MIDNIGHT - 5 * DAY) <= MOST


# next_pull

BUSY = Rhythm((540,) * (DAYS * HOURS), 1)
QUIET = Rhythm((MOST,) * (DAYS * HOURS), 1)
NOON = MIDNIGHT + 11 * 3600 + 60


def test_reasons_are_sentences() -> None:
    assert plan(BUSY, NOON).reason == "Between 11 and 12 (UTC) it publishes about every 9 minutes."
    assert plan(QUIET, NOON).reason == "Between 11 and 12 (UTC) it hardly publishes, so it is checked once an hour."
    assert plan(Rhythm(), NOON).reason == "Nothing is known about its rhythm yet, so it is checked every hour."
    assert (
        plan(BUSY, NOON, errors=3).reason == "The last 3 checks failed, so Evantr waits 8 minutes before the next one."
    )
    assert "pause of 6 minutes" in plan(BUSY, NOON, errors=1, retry_after=360).reason
    assert "(410)" in plan(BUSY, NOON, status_gone=True).reason


def test_gone_is_never_again() -> None:
    assert plan(BUSY, NOON, status_gone=True, errors=1).at is None


@pytest.mark.parametrize(("errors", "seconds"), [(1, 120), (2, 240), (5, 1920), (10, 61_440), (11, DAY), (1000, DAY)])
def test_errors_back_off_exponentially_up_to_a_day(errors: int, seconds: int) -> None:
    assert delay(BUSY, NOON, errors=errors) == seconds


def test_jitter_spreads_by_a_tenth() -> None:
    assert delay(BUSY, NOON, jitter=0.0) == pytest.approx(540 * 0.9)
    assert delay(BUSY, NOON, jitter=1.0) == pytest.approx(540 * 1.1)


def test_retry_after_is_honoured_up_to_a_day_and_never_undercut() -> None:
    for jitter in (0.0, 0.5, 1.0):
        assert 7200 <= delay(BUSY, NOON, errors=1, retry_after=7200, jitter=jitter) <= 7200 * 1.1
        assert delay(BUSY, NOON, errors=1, retry_after=10**9, jitter=jitter) <= DAY * 1.1
    assert delay(BUSY, NOON, errors=8, retry_after=10) == 120 * 2**7, "the longer one counts"


def test_hints_bound_from_below_for_an_hour_at_most() -> None:
    assert delay(QUIET, NOON, hint_seconds=DAY) == MOST
    assert delay(BUSY, NOON, hint_seconds=900) == 900
    assert delay(BUSY, NOON, hint_seconds=60) == 540
    assert delay(BUSY, NOON, hint_seconds=DAY) == 900, "its own entries contradict it"
    assert delay(BUSY, NOON, hint_seconds=DAY, readers=0) == DAY


def test_what_nobody_reads_is_pulled_less_often() -> None:
    assert delay(BUSY, NOON, readers=0) == MOST
    assert delay(QUIET, NOON, readers=0) == 6 * 3600
    assert "Nobody reads it" in plan(QUIET, NOON, readers=0).reason


def test_a_feed_that_a_hub_tells_about_is_polled_rarely() -> None:
    assert delay(BUSY, NOON, pushed=True) == 6 * 3600
