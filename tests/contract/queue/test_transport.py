"""What every transport promises (workers/transport.py)."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from reader.jobs import Discover, FetchIcon, Payload, PullFeed, Upkeep, key_of
from tests.contract.queue.conftest import ACK, Rig
from workers.transport import Delivery, Transport


async def taken(queue: Transport, name: str) -> Delivery:
    delivery = await queue.take(name)
    assert delivery is not None
    return delivery


async def comes(rig: Rig, name: str, seconds: float) -> Delivery:
    """The next job of the queue once so many seconds have passed: a broker may need a moment more."""
    await rig.pass_time(seconds)
    for _ in range(200):
        delivery = await rig.transport.take(name)
        if delivery is not None:
            return delivery
        await rig.pass_time(1)
    raise AssertionError("it did not come")


async def drain(queue: Transport, name: str) -> list[Payload]:
    out = []
    while (delivery := await queue.take(name)) is not None:
        out.append(delivery.payload)
        assert await queue.ack(delivery)
    return out


async def test_put_take_ack(queue: Transport) -> None:
    assert await queue.take("pull-sys") is None
    assert await queue.put(PullFeed(1))
    delivery = await taken(queue, "pull-sys")
    assert (delivery.key, delivery.payload, delivery.queue, delivery.number) == (
        key_of(PullFeed(1)), PullFeed(1), "pull-sys", 1,
    )  # fmt: skip
    assert await queue.take("pull-sys") is None
    assert await queue.ack(delivery)
    assert not await queue.ack(delivery)
    assert not queue.holds(delivery.key)


async def test_a_key_is_unique_while_it_waits_is_delayed_and_runs(rig: Rig) -> None:
    queue = rig.transport
    assert await queue.put(FetchIcon(1))
    assert not await queue.put(FetchIcon(1))
    delivery = await taken(queue, "icon")
    assert not await queue.put(FetchIcon(1))
    assert not await queue.put_later(FetchIcon(1), 5)
    assert await queue.nak(delivery, 10)
    assert queue.holds(delivery.key)
    assert not await queue.put_later(FetchIcon(1), 5)
    assert not await queue.put(FetchIcon(1))  # but it need not wait any longer
    assert await queue.ack(await comes(rig, "icon", 0))
    assert await queue.put(FetchIcon(1))


async def test_put_ten_times_at_once_is_one_job(queue: Transport) -> None:
    assert sum(await asyncio.gather(*(queue.put(PullFeed(7)) for _ in range(10)))) == 1
    assert await drain(queue, "pull-sys") == [PullFeed(7)]


async def test_taken_by_ten_at_once_is_one_delivery(queue: Transport) -> None:
    await queue.put(PullFeed(7))
    got = await asyncio.gather(*(queue.take("pull-sys") for _ in range(10)))
    assert sum(each is not None for each in got) == 1


async def test_first_in_first_out(queue: Transport) -> None:
    for number in range(5):
        await queue.put(PullFeed(number))
    assert await drain(queue, "pull-sys") == [PullFeed(number) for number in range(5)]


@pytest.mark.parametrize("waiting", [PullFeed(1), PullFeed(1, imported=True)])
async def test_a_waiting_system_job_moves_up_when_a_person_asks(queue: Transport, waiting: PullFeed) -> None:
    await queue.put(waiting)
    assert not await queue.put(PullFeed(1, user=True))
    assert (queue.waiting(waiting.queue), queue.waiting("pull")) == (0, 1)
    assert not await queue.put(PullFeed(1))  # and does not move down again
    assert (await taken(queue, "pull")).payload == PullFeed(1, user=True)


async def test_queues_are_apart(queue: Transport) -> None:
    jobs: dict[str, Payload] = {
        "upkeep": Upkeep(),
        "discovery": Discover("https://a.test/"),
        "import": PullFeed(3, imported=True),
        "pull": PullFeed(2, user=True),
        "pull-sys": PullFeed(1),
    }
    for payload in jobs.values():
        await queue.put(payload)
    assert {name: await drain(queue, name) for name in (*jobs, "icon")} == {
        **{name: [payload] for name, payload in jobs.items()},
        "icon": [],
    }


async def test_a_delayed_job_comes_in_its_time(rig: Rig) -> None:
    queue = rig.transport
    assert await queue.put_later(FetchIcon(1), 60 * rig.second)
    assert await queue.put(FetchIcon(2))
    assert await drain(queue, "icon") == [FetchIcon(2)]
    await rig.pass_time(30)
    assert await queue.take("icon") is None
    assert queue.depth("icon").delayed == 1
    assert (await comes(rig, "icon", 31)).payload == FetchIcon(1)


async def test_a_delayed_job_comes_at_once_when_somebody_asks(rig: Rig) -> None:
    queue = rig.transport
    assert await queue.put_later(FetchIcon(1), 6000 * rig.second)
    assert not await queue.put(FetchIcon(1))
    delivery = await comes(rig, "icon", 0)
    assert await queue.nak(delivery, 6000 * rig.second)
    assert await queue.take("icon") is None
    assert not await queue.put(FetchIcon(1))
    assert (await comes(rig, "icon", 0)).number >= 2


async def test_handed_back_with_a_delay(rig: Rig) -> None:
    queue = rig.transport
    await queue.put(FetchIcon(1))
    first = await taken(queue, "icon")
    assert await queue.nak(first, 20 * rig.second)
    assert not await queue.ack(first)
    assert await queue.take("icon") is None
    second = await comes(rig, "icon", 21)
    assert (second.key, second.number) == (first.key, 2)
    assert second.token != first.token


async def test_handed_back_at_once_comes_before_what_came_later(rig: Rig) -> None:
    queue = rig.transport
    for number in (1, 2):
        await queue.put(FetchIcon(number))
    await queue.nak(await taken(queue, "icon"))
    await rig.pass_time(2)  # a broker takes it back in its time
    assert await drain(queue, "icon") == [FetchIcon(1), FetchIcon(2)]


async def test_what_nobody_acknowledges_is_delivered_again_and_the_first_is_fenced(rig: Rig) -> None:
    queue = rig.transport
    await queue.put(FetchIcon(1))
    zombie = await taken(queue, "icon")
    heir = await comes(rig, "icon", ACK + 1)
    assert (heir.key, heir.number) == (zombie.key, 2)
    for late in (queue.ack(zombie), queue.nak(zombie), queue.beat(zombie), queue.term(zombie)):
        assert not await late
    assert await queue.ack(heir)


async def test_a_beat_keeps_a_long_job(rig: Rig) -> None:
    queue = rig.transport
    for number in (1, 2):
        await queue.put(FetchIcon(number))
    beats, silent = await taken(queue, "icon"), await taken(queue, "icon")
    for _ in range(6):
        await rig.pass_time(ACK * 0.5)
        assert await queue.beat(beats)
        again = await queue.take("icon")
        assert again is None or again.key == silent.key
    assert await queue.ack(beats)


async def test_terminated_is_never_delivered_again(rig: Rig) -> None:
    queue = rig.transport
    await queue.put(FetchIcon(1))
    assert await queue.term(await taken(queue, "icon"))
    await rig.pass_time(ACK * 2)
    assert await queue.take("icon") is None
    assert await queue.put(FetchIcon(1))


async def test_room_is_bounded_for_each_queue(queue: Transport) -> None:
    queue.set_room("pull-sys", 2)
    assert [await queue.put(PullFeed(number)) for number in range(3)] == [True, True, False]
    assert queue.room("pull-sys") == 0
    assert await queue.put(Upkeep())
    queue.set_room("pull-sys", 3)
    assert await queue.put(PullFeed(9))


async def test_cancelling_what_waits_and_what_runs(queue: Transport) -> None:
    told: list[str] = []

    def tell(key: str) -> bool:
        told.append(key)
        return True

    forget = queue.on_cancel(tell)
    assert not await queue.cancel(key_of(FetchIcon(9)))
    await queue.put(FetchIcon(1))
    await queue.put_later(FetchIcon(2), 60)
    assert await queue.cancel(key_of(FetchIcon(1)))
    assert await queue.cancel(key_of(FetchIcon(2)))
    assert told == []
    assert await queue.take("icon") is None
    await queue.put(FetchIcon(3))
    delivery = await taken(queue, "icon")
    assert await queue.cancel(delivery.key)
    assert told == [delivery.key]
    assert await queue.term(delivery)
    forget()


async def test_depth_tells_what_an_operator_sees(rig: Rig) -> None:
    queue = rig.transport
    assert queue.depth("icon").oldest_age is None
    await queue.put(FetchIcon(1))
    await rig.pass_time(7)
    for number in (2, 3):
        await queue.put(FetchIcon(number))
    await queue.put_later(FetchIcon(4), 600 * rig.second)
    for _ in range(2):
        depth = queue.depth("icon")
        assert (depth.waiting, depth.delayed, depth.running) == (3, 1, 0)
        assert depth.oldest_age is not None and 6 * rig.second <= depth.oldest_age < 30
        await rig.look()  # and the same once it has been counted
    await taken(queue, "icon")
    for _ in range(2):
        assert (queue.depth("icon").waiting, queue.depth("icon").running) == (2, 1)
        await rig.look()


async def test_fetched_ahead_for_a_manager_and_handed_back_when_it_cannot_start(rig: Rig) -> None:
    """Who says how many it can start gets them as they come."""
    queue = rig.transport
    queue.want("icon", 2)
    for number in range(4):
        await queue.put(FetchIcon(number))
    found = [await comes(rig, "icon", 0) for _ in range(4)]
    assert [delivery.payload for delivery in found] == [FetchIcon(number) for number in range(4)]
    for delivery in found:
        assert await queue.ack(delivery)
    queue.want("icon", 0)
    assert await queue.put(FetchIcon(1))


async def test_arrivals_and_departures_are_told(queue: Transport) -> None:
    queue.want("pull-sys", 1)
    with contextlib.suppress(TimeoutError):  # at the start one may be told of nothing
        await asyncio.wait_for(queue.arrival(), 0.1)
    arrival, departure = asyncio.create_task(queue.arrival()), asyncio.create_task(queue.departure())
    await asyncio.sleep(0.05)
    assert not arrival.done()
    await queue.put(PullFeed(1))
    await asyncio.wait_for(arrival, 5)
    assert not departure.done()
    await queue.ack(await taken(queue, "pull-sys"))
    await asyncio.wait_for(departure, 5)


async def test_check_3_a_transport_that_forgot_everything_is_filled_from_rows(rig: Rig) -> None:
    """What it held is unknown to it; the same puts are new jobs. (The rows themselves: tests/integration/workers.)"""
    for number in range(3):
        await rig.transport.put(PullFeed(number))
    await rig.transport.take("pull-sys")
    fresh = await rig.forget()
    assert await fresh.take("pull-sys") is None
    assert not fresh.holds(key_of(PullFeed(0)))
    assert [await fresh.put(PullFeed(number)) for number in range(3)] == [True] * 3
