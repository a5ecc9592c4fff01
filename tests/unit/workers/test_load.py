"""Limits that follow the load, and the times between attempts."""

from __future__ import annotations

import asyncio
import time

from workers.load import Follow, LoadMeter
from workers.retry import LONGEST_SECONDS, backoff

CALM, BUSY = (0.001, 0.3), (0.2, 0.99)


def test_shrinks_by_factors_and_grows_by_steps() -> None:
    follow = Follow(64)
    assert follow.allowed == 64
    assert [follow.step(*BUSY, full=True) for _ in range(3)] == [44, 31, 21]
    assert [follow.step(*CALM, full=True) for _ in range(3)] == [25, 29, 33]
    for _ in range(20):
        follow.step(*CALM, full=True)
    assert follow.allowed == 64


def test_never_to_nothing_and_never_above_its_most() -> None:
    follow = Follow(64)
    for _ in range(50):
        follow.step(*BUSY, full=True)
    assert follow.allowed == follow.least == 8
    one = Follow(1)
    one.step(*BUSY, full=True)
    assert one.allowed == 1


def test_grows_only_where_more_would_run() -> None:
    follow = Follow(64)
    follow.step(*BUSY, full=True)
    assert follow.step(*CALM, full=False) == 44
    assert follow.step(0.03, 0.5, full=True) == 44  # between the marks: neither
    assert follow.step(0.001, 0.95, full=True) == 44  # no core to spare


def test_a_full_core_alone_is_no_overload() -> None:
    follow = Follow(64)
    assert follow.step(0.001, 1.0, full=True) == 64
    assert follow.step(0.03, 1.0, full=True) == 44


def test_what_a_person_waits_for_stays_as_it_is() -> None:
    follow = Follow(16, steady=True)
    assert follow.step(*BUSY, full=True) == 16


def test_a_new_maximum_and_idleness_start_afresh() -> None:
    follow = Follow(64)
    follow.step(*BUSY, full=True)
    follow.resize(64)
    assert follow.allowed == 44
    follow.restart()
    assert follow.allowed == 64
    follow.resize(10)
    assert follow.allowed == 10


async def test_the_meter_sees_a_blocked_loop() -> None:
    meter = LoadMeter()
    calm, _ = await meter.tick(0.1)
    ticking = asyncio.create_task(meter.tick(0.1))
    for _ in range(4):
        await asyncio.sleep(0.005)
        until = time.monotonic() + 0.08
        while time.monotonic() < until:
            pass
    lag, cpu = await ticking
    assert lag > 0.03
    assert lag > calm
    assert cpu > 0.02
    assert meter.lag == lag


def test_backoff_grows_by_fours_with_spread_and_ends_at_an_hour() -> None:
    assert [backoff(attempt, lambda: 0.5) for attempt in (1, 2, 3, 4)] == [10, 40, 160, 640]
    assert (backoff(1, lambda: 0.0), round(backoff(1, lambda: 0.9999), 3)) == (7.5, 12.5)
    assert backoff(99, lambda: 0.5) == LONGEST_SECONDS
    spread = {round(backoff(2), 3) for _ in range(50)}
    assert len(spread) > 25
    assert all(30 <= each <= 50 for each in spread)
