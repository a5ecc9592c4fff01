"""The bus on NATS when its broker goes, hangs and comes back; and what comes over it from others."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.client import Client
from structlog.testing import capture_logs

from reader.events import EntriesArrived, FeedChanged, Missed, ReadingChanged, feed_topic, user_topic
from reader.pubsub import nats as bus_module
from reader.pubsub.nats import SUBJECTS, NatsBus
from tests.contract.bus.conftest import opened
from tests.contract.bus.test_bus import heard, silent
from tests.helpers.servers import Server
from tests.helpers.wait import until


async def test_a_broker_that_is_gone_costs_events_and_no_errors(broker: Server) -> None:
    here, there = await opened(broker, "a"), await opened(broker, "a")
    async with there.subscribe([feed_topic(1)]) as far, here.subscribe([feed_topic(1)]) as near:
        broker.kill()
        await until(lambda: not here.up and not there.up)
        assert await heard(far, 1) == [Missed()]  # told at once that something may pass by
        assert far.lost
        far.lost = near.lost = False
        assert await heard(near, 1) == [Missed()]
        await here.publish(feed_topic(1), FeedChanged(1))
        assert await heard(near, 1) == [FeedChanged(1)]  # this process needs no broker
        assert await silent(far)
        broker.start()
        await until(lambda: here.up and there.up, 30)
        assert await heard(far, 1) == [Missed()]  # and once more: now it can be read to the end
        assert far.lost
        await here.publish(feed_topic(1), FeedChanged(2))
        assert await heard(far, 1) == [FeedChanged(2)]
    await here.close()
    await there.close()


async def test_while_it_is_gone_subscribers_are_told_again_and_again(
    broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "AWAY_SECONDS", 0.05)
    bus = await opened(broker, "a")
    async with bus.subscribe([feed_topic(1)]) as channel:
        broker.kill()
        assert await heard(channel, 4) == [Missed()] * 4
    await bus.close()


async def test_a_program_starts_without_its_broker_and_finds_it_later(broker: Server) -> None:
    broker.kill()
    here, there = (NatsBus(f"nats://ada:secret@{broker.address}", "a") for _ in range(2))
    with capture_logs() as said:
        await asyncio.gather(here.start(), there.start())
        await until(lambda: any(line["log_level"] == "warning" for line in said))
    warning = next(line for line in said if line["log_level"] == "warning")
    assert (warning["event"], warning["servers"]) == ("NATS is away", [broker.address])
    assert "Connect call failed" in warning["error"]
    assert not here.up
    async with there.subscribe([user_topic(1)]) as channel:
        await here.publish(user_topic(1), ReadingChanged(1, 1))
        broker.start()
        await until(lambda: here.up and there.up, 30)
        assert await heard(channel, 1) == [Missed()]
        await here.publish(user_topic(1), ReadingChanged(1, 2))
        assert await heard(channel, 1) == [ReadingChanged(1, 2)]
    await here.close()
    await there.close()


async def test_a_broker_that_hangs_holds_no_publisher_up_and_is_found_out(broker: Server) -> None:
    bus = await opened(broker, "a")
    broker.freeze()
    try:
        async with asyncio.timeout(10):
            for number in range(5000):
                await bus.publish(feed_topic(number), EntriesArrived(number, 1, 1))
        await until(lambda: not bus.up, 60)
    finally:
        broker.thaw()
    await until(lambda: bus.up, 60)
    await bus.close()


async def test_installations_on_one_broker_are_apart(broker: Server) -> None:
    one, other = await opened(broker, "one"), await opened(broker, "other")
    async with other.subscribe([user_topic(1)]) as channel:
        await one.publish(user_topic(1), ReadingChanged(1, 1))
        assert await silent(channel)
    await one.close()
    await other.close()


@pytest.mark.parametrize(
    ("data", "comes"),
    [
        (b"", False),
        (b"{", False),
        (b"[]", False),
        (b'[1, "FeedChanged", {"feed_id": 1}]', False),
        (b'["feed:1", "FeedChanged", 7]', False),
        (b'["feed:1", "FeedChanged", {"feed_id": 1}]', FeedChanged(1)),
        (b'["feed:1", "FeedChanged", {"feed_id": 1, "colour": "red"}]', Missed()),  # of a newer version
        (b'["feed:1", "FeedChanged", {}]', Missed()),
        (b'["feed:1", "FeedExploded", {"feed_id": 1}]', Missed()),
    ],
)
async def test_what_is_unknown_makes_readers_read_again_and_rubbish_is_left_alone(
    broker: Server, data: bytes, comes: object
) -> None:
    bus = await opened(broker, "a")
    client = Client()
    await client.connect(f"nats://{broker.address}")
    async with bus.subscribe([feed_topic(1)]) as channel:
        await client.publish(bus._subject(feed_topic(1)), data)
        await client.publish(bus._subject(feed_topic(1)), b'["feed:1", "FeedChanged", {"feed_id": 99}]')
        expected = [comes, FeedChanged(99)] if comes else [FeedChanged(99)]
        assert await heard(channel, len(expected)) == expected
    await client.close()
    await bus.close()


async def test_subscriptions_are_bounded_and_end_after_their_readers(broker: Server) -> None:
    bus = await opened(broker, "a", linger=0.1)
    async with bus.subscribe([feed_topic(number) for number in range(20_000)]):
        assert len(bus._connection._subscriptions) <= SUBJECTS
    await until(lambda: not bus._connection._subscriptions)
    async with bus.subscribe([feed_topic(1)]) as channel:
        await bus.publish(feed_topic(1), FeedChanged(1))
        assert await heard(channel, 1) == [FeedChanged(1)]
    await bus.close()
