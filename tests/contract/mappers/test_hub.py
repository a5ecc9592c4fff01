"""Our hub: requests that have to be confirmed, subscriptions, and what is due to whom."""

from __future__ import annotations

from dataclasses import replace

from reader.mappers import Mappers
from reader.models.websub import HubRequest, HubSubscription, HubWish
from tests.contract.mappers.make import FAR, add_feed, fill

TOPIC = "https://here.test/u/ann/shared.atom"
CALLBACK = "https://there.test/callback?id=ü"


def new(feed_id: int, **changes: object) -> HubWish:
    request = HubWish("subscribe", feed_id, "atom", TOPIC, CALLBACK, "secret", 3600)
    return replace(request, **changes)  # type: ignore[arg-type]


async def subscribed(mappers: Mappers, feed_id: int, *, until: float = FAR, **changes: object) -> HubSubscription:
    """A verified subscription; nothing is due to it."""
    request_id = await mappers.hub.ask(new(feed_id, **changes), now=1.0)
    assert await mappers.hub.confirm(request_id, until=until, now=2.0)
    return (await mappers.hub.of_feed(feed_id, after=0, limit=100))[-1]


async def test_a_request_is_kept_until_it_is_confirmed(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    request_id = await mappers.hub.ask(new(feed.id, secret=None), now=5.5)
    assert await mappers.hub.request(request_id) == HubRequest(
        request_id, "subscribe", feed.id, "atom", TOPIC, CALLBACK, None, 3600, 5.5
    )
    assert await mappers.hub.of_feed(feed.id, after=0, limit=9) == []
    assert await mappers.hub.confirm(request_id, until=100.0, now=6.5)
    assert await mappers.hub.request(request_id) is None
    (found,) = await mappers.hub.of_feed(feed.id, after=0, limit=9)
    assert (found.topic, found.callback, found.secret, found.format) == (TOPIC, CALLBACK, None, "atom")
    assert (found.until, found.created_at, found.sent_rev, found.due_at) == (100.0, 6.5, feed.rev, None)
    assert (found.failures, found.error, found.sent_at, found.digest) == (0, None, 0.0, b"")
    assert not await mappers.hub.confirm(request_id, until=100.0, now=6.5)
    assert await mappers.hub.of_feed(feed.id, after=found.id, limit=9) == []


async def test_the_newest_request_of_a_callback_counts(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    first = await mappers.hub.ask(new(feed.id), now=1.0)
    second = await mappers.hub.ask(new(feed.id, mode="unsubscribe"), now=2.0)
    other = await mappers.hub.ask(new(feed.id, callback="https://other.test/"), now=2.0)
    assert len({first, second, other}) == 3
    assert await mappers.hub.request(first) is None
    assert not await mappers.hub.confirm(first, until=9.0, now=3.0)
    await mappers.hub.drop(second)
    assert await mappers.hub.request(second) is None
    assert await mappers.hub.request(other) is not None


async def test_subscribing_again_renews(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    before = await subscribed(mappers, feed.id, until=50.0)
    await mappers.hub.failed(before.id, "No.", retry_at=60.0)
    after = await subscribed(mappers, feed.id, until=90.0, secret="other")
    assert (after.id, after.until, after.secret, after.created_at) == (before.id, 90.0, "other", before.created_at)
    assert (after.failures, after.due_at) == (1, 60.0)


async def test_unsubscribing_ends_that_one_alone(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await subscribed(mappers, feed.id)
    kept = await subscribed(mappers, feed.id, callback="https://other.test/")
    request_id = await mappers.hub.ask(new(feed.id, mode="unsubscribe"), now=3.0)
    assert await mappers.hub.confirm(request_id, until=0.0, now=4.0)
    assert await mappers.hub.of_feed(feed.id, after=0, limit=9) == [kept]
    nobody = await mappers.hub.ask(new(feed.id, mode="unsubscribe"), now=5.0)
    assert await mappers.hub.confirm(nobody, until=0.0, now=6.0)


async def test_subscriptions_are_counted_by_feed_and_by_callback(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    await subscribed(mappers, one.id)
    await subscribed(mappers, two.id, topic="https://here.test/2")
    await mappers.hub.ask(new(one.id, callback="https://there.test/b"), now=1.0)
    assert await mappers.hub.count(one.id, "https://there.test/") == (1, 3)
    assert await mappers.hub.count(one.id, "https://there.tes") == (1, 3)
    assert await mappers.hub.count(two.id, "https://there.test.evil/") == (1, 0)


async def test_what_was_not_sent_is_announced_and_due_once(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    other = await subscribed(mappers, feed.id, callback="https://other.test/")
    assert await mappers.hub.behind(10) == ([], 0)
    assert not await mappers.hub.is_behind(feed.id)
    assert await mappers.hub.announce(feed.id, now=10.0) == 0
    await fill(mappers, feed.id, 1)
    assert await mappers.hub.behind(10) == ([feed.id], 0)
    assert await mappers.hub.is_behind(feed.id)
    assert await mappers.hub.due(99.0, 10) == []
    assert await mappers.hub.announce(feed.id, now=10.0) == 2
    assert await mappers.hub.announce(feed.id, now=11.0) == 0
    assert await mappers.hub.behind(10) == ([], 0)
    assert not await mappers.hub.is_behind(feed.id)
    assert await mappers.hub.due(9.0, 10) == []
    assert await mappers.hub.due(10.0, 10) == [subscription.id, other.id]
    assert await mappers.hub.due(10.0, 1) == [subscription.id]


async def test_topics_are_looked_at_a_part_at_a_time(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, name) for name in ("one", "two", "three")]
    for feed in feeds:
        await subscribed(mappers, feed.id, topic=f"https://here.test/{feed.id}")
    for feed in (feeds[0], feeds[2]):
        await fill(mappers, feed.id, 1)
    assert await mappers.hub.behind(2) == ([feeds[0].id], feeds[1].id)
    assert await mappers.hub.behind(2, after=feeds[1].id) == ([feeds[2].id], 0)
    assert await mappers.hub.behind(1, after=feeds[1].id) == ([feeds[2].id], feeds[2].id)
    assert await mappers.hub.behind(1, after=feeds[2].id) == ([], 0)


async def test_whoever_takes_it_has_it_until_then(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    assert await mappers.hub.take(subscription.id, now=5.0, until=50.0) is None
    await fill(mappers, feed.id, 1)
    await mappers.hub.announce(feed.id, now=10.0)
    delivery = await mappers.hub.take(subscription.id, now=10.0, until=50.0)
    assert delivery is not None
    assert (delivery.subscription.id, delivery.subscription.due_at, delivery.rev) == (
        subscription.id, 50.0, await mappers.feeds.rev(),
    )  # fmt: skip
    assert await mappers.hub.take(subscription.id, now=49.0, until=90.0) is None
    assert await mappers.hub.due(49.0, 10) == []
    assert await mappers.hub.due(50.0, 10) == [subscription.id], "who took it died"
    assert await mappers.hub.take(subscription.id, now=50.0, until=90.0) is not None


async def test_what_came_meanwhile_is_sent_next(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    await fill(mappers, feed.id, 1)
    await mappers.hub.announce(feed.id, now=10.0)
    delivery = await mappers.hub.take(subscription.id, now=10.0, until=50.0)
    assert delivery is not None
    await fill(mappers, feed.id, 1, prefix="later")
    await mappers.hub.announce(feed.id, now=11.0)
    await mappers.hub.sent(subscription.id, delivery.rev, b"digest", now=12.0)
    (now,) = await mappers.hub.of_feed(feed.id, after=0, limit=9)
    assert (now.sent_rev, now.sent_at, now.digest, now.due_at) == (delivery.rev, 12.0, b"digest", 12.0)
    again = await mappers.hub.take(subscription.id, now=12.0, until=50.0)
    assert again is not None
    await mappers.hub.sent(subscription.id, again.rev, b"next", now=13.0)
    (now,) = await mappers.hub.of_feed(feed.id, after=0, limit=9)
    assert (now.sent_rev, now.due_at) == (again.rev, None)


async def test_failures_are_counted_and_put_off(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    await fill(mappers, feed.id, 1)
    await mappers.hub.announce(feed.id, now=10.0)
    await mappers.hub.failed(subscription.id, "It answers 500.", retry_at=70.0)
    await mappers.hub.announce(feed.id, now=20.0)
    (now,) = await mappers.hub.of_feed(feed.id, after=0, limit=9)
    assert (now.failures, now.error, now.due_at) == (1, "It answers 500.", 70.0)
    assert await mappers.hub.stats(70.0) == {"subscriptions": 1, "due": 1, "failing": 1}
    delivery = await mappers.hub.take(subscription.id, now=70.0, until=90.0)
    assert delivery is not None
    await mappers.hub.sent(subscription.id, delivery.rev, b"d", now=71.0)
    (now,) = await mappers.hub.of_feed(feed.id, after=0, limit=9)
    assert (now.failures, now.error, now.due_at) == (0, None, None)


async def test_it_can_be_ended(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    assert await mappers.hub.end([subscription.id, 999]) == 1
    assert await mappers.hub.end([subscription.id]) == 0
    assert await mappers.hub.end([]) == 0
    assert await mappers.hub.take(subscription.id, now=5.0, until=50.0) is None


async def test_what_ran_out_is_sent_nothing_and_goes(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    over = await subscribed(mappers, feed.id, until=20.0)
    kept = await subscribed(mappers, feed.id, callback="https://other.test/")
    old = await mappers.hub.ask(new(feed.id, callback="https://third.test/"), now=5.0)
    await fill(mappers, feed.id, 1)
    assert await mappers.hub.announce(feed.id, now=20.0) == 1
    assert await mappers.hub.take(over.id, now=20.0, until=50.0) is None
    assert await mappers.hub.trim(20.0, 6.0) == 2
    assert [each.id for each in await mappers.hub.of_feed(feed.id, after=0, limit=9)] == [kept.id]
    assert await mappers.hub.request(old) is None
    assert await mappers.hub.trim(20.0, 6.0) == 0


async def test_what_an_announcement_missed_becomes_due(mappers: Mappers) -> None:
    """A subscription that was put off when the announcement came, and was then renewed by hand, say."""
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    await fill(mappers, feed.id, 1)
    await mappers.hub.announce(feed.id, now=10.0)
    await mappers.hub.sent(subscription.id, await mappers.feeds.rev() - 1, b"", now=11.0)
    late = await subscribed(mappers, feed.id, callback="https://late.test/")
    assert await mappers.hub.trim(30.0, 0.0) == 0
    assert await mappers.hub.due(30.0, 9) == [subscription.id]
    assert late.due_at is None


async def test_a_topic_without_subscriptions_is_not_watched(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    subscription = await subscribed(mappers, feed.id)
    await mappers.hub.end([subscription.id])
    await mappers.hub.trim(10.0, 0.0)
    await fill(mappers, feed.id, 1)
    assert await mappers.hub.behind(10) == ([], 0)
    assert not await mappers.hub.is_behind(feed.id)
    await subscribed(mappers, feed.id)
    assert await mappers.hub.behind(10) == ([], 0)
