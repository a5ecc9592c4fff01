from __future__ import annotations

import asyncio

import pytest

from reader.clock import Clock
from reader.gateways.rested import REST, Rested


class Time:
    """Goes on by hand."""

    def __init__(self) -> None:
        self.at = 100.0
        self.clock = Clock(monotonic=lambda: self.at)


class Count:
    """Takes so long, and says how often it was done."""

    def __init__(self, time: Time, seconds: float) -> None:
        self.time, self.seconds, self.done = time, seconds, 0

    async def __call__(self) -> int:
        await asyncio.sleep(0)
        self.time.at += self.seconds
        self.done += 1
        return self.done


async def test_what_is_quick_is_counted_each_time() -> None:
    time = Time()
    figure = Rested(Count(time, 0.9), time.clock)
    assert [await figure.get() for _ in range(3)] == [1, 2, 3]


async def test_what_takes_long_rests() -> None:
    time = Time()
    figure = Rested(Count(time, 2.0), time.clock)
    assert [await figure.get() for _ in range(3)] == [1, 1, 1]
    time.at += 2.0 * REST - 0.1
    assert await figure.get() == 1
    time.at += 0.2
    assert await figure.get() == 2


async def test_who_asks_at_the_same_time_waits_for_one_count() -> None:
    time = Time()
    figure = Rested(Count(time, 2.0), time.clock)
    assert await asyncio.gather(*(figure.get() for _ in range(5))) == [1] * 5


async def test_a_count_that_fails_is_no_figure() -> None:
    time = Time()

    async def fails() -> int:
        time.at += 5.0
        raise OSError("the store is away")

    figure = Rested(fails, time.clock)
    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            await figure.get()
