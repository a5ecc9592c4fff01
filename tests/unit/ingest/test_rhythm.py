"""What a rhythm learns from pulls."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.headers import DAY
from reader.ingest.pause import pause
from reader.ingest.rhythm import Rates, Rhythm, observe
from reader.ingest.season import CELLS, DAYS, HOURS, UNKNOWN, is_weekend, spread, week
from reader.ingest.ttl import LEAST, MOST, forecast, grid, next_pull

MIDNIGHT = 20_003 * DAY  # a Monday begins
HOUR = 3600


def steady(every: float, start: float, end: float) -> list[float]:
    return [start + n * every for n in range(int((end - start) // every))]


def chance(rng: random.Random, per_day: float, start: float, end: float) -> list[float]:
    times, at = [], start
    while (at := at + rng.expovariate(per_day / DAY)) < end:
        times.append(at)
    return times


def live(times: list[float], start: float, end: float, shown: int = 20) -> tuple[Rhythm, list[float]]:
    """Pull as planned from ``start`` to ``end``; the rhythm, and when it was pulled."""
    now, before, rhythm = start, float("-inf"), Rhythm()
    pulls = []
    while now < end:
        document = [time for time in times if time <= now][-shown:]
        new = [time for time in document if time > before]
        rhythm = observe(rhythm, new, now, complete=len(new) < len(document))
        pulls.append(now)
        before = now
        at = next_pull(rhythm=rhythm, now=now).at
        assert at is not None
        now = at
    return rhythm, pulls


def ttl_at(rhythm: Rhythm, time: float) -> float | None:
    return grid(rhythm, float(rhythm.looked))[-1 - (rhythm.looked // DAY - int(time // DAY))][int(time // HOUR) % HOURS]


@pytest.mark.parametrize(("every", "ttl"), [(600, 600), (1200, 1200), (3600, 3600), (180, 180), (125, 124)])
def test_the_ttl_of_an_hour_is_the_mean_distance_of_its_entries(every: int, ttl: int) -> None:
    now = MIDNIGHT + 15 * HOUR
    rhythm = observe(Rhythm(), steady(every, now - 5 * HOUR, now), now - 0.001)
    assert ttl_at(rhythm, now - 2 * HOUR) == pytest.approx(ttl, rel=0.04)


def test_every_pull_recomputes_the_current_hour() -> None:
    now = MIDNIGHT + 12 * HOUR
    rhythm = observe(Rhythm(), [now - 9 * DAY], now)
    for minute in range(0, 60, 10):
        rhythm = observe(rhythm, [now + minute * 60], now + minute * 60 + 30)
    assert ttl_at(rhythm, now) == 600


def test_an_hour_without_entries_has_the_longest_ttl() -> None:
    now = MIDNIGHT + 12 * HOUR
    rhythm = observe(Rhythm(), [now - 9 * DAY, now - HOUR * 5], now)
    assert ttl_at(rhythm, now - 3 * HOUR) == MOST
    assert all(one is None or LEAST <= one <= MOST for day in grid(rhythm, now) for one in day)


def test_a_burst_counts_as_one_moment() -> None:
    now = MIDNIGHT + 12 * HOUR
    rhythm = observe(Rhythm(), [now - 3 * DAY, *(now - 5 * HOUR + n for n in range(50))], now)
    assert ttl_at(rhythm, now - 5 * HOUR) == MOST
    assert rhythm.batch > 2


def test_a_burst_fools_nobody() -> None:
    """One noisy hour does not make the feed a busy one, neither that day nor at that hour of the next."""
    rng = random.Random(1)
    now = MIDNIGHT + 12 * HOUR
    calm = observe(Rhythm(), chance(rng, 3, now - 10 * DAY, now), now)
    before = pause(calm, now)
    burst = [now + 200 * n for n in range(12)]
    noisy = observe(calm, burst, now + HOUR)
    for hour in range(2, 20):
        noisy = observe(noisy, [], now + hour * HOUR)
    for hour in (20, 24, 28):
        assert pause(noisy, now + hour * HOUR) > before / 3


def test_the_forecast_is_the_mean_over_ten_days_per_hour() -> None:
    counts = bytearray(CELLS)
    for day in range(DAYS):
        counts[day * HOURS + 11] = 4 + day % 3
    means = forecast(Rhythm(bytes(counts), MIDNIGHT - 1, MIDNIGHT - DAY, shape=0.7), MIDNIGHT - 1.0)
    assert means[11] == pytest.approx(HOUR / 4.9, rel=0.05)
    assert means[14] == MOST


def test_a_new_feed_adapts_within_a_day() -> None:
    """From one old entry to a feed that publishes every ten minutes by day and not at night."""
    opens = MIDNIGHT + 8 * HOUR
    times = [MIDNIGHT - 5.0 * DAY]
    times += [opens + day * DAY + n * 600.0 for day in range(2) for n in range(60)]  # 8 to 18 h, from this day on
    rhythm, pulls = live(times, MIDNIGHT, MIDNIGHT + DAY + 20 * HOUR)
    first = [pull for pull in pulls if opens <= pull < opens + 2 * HOUR]
    second = [pull for pull in pulls if opens + DAY <= pull < opens + DAY + 10 * HOUR]
    night = [pull for pull in pulls if opens + 13 * HOUR <= pull < opens + 22 * HOUR]
    assert len(first) >= 6, "it speeds up within the first hours"
    assert len(second) / 10 >= 8, "the day after it is met at its pace"
    assert len(night) / 9 <= 3.2, "and left alone at night"
    assert forecast(rhythm, float(rhythm.looked))[12] < 0.7 * MOST < forecast(rhythm, float(rhythm.looked))[22]


def test_a_new_feed_knows_its_past_from_the_first_document() -> None:
    now = MIDNIGHT + 12 * HOUR + 1800
    rhythm = observe(Rhythm(), steady(300, now - 6 * HOUR, now), now)
    assert forecast(rhythm, now)[11] == pytest.approx(300, rel=0.25)
    assert pause(rhythm, now) < 400


def test_a_seeded_rhythm_knows_day_and_night() -> None:
    hours = [MIDNIGHT + day * DAY + hour * HOUR for day in range(10) for hour in range(9, 18)]
    times = [hour + n * 600.0 for hour in hours for n in range(6)]
    rhythm = observe(Rhythm(), times, MIDNIGHT + 10 * DAY - 1)
    means = forecast(rhythm, MIDNIGHT + 10 * DAY - 1)
    assert all(means[hour] == pytest.approx(600, rel=0.15) for hour in range(10, 18))
    assert all(means[hour] > 0.9 * MOST for hour in range(8))


def test_pulls_through_the_day_learn_the_same_as_a_seed() -> None:
    times = steady(900, MIDNIGHT, MIDNIGHT + DAY)
    rhythm = observe(Rhythm(), times[:1], MIDNIGHT + 1.0)
    for step in range(48):
        now = MIDNIGHT + step * 1800 + 900
        new = [time for time in times if max(now - 1800, MIDNIGHT + 1) < time <= now]
        rhythm = observe(rhythm, new, now)
    assert all(ttl_at(rhythm, MIDNIGHT + hour * HOUR) == 900 for hour in range(2, 23))


def test_hours_that_the_document_does_not_reach_stay_unknown() -> None:
    now = MIDNIGHT + 12 * HOUR + 1800
    rhythm = observe(Rhythm(), [now - 600, now - 60], now)
    assert CELLS - rhythm.counts.count(UNKNOWN) == 1
    later = observe(rhythm, [now + 5 * HOUR], now + 5 * HOUR, complete=False)
    assert ttl_at(later, now + 3 * HOUR) is None
    assert ttl_at(later, now) == ttl_at(rhythm, now), "what was known stays"
    seen = observe(rhythm, [now + 5 * HOUR], now + 5 * HOUR)
    assert ttl_at(seen, now + 3 * HOUR) == MOST, "a document with old entries too tells that nothing came"


def test_silence_is_learned_from_a_document_that_does_not_change() -> None:
    now = MIDNIGHT + 12 * HOUR
    rhythm = observe(Rhythm(), steady(300, now - 4 * HOUR, now), now)
    before = pause(rhythm, now)
    pauses = []
    for hour in range(1, 11 * 24):
        rhythm = observe(rhythm, [], now + hour * HOUR)
        pauses.append(pause(rhythm, now + hour * HOUR))
    assert rhythm.counts == bytes(CELLS)
    assert before < 600
    assert pauses[47] > 1500, "a feed that has died costs little after two days"
    assert pauses[-1] > 3000


def test_a_date_without_a_time_counts_when_it_appears() -> None:
    """Many feeds date their entries with midnight, or with another clock than ours."""
    rhythm = observe(Rhythm(), [MIDNIGHT - DAY], MIDNIGHT - DAY / 2)
    for hour in range(-11, 20):
        now = MIDNIGHT + hour * HOUR + 60
        rhythm = observe(rhythm, [MIDNIGHT] if hour == 15 else [], now)
    assert ttl_at(rhythm, MIDNIGHT) == MOST
    assert rhythm.counts[int(MIDNIGHT // HOUR) % CELLS] == 0
    assert sum(rhythm.counts[int(MIDNIGHT // HOUR + hour) % CELLS] for hour in (14, 15)) == 1
    future = observe(rhythm, [4e9], MIDNIGHT + 21 * HOUR)
    assert future.last == MIDNIGHT + 21 * HOUR


def test_old_days_are_forgotten() -> None:
    now = MIDNIGHT + 12 * HOUR
    rhythm = observe(Rhythm(), steady(300, now - 3 * HOUR, now), now)
    assert sum(observe(rhythm, [], now + 30 * DAY).counts) == 0


def test_regularity_is_learned() -> None:
    now = MIDNIGHT + 10 * DAY
    regular = observe(Rhythm(), steady(7200, now - 6 * DAY, now), now)
    wild = observe(Rhythm(), chance(random.Random(2), 12, now - 6 * DAY, now), now)
    assert regular.gap_variance < 0.3 < 0.8 < wild.gap_variance


times_strategy = st.lists(st.floats(0, 2e9), max_size=60)


@given(times_strategy, times_strategy, st.floats(1e6, 2e9), st.floats(-3e6, 3e6), st.booleans())
def test_observe_stays_within_bounds(
    first: list[float], second: list[float], now: float, gap: float, complete: bool
) -> None:
    rhythm = observe(observe(Rhythm(), first, now), second, now + gap, complete=complete)
    assert len(rhythm.counts) == CELLS
    assert all(LEAST <= mean <= MOST for mean in forecast(rhythm, now + gap))
    assert LEAST <= pause(rhythm, now + gap) <= MOST
    again = Rhythm.unpack(rhythm.pack())
    assert (again.counts, again.looked, again.last, again.gaps) == (
        rhythm.counts, rhythm.looked, rhythm.last, rhythm.gaps,
    )  # fmt: skip
    assert again.age == pytest.approx(rhythm.age, rel=1e-6)


def test_packing() -> None:
    assert Rhythm().pack() == b"" and Rhythm.unpack(b"") == Rhythm() == Rhythm.unpack(b"other")
    packed = observe(Rhythm(), [], MIDNIGHT).pack()
    assert len(packed) < 300
    assert Rhythm.unpack(bytes([99]) + packed[1:]) == Rhythm()


def test_a_rhythm_of_the_first_version_is_read() -> None:
    hour = int(MIDNIGHT // HOUR)
    ttls = [0] * CELLS
    ttls[hour % CELLS], ttls[(hour - 1) % CELLS], ttls[(hour - 2) % CELLS] = 600, 3600, 120
    rhythm = Rhythm.unpack(struct.pack(f"<BI{CELLS}H", 1, hour, *ttls))
    assert [rhythm.counts[(hour - back) % CELLS] for back in range(4)] == [6, 0, 30, UNKNOWN]
    assert rhythm.hour == hour + 1 or rhythm.hour == hour
    assert LEAST <= pause(observe(rhythm, [], MIDNIGHT + 2 * HOUR), MIDNIGHT + 2 * HOUR) <= MOST


def test_a_clock_that_goes_back_does_no_harm() -> None:
    rhythm = observe(Rhythm(), steady(900, MIDNIGHT - DAY, MIDNIGHT), MIDNIGHT + HOUR)
    back = observe(rhythm, [], MIDNIGHT - 5 * DAY)
    assert LEAST <= pause(back, MIDNIGHT - 5 * DAY) <= MOST
    ahead = observe(rhythm, [], MIDNIGHT + 3650 * DAY)
    home = observe(ahead, [MIDNIGHT + 2 * HOUR], MIDNIGHT + 2 * HOUR)
    assert home.looked == MIDNIGHT + 2 * HOUR
    assert LEAST <= pause(home, MIDNIGHT + 2 * HOUR) <= MOST


# the week


def weeks(rng: random.Random, work: float, end: float, days: int = 10, ends_at: float = MIDNIGHT) -> list[float]:
    times = chance(rng, max(work, end), ends_at - days * DAY, ends_at)
    share = {False: work / max(work, end), True: end / max(work, end)}
    return [time for time in times if rng.random() < share[is_weekend(int(time // HOUR))]]


def seeded(times: list[float], now: float) -> Rhythm:
    return observe(Rhythm(), [now - 11 * DAY, *times], now)


@pytest.mark.parametrize("day", range(7))
def test_a_week_is_seen_on_every_day_of_it(day: int) -> None:
    now = MIDNIGHT + day * DAY + 11 * HOUR
    found = 0
    for seed in range(20):
        rhythm = seeded(weeks(random.Random(seed), 14, 1.0, ends_at=now), now)
        found += rhythm.workday > 1.1 > 0.6 > rhythm.weekend
    assert found >= 14


def test_a_busy_weekend_counts_too() -> None:
    rhythm = seeded(weeks(random.Random(3), 2, 16), MIDNIGHT + 0.5)
    assert rhythm.weekend > 1.5 > 1 > rhythm.workday


def test_chance_is_no_week() -> None:
    """No false alarms: even feeds, bursts, feeds that end or begin at a weekend."""
    alarms = 0
    for seed in range(300):
        rng = random.Random(seed)
        now = MIDNIGHT + seed % 7 * DAY + 11 * HOUR
        times = chance(rng, rng.uniform(1, 60), now - 10 * DAY, now)
        if seed % 3 == 1:
            times = [time + rng.uniform(0, 900) for time in times[::6] for _ in range(6)]
        alarms += seeded(sorted(times), now).workday != 1.0
    assert alarms <= 2


def test_an_end_on_a_friday_is_no_week() -> None:
    monday_noon = MIDNIGHT + 7 * DAY + 12 * HOUR
    friday_night = MIDNIGHT + 5 * DAY
    rhythm = seeded(chance(random.Random(5), 20, monday_noon - 10 * DAY, friday_night), monday_noon)
    counts = bytearray(rhythm.counts)
    for hour in range(int(friday_night // HOUR), int(monday_noon // HOUR) + 1):
        counts[hour % CELLS] = 0
    assert week(bytes(counts), rhythm.hour) == (1.0, 1.0)


def test_the_week_moves_the_pause() -> None:
    wednesday, saturday = MIDNIGHT + 2 * DAY + 12 * HOUR, MIDNIGHT + 5 * DAY + 12 * HOUR
    with_week = Rhythm(bytes([1]) * CELLS, int(saturday), int(saturday) - 60, workday=1.35, weekend=0.1)
    assert pause(with_week, saturday) > 2 * pause(with_week, wednesday)
    rates = Rates(with_week, saturday)
    assert rates.at(int(saturday // HOUR)) < 0.2 * rates.at(int(wednesday // HOUR))


def test_shape_and_clumps() -> None:
    even = bytes(2 for _ in range(CELLS))
    office = bytes(6 if 9 <= n % HOURS < 17 else 0 for n in range(CELLS))
    clumped = bytearray(CELLS)
    for n in range(0, CELLS, 31):
        clumped[n] = 9
    assert spread(even)[0] > spread(office)[0]
    assert spread(office)[1] == 1.0 < spread(bytes(clumped))[1]
