"""What we ask of other people's hubs, and what they bring."""

from __future__ import annotations

from reader.mappers import Mappers
from reader.models.websub import HubLease, Push
from tests.contract.mappers.make import add_feed, add_reader

HUB, TOPIC = "https://hub.test/", "https://site.test/feed?a=ü"


async def wanted(mappers: Mappers, feed_id: int, token: str = "token", **changes: str) -> HubLease:
    values = {"hub": HUB, "topic": TOPIC, **changes}
    return await mappers.pushes.want(feed_id, **values, token=token, secret="secret", now=10.0)


async def active(mappers: Mappers, feed_id: int, *, until: float = 1000.0) -> HubLease:
    await wanted(mappers, feed_id)
    assert await mappers.pushes.ask(feed_id, now=10.0, again_at=50.0)
    lease = await mappers.pushes.confirm("token", TOPIC, until=until, renew_at=500.0, now=12.0)
    assert lease is not None
    return lease


async def test_a_hub_is_asked_for_once(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    lease = await wanted(mappers, feed.id)
    assert lease == HubLease(
        feed.id, HUB, TOPIC, "token", "secret", "asked", None, 0.0, 10.0, None, 0, None, None, None
    )
    assert await mappers.pushes.get(feed.id) == lease == await mappers.pushes.by_token("token")
    assert await wanted(mappers, feed.id, "another") == lease
    assert await mappers.pushes.by_token("another") is None
    assert await mappers.pushes.due(9.0, 10) == []
    assert await mappers.pushes.due(10.0, 10) == [feed.id]
    asked = await mappers.pushes.ask(feed.id, now=11.0, again_at=50.0)
    assert asked is not None
    assert (asked.asked_at, asked.renew_at) == (11.0, 50.0)
    assert await mappers.pushes.ask(feed.id, now=12.0, again_at=60.0) is None
    assert await mappers.pushes.due(49.0, 10) == []


async def test_another_hub_or_topic_replaces(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id)
    other = await wanted(mappers, feed.id, "second", topic="https://site.test/other")
    assert (other.state, other.token, other.until, other.verified_at) == ("asked", "second", 0.0, None)
    assert await mappers.pushes.by_token("token") is None
    assert (await wanted(mappers, feed.id, "third", hub="https://new.test/")).token == "third"


async def test_only_what_was_asked_is_confirmed(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await wanted(mappers, feed.id)
    confirm = mappers.pushes.confirm
    assert await confirm("token", TOPIC, until=99.0, renew_at=50.0, now=11.0) is None, "nothing was sent yet"
    await mappers.pushes.ask(feed.id, now=11.0, again_at=50.0)
    assert await confirm("other", TOPIC, until=99.0, renew_at=50.0, now=12.0) is None
    assert await confirm("token", TOPIC + "x", until=99.0, renew_at=50.0, now=12.0) is None
    lease = await confirm("token", TOPIC, until=99.0, renew_at=50.0, now=12.0)
    assert lease is not None
    assert (lease.state, lease.until, lease.renew_at, lease.verified_at, lease.asked_at) == (
        "active", 99.0, 50.0, 12.0, None,
    )  # fmt: skip
    assert lease.holds(98.0) and not lease.holds(99.0)
    assert await confirm("token", TOPIC, until=200.0, renew_at=150.0, now=13.0) is None


async def test_renewed_it_goes_on_without_a_break(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id, until=600.0)
    await mappers.pushes.ask(feed.id, now=500.0, again_at=550.0)
    lease = await mappers.pushes.confirm("token", TOPIC, until=2000.0, renew_at=1000.0, now=510.0)
    assert lease is not None
    assert lease.verified_at == 12.0
    await mappers.pushes.ask(feed.id, now=2500.0, again_at=2600.0)
    lease = await mappers.pushes.confirm("token", TOPIC, until=9000.0, renew_at=8000.0, now=2510.0)
    assert lease is not None
    assert lease.verified_at == 2510.0


async def test_failures_are_counted(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await wanted(mappers, feed.id)
    await mappers.pushes.ask(feed.id, now=10.0, again_at=50.0)
    await mappers.pushes.failed(feed.id, "It answers 500.", retry_at=99.0, now=11.0)
    lease = await mappers.pushes.get(feed.id)
    assert lease is not None
    assert (lease.state, lease.failures, lease.error, lease.renew_at, lease.asked_at) == (
        "failed", 1, "It answers 500.", 99.0, None,
    )  # fmt: skip
    await mappers.pushes.ask(feed.id, now=99.0, again_at=150.0)
    confirmed = await mappers.pushes.confirm("token", TOPIC, until=600.0, renew_at=300.0, now=100.0)
    assert confirmed is not None
    assert (confirmed.state, confirmed.failures, confirmed.error) == ("active", 0, None)


async def test_a_lease_that_cannot_be_renewed_holds_until_its_end(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id, until=600.0)
    await mappers.pushes.failed(feed.id, "No.", retry_at=550.0, now=500.0)
    assert (await _state(mappers, feed.id)) == "active"
    await mappers.pushes.failed(feed.id, "No.", retry_at=900.0, now=600.0)
    assert (await _state(mappers, feed.id)) == "failed"


async def _state(mappers: Mappers, feed_id: int) -> str | None:
    lease = await mappers.pushes.get(feed_id)
    return lease.state if lease else None


async def test_denied(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id)
    assert await mappers.pushes.denied("token", "https://other.test/", "No.", retry_at=9e5) is None
    lease = await mappers.pushes.denied("token", TOPIC, "Not any more.", retry_at=9e5)
    assert lease is not None
    assert (lease.state, lease.error, lease.until, lease.renew_at, lease.verified_at) == (
        "denied", "Not any more.", 0.0, 9e5, None,
    )  # fmt: skip
    assert not lease.holds(20.0)


async def test_left_when_nobody_reads(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    lonely, asked = await add_feed(mappers, "lonely"), await add_feed(mappers, "asked")
    await active(mappers, reader.feed.id)
    await wanted(mappers, asked.id, "asked")
    await wanted(mappers, lonely.id, "lonely")
    await mappers.pushes.ask(lonely.id, now=10.0, again_at=50.0)
    await mappers.pushes.confirm("lonely", TOPIC, until=1000.0, renew_at=500.0, now=12.0)
    assert not await mappers.pushes.left("lonely", TOPIC)
    assert await mappers.pushes.leave(20.0, 10) == [lonely.id]
    assert await mappers.pushes.get(asked.id) is None
    assert await _state(mappers, reader.feed.id) == "active"
    assert await mappers.pushes.leave(20.0, 10) == []
    assert await mappers.pushes.due(20.0, 10) == [lonely.id]
    assert not await mappers.pushes.left("lonely", TOPIC), "the hub was not asked yet"
    await mappers.pushes.ask(lonely.id, now=21.0, again_at=50.0)
    assert await mappers.pushes.confirm("lonely", TOPIC, until=9e3, renew_at=8e3, now=22.0) is None
    assert await mappers.pushes.denied("lonely", TOPIC, "No.", retry_at=9e5) is None
    assert not await mappers.pushes.left("lonely", "https://other.test/")
    assert await mappers.pushes.left("lonely", TOPIC)
    assert await mappers.pushes.get(lonely.id) is None


async def test_who_leaves_and_comes_back_begins_anew(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id)
    await mappers.pushes.leave(20.0, 10)
    lease = await wanted(mappers, feed.id, "fresh")
    assert (lease.state, lease.token) == ("asked", "fresh")
    await mappers.pushes.drop(feed.id)
    assert await mappers.pushes.get(feed.id) is None


async def test_a_hub_that_kept_news_to_itself_is_trusted_again_when_it_brings_some(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await active(mappers, feed.id)
    assert await _pushed(mappers, feed.id)
    await mappers.pushes.missed(feed.id, now=30.0)
    lease = await mappers.pushes.get(feed.id)
    assert lease is not None
    assert lease.missed_at == 30.0
    assert not await _pushed(mappers, feed.id)
    await mappers.pushes.pushed(feed.id, now=40.0)
    lease = await mappers.pushes.get(feed.id)
    assert lease is not None
    assert (lease.missed_at, lease.pushed_at) == (None, 40.0)
    assert await _pushed(mappers, feed.id)
    assert await mappers.pushes.stats(20.0) == {"leases": 1, "active": 1, "failing": 0, "waiting": 0}


async def _pushed(mappers: Mappers, feed_id: int) -> bool:
    """Whether a pull learns that a hub tells what is new."""
    begun = await mappers.feeds.begin(feed_id, 20.0, 90.0)
    assert begun is not None
    await mappers.feeds.release(feed_id, begun.schedule.lease_token)
    return begun.pushed


async def test_a_pull_learns_when_a_lease_is_over(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    assert not await _pushed(mappers, feed.id)
    await active(mappers, feed.id, until=20.0)
    assert not await _pushed(mappers, feed.id)


async def test_documents_wait_until_they_are_read(mappers: Mappers) -> None:
    feed, other = await add_feed(mappers), await add_feed(mappers, "other")
    receive = mappers.pushes.receive
    assert await receive(feed.id, b"one", "text/xml", now=5.0, most=2)
    assert await receive(feed.id, b"one", "text/xml", now=6.0, most=2)
    assert await receive(other.id, b"one", None, now=4.0, most=2)
    assert await receive(feed.id, b"two", None, now=7.0, most=2)
    assert await receive(feed.id, b"one", None, now=7.0, most=2)
    assert not await receive(feed.id, b"three", None, now=8.0, most=2)
    assert await mappers.pushes.waiting(3.0, 10) == []
    assert await mappers.pushes.waiting(9.0, 10) == [other.id, feed.id]
    assert await mappers.pushes.waiting(9.0, 1) == [other.id]
    first = await mappers.pushes.first(feed.id)
    assert first is not None
    assert first == Push(first.id, feed.id, b"one", "text/xml", 5.0)
    await mappers.pushes.put_off(feed.id, 20.0)
    assert await mappers.pushes.waiting(19.0, 10) == [other.id]
    assert await mappers.pushes.first(feed.id) == first
    await mappers.pushes.done(first.id)
    second = await mappers.pushes.first(feed.id)
    assert second is not None
    assert (second.body, second.type) == (b"two", None)
    assert (await mappers.pushes.stats(20.0))["waiting"] == 2
    await mappers.pushes.done(second.id)
    assert await mappers.pushes.first(feed.id) is None
