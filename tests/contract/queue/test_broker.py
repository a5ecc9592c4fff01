"""The transport on NATS between processes, and when its broker goes, comes back empty, is emptied or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from nats.aio.client import Client

from reader.jobs import FetchIcon, PullFeed, key_of
from tests.contract.queue.conftest import opened
from tests.helpers.servers import Server, nats_server
from tests.helpers.wait import until, until_async
from workers import hints, lane
from workers.cluster import ClusterQueue
from workers.nats import NatsQueue
from workers.transport import Delivery

ACK = 1.5


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    server = nats_server(tmp_path)
    yield server
    server.kill()


@pytest_asyncio.fixture
async def pair(broker: Server) -> AsyncIterator[tuple[NatsQueue, NatsQueue]]:
    """Two processes."""
    queues = await opened(broker, "a", ACK), await opened(broker, "a", ACK)
    yield queues
    for queue in queues:
        await queue.close()


async def comes(queue: NatsQueue | ClusterQueue, name: str) -> Delivery:
    found: list[Delivery] = []

    async def came() -> bool:
        delivery = await queue.take(name)
        found.extend([delivery] if delivery else [])
        return bool(found)

    await until_async(came, 30)
    return found[0]


async def test_put_here_taken_there_and_its_end_is_told(pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, there = pair
    assert await here.put(FetchIcon(1))
    assert here.holds(key_of(FetchIcon(1)))
    departure = asyncio.create_task(here.departure())
    delivery = await comes(there, "icon")
    assert await there.ack(delivery)
    await asyncio.wait_for(departure, 10)
    assert not here.holds(delivery.key)
    assert await here.put(FetchIcon(1))


async def test_put_by_many_processes_at_once_is_one_job(pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, there = pair
    put = await asyncio.gather(*(queue.put(FetchIcon(7)) for _ in range(5) for queue in pair))
    assert sum(put) == 1
    delivery = await comes(there, "icon")
    assert await here.take("icon") is None
    assert not await here.put(FetchIcon(7))  # it runs there
    assert await there.ack(delivery)


async def test_a_job_of_the_system_moves_up_when_a_person_asks_elsewhere(pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, there = pair
    assert await here.put(PullFeed(1))
    assert not await there.put(PullFeed(1, user=True))
    assert (await comes(here, "pull")).payload == PullFeed(1, user=True)
    assert await there.take("pull-sys") is None
    assert not await here.put(PullFeed(1))


async def test_what_a_dead_process_had_is_delivered_to_another(
    broker: Server, pair: tuple[NatsQueue, NatsQueue]
) -> None:
    here, _ = pair
    await here.put(FetchIcon(1))
    dying = await opened(broker, "a", ACK)
    lost = await comes(dying, "icon")
    client = dying._connection._client
    assert client is not None
    await client.close()  # nothing is handed back
    heir = await comes(here, "icon")
    assert (heir.key, heir.number) == (lost.key, 2)
    assert await here.ack(heir)
    await dying.close()


async def test_cancelling_what_waits_or_runs_elsewhere(pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, there = pair
    told: list[str] = []

    def tell(key: str) -> bool:
        told.append(key)
        return True

    forget = there.on_cancel(tell)
    assert not await here.cancel(key_of(FetchIcon(1)))
    await there.put(FetchIcon(1))
    assert await here.cancel(key_of(FetchIcon(1)))
    assert await there.take("icon") is None and told == []
    await here.put(FetchIcon(2))
    delivery = await comes(there, "icon")
    assert await here.cancel(delivery.key)
    assert told == [delivery.key]
    forget()


async def test_a_delayed_job_is_brought_forward_by_another_process(pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, there = pair
    await here.put(PullFeed(1, user=True))
    delivery = await comes(here, "pull")
    assert await here.nak(delivery, 600)
    assert await there.take("pull") is None
    assert not await there.put(PullFeed(1, user=True))
    assert (await comes(there, "pull")).key == delivery.key


async def test_fetched_and_not_started_is_handed_to_who_can(
    pair: tuple[NatsQueue, NatsQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.nats.HELD_SECONDS", 0.1)
    busy, idle = pair
    busy.want("icon", 5)
    await asyncio.sleep(0.1)
    await idle.put(FetchIcon(1))
    await until(lambda: bool(busy._lanes["icon"].buffer))
    busy.want("icon", 0)  # it has filled its places otherwise
    assert (await comes(idle, "icon")).payload == FetchIcon(1)


async def test_a_job_that_this_version_does_not_know_waits_for_one_that_does(
    broker: Server, pair: tuple[NatsQueue, NatsQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "UNKNOWN_SECONDS", 0.2)
    here, _ = pair
    client = Client()
    await client.connect(f"nats://{broker.address}")
    for number, data in enumerate([b"{", b'["icon", {"colour": 1}]', orjson.dumps(["paint", {}])]):
        await client.request(here._js.subject("icon", f"{number:032x}"), data, 10)
    await here.put(FetchIcon(1))
    assert (await comes(here, "icon")).payload == FetchIcon(1)
    await here.look()
    assert here._lanes["icon"]._look.given == 4  # none of them is lost
    await client.close()


# ---- the broker itself


async def test_a_broker_that_is_gone_refuses_at_once_and_work_done_meanwhile_counts(
    broker: Server, pair: tuple[NatsQueue, NatsQueue]
) -> None:
    here, there = pair
    for number in (1, 2):
        await here.put(FetchIcon(number))
    running = await comes(there, "icon")
    broker.kill()
    await until(lambda: not here.up and not there.up)
    assert await here.offer(FetchIcon(3)) is None
    assert not await here.put(FetchIcon(3))
    assert await there.ack(running)  # it is over; the broker learns it when it is back
    broker.start()
    await until(lambda: here.up and there.up, 30)
    second = await comes(there, "icon")
    assert second.payload == FetchIcon(2)  # kept in its files
    assert await there.ack(second)
    await asyncio.sleep(ACK * 1.5)
    assert await there.take("icon") is None


@pytest.mark.parametrize("how", ["restarted empty", "emptied while it runs"])
async def test_a_broker_that_lost_everything_is_filled_anew(
    broker: Server, pair: tuple[NatsQueue, NatsQueue], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held is unknown to it; within a moment the same puts are new jobs, by whoever puts."""
    monkeypatch.setattr(hints, "KNOWN_SECONDS", 1.0)
    here, there = pair
    there.want("pull-sys", 5)
    await here.put(PullFeed(1))
    running = await comes(there, "pull-sys")
    there.want("pull-sys", 0)
    await here.put(PullFeed(2))
    if how == "restarted empty":
        broker.kill()
        broker.start(empty=True)
    else:
        client = Client()
        await client.connect(f"nats://{broker.address}")
        for name in ("user", "system"):
            await client.request(f"$JS.API.STREAM.DELETE.a-{name}", b"", 10)
        await client.close()

    async def put_again() -> bool:
        return await here.put(PullFeed(2))

    await until_async(put_again, 30)
    await until(lambda: here.up and there.up, 30)
    there.want("pull-sys", 5)
    assert (await comes(there, "pull-sys")).payload == PullFeed(2)
    await there.ack(running)


async def test_a_broker_that_hangs_holds_nobody_up_for_long(broker: Server, pair: tuple[NatsQueue, NatsQueue]) -> None:
    here, _ = pair
    broker.freeze()
    try:
        async with asyncio.timeout(20):
            assert [await here.offer(FetchIcon(number)) for number in range(100)] == [None] * 100
            assert not await here.cancel(key_of(FetchIcon(1)))
    finally:
        broker.thaw()
    await until(lambda: here.up, 30)

    async def put() -> bool:
        return await here.put(FetchIcon(200))

    await until_async(put, 30)


async def test_work_goes_on_in_the_process_while_the_broker_is_away(broker: Server) -> None:
    queue = ClusterQueue(NatsQueue(f"nats://{broker.address}", "a"), ["icon"])
    await queue.start()
    await until(lambda: queue.up)
    assert await queue.put(FetchIcon(1))
    broker.kill()
    await until(lambda: not queue.up)
    assert await queue.put(FetchIcon(2))
    assert not await queue.put(FetchIcon(2))
    assert not await queue.put(PullFeed(1))  # nobody here would take it; its row stays due
    delivery = await comes(queue, "icon")
    assert delivery.payload == FetchIcon(2) and queue.holds(delivery.key)
    assert await queue.beat(delivery) and await queue.nak(delivery)
    broker.start()
    await until(lambda: queue.up, 30)
    found = [await comes(queue, "icon"), await comes(queue, "icon")]
    assert {each.payload for each in found} == {FetchIcon(1), FetchIcon(2)}
    for each in found:
        assert await queue.ack(each)
    assert not queue.holds(delivery.key)
    await queue.close()


async def test_a_process_starts_without_its_broker(broker: Server) -> None:
    broker.kill()
    queue = NatsQueue(f"nats://{broker.address}", "a")
    await queue.start()
    assert not queue.up and not await queue.put(FetchIcon(1)) and await queue.take("icon") is None
    broker.start()
    await until(lambda: queue.up, 30)
    assert await queue.put(FetchIcon(1))
    await queue.close()
