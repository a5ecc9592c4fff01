"""What every bus promises (reader/events.py), within a process and between two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import fields
from typing import Any, cast, get_args

import pytest

from reader.events import (
    OPERATIONS_TOPIC,
    Channel,
    EntriesArrived,
    Event,
    FeedChanged,
    JobFinished,
    PubSub,
    ReadingChanged,
    feed_topic,
    job_topic,
    user_topic,
)
from tests.contract.bus.conftest import LIMIT, Pair
from tests.helpers.wait import until_async


async def heard(channel: Channel, count: int) -> list[Event]:
    """The next ``count`` events."""
    async with aclosing(cast(AsyncGenerator[Event, None], aiter(channel))) as events:
        return [await asyncio.wait_for(anext(events), 10) for _ in range(count)]


async def silent(channel: Channel) -> bool:
    """Nothing comes within a moment."""
    async with aclosing(cast(AsyncGenerator[Event, None], aiter(channel))) as events:
        try:
            await asyncio.wait_for(anext(events), 0.1)
        except TimeoutError:
            return True
        return False


def one_of(kind: type[Event]) -> Event:
    """An event of that kind with a value in each field."""
    values: dict[str, Any] = {"int": 2**40, "str": "é ✓ \x00", "bool": True}
    return kind(**{field.name: values[str(field.type)] for field in fields(kind)})


@pytest.mark.parametrize("where", ["here", "there"])
async def test_an_event_reaches_the_subscribers_of_its_topic_alone(pair: Pair, where: str) -> None:
    bus: PubSub = getattr(pair, where)
    async with bus.subscribe([feed_topic(1), user_topic(7)]) as channel, bus.subscribe([feed_topic(2)]) as other:
        await pair.here.publish(feed_topic(1), EntriesArrived(1, 3, 40))
        await pair.here.publish(user_topic(8), ReadingChanged(8, 2))
        await pair.here.publish(user_topic(7), ReadingChanged(7, 1))
        assert await heard(channel, 2) == [EntriesArrived(1, 3, 40), ReadingChanged(7, 1)]
        assert await silent(other)
        assert not channel.lost


@pytest.mark.parametrize("kind", get_args(Event))
async def test_every_kind_of_event_comes_as_it_went(pair: Pair, kind: type[Event]) -> None:
    event = one_of(kind)
    async with pair.there.subscribe([OPERATIONS_TOPIC]) as channel:
        await pair.here.publish(OPERATIONS_TOPIC, event)
        assert await heard(channel, 1) == [event]


async def test_events_of_one_publisher_come_in_order(pair: Pair) -> None:
    async with pair.there.subscribe([user_topic(1)]) as channel:
        for rev in range(LIMIT):
            await pair.here.publish(user_topic(1), ReadingChanged(1, rev))
        assert await heard(channel, LIMIT) == [ReadingChanged(1, rev) for rev in range(LIMIT)]


async def test_a_slow_subscriber_loses_the_oldest_and_learns_it_and_holds_nobody_up(pair: Pair) -> None:
    async with pair.there.subscribe([feed_topic(1)]) as slow, pair.there.subscribe([job_topic("end")]) as quick:
        for number in range(LIMIT * 5):
            await pair.here.publish(feed_topic(1), EntriesArrived(1, number, number))
        await pair.here.publish(job_topic("end"), JobFinished("end"))
        assert await heard(quick, 1) == [JobFinished("end")]

        async def all_came() -> bool:  # the topics may take different ways
            return slow.lost

        await until_async(all_came)
        events: Sequence[Event] = await heard(slow, LIMIT)
        assert slow.lost
        assert [event.count for event in events if isinstance(event, EntriesArrived)] == sorted(
            event.count for event in events if isinstance(event, EntriesArrived)
        )


async def test_topics_of_a_channel_change(pair: Pair) -> None:
    async with pair.there.subscribe([feed_topic(1)]) as channel:
        channel.set_topics([feed_topic(2)])

        async def arrives() -> bool:
            await pair.here.publish(feed_topic(1), FeedChanged(1))
            await pair.here.publish(feed_topic(2), FeedChanged(2))
            return not await silent(channel)

        await until_async(arrives)
        await pair.here.publish(feed_topic(2), FeedChanged(22))
        seen: list[Event] = []
        while not seen or seen[-1] != FeedChanged(22):
            seen += await heard(channel, 1)
        assert FeedChanged(1) not in seen


async def test_a_topic_can_be_left_and_joined_again(pair: Pair) -> None:
    async with pair.there.subscribe([feed_topic(1)]) as closed:
        pass
    async with pair.there.subscribe([feed_topic(1)]) as channel:
        await pair.here.publish(feed_topic(1), FeedChanged(1))
        assert await heard(channel, 1) == [FeedChanged(1)]
    assert await silent(closed)


async def test_a_reader_of_thousands_of_feeds_hears_each(pair: Pair) -> None:
    topics = [feed_topic(number) for number in range(5000)]
    async with pair.there.subscribe(topics) as channel:
        for number in (0, 1, 2499, 4999, 5000):
            await pair.here.publish(feed_topic(number), FeedChanged(number))
        found = await heard(channel, 4)
        assert {event.feed_id for event in found if isinstance(event, FeedChanged)} == {0, 1, 2499, 4999}
        assert await silent(channel)


async def test_many_subscribers_of_one_topic_all_hear_it(pair: Pair) -> None:
    async with (
        pair.here.subscribe([user_topic(1)]) as one,
        pair.here.subscribe([user_topic(1)]) as two,
        pair.there.subscribe([user_topic(1)]) as three,
    ):
        await pair.here.publish(user_topic(1), ReadingChanged(1, 5))
        for channel in (one, two, three):
            assert await heard(channel, 1) == [ReadingChanged(1, 5)]
            assert await silent(channel)
