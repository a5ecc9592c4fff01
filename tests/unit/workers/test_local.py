"""The queue in the process."""

from __future__ import annotations

import asyncio

import pytest

from reader.jobs import Discover, FetchIcon, PullFeed, Upkeep, key_of
from workers.local import LocalQueue, RowsOnly, in_order


async def test_a_key_is_unique_while_it_waits_and_while_it_runs() -> None:
    queue = LocalQueue()
    assert await queue.put(PullFeed(1))
    assert not await queue.put(PullFeed(1))
    item = queue.take("pull-sys")
    assert item is not None and item.key == key_of(PullFeed(1))
    assert not await queue.put(PullFeed(1))
    assert queue.holds(item.key)
    queue.done(item.key)
    assert not queue.holds(item.key)
    assert await queue.put(PullFeed(1))


async def test_who_asks_is_not_part_of_the_identity() -> None:
    assert key_of(PullFeed(1, user=True)) == key_of(PullFeed(1))
    assert key_of(Discover("https://a.example/", "a.example")) == key_of(Discover("https://a.example/"))
    assert key_of(FetchIcon(1)) != key_of(PullFeed(1))


async def test_a_waiting_job_moves_up_when_a_person_asks() -> None:
    queue = LocalQueue()
    await queue.put(PullFeed(1))
    assert not await queue.put(PullFeed(1, user=True))
    assert (queue.waiting("pull-sys"), queue.waiting("pull")) == (0, 1)
    assert not await queue.put(PullFeed(1))  # and does not move down again
    assert queue.waiting("pull") == 1
    item = queue.take("pull")
    assert item is not None and item.payload == PullFeed(1, user=True)


async def test_first_in_first_out() -> None:
    queue = LocalQueue()
    for number in range(5):
        await queue.put(PullFeed(number))
    assert [queue.take("pull-sys").payload.feed_id for _ in range(5)] == list(range(5))  # type: ignore[union-attr]
    assert queue.take("pull-sys") is None


async def test_room_is_bounded() -> None:
    queue = LocalQueue(room=2)
    assert [await queue.put(PullFeed(number)) for number in range(3)] == [True, True, False]
    assert (queue.room("pull-sys"), queue.refused) == (0, 1)
    assert await queue.put(Upkeep())  # each queue has its own room


async def test_arrivals_and_departures_are_told() -> None:
    queue = LocalQueue()
    arrival, departure = asyncio.create_task(queue.arrival()), asyncio.create_task(queue.departure())
    await asyncio.sleep(0)
    assert not arrival.done()
    await queue.put(PullFeed(1))
    await asyncio.wait_for(arrival, 1)
    assert not departure.done()
    queue.done(key_of(PullFeed(1)))
    await asyncio.wait_for(departure, 1)


def test_user_queues_come_first() -> None:
    assert in_order(["upkeep", "pull-sys", "discovery", "icon", "pull"]) == [
        "pull", "discovery", "pull-sys", "icon", "upkeep",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        in_order(["no such queue"])


async def test_a_process_without_workers_takes_everything() -> None:
    assert await RowsOnly().put(PullFeed(1))
