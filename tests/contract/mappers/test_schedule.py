from __future__ import annotations

import asyncio

from reader.mappers import Mappers
from reader.mappers.feeds import FeedMeta
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.make import add_feed, add_reader, pull_result, take


async def test_a_new_feed_is_due_at_once(mappers: Mappers) -> None:
    assert await mappers.feeds.next_due_at() is None
    late, early = await add_feed(mappers, "late", now=9.0), await add_feed(mappers, "early", now=3.0)
    assert await mappers.feeds.next_due_at() == 3.0
    assert await mappers.feeds.due(2.0, 10) == []
    assert [due[:2] for due in await mappers.feeds.due(9.0, 10)] == [(early.id, early.url), (late.id, late.url)]
    assert [due[:2] for due in await mappers.feeds.due(9.0, 1)] == [(early.id, early.url)]


async def test_one_of_many_gets_the_lease(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    tokens = await asyncio.gather(*(mappers.feeds.lease(feed.id, 5.0, 20.0) for _ in range(5)))
    assert sum(token is not None for token in tokens) == 1
    assert await mappers.feeds.due(19.0, 10) == []
    assert await mappers.feeds.next_due_at() == 20.0
    assert [due[:2] for due in await mappers.feeds.due(20.0, 10)] == [(feed.id, feed.url)]
    second = await mappers.feeds.lease(feed.id, 20.0, 40.0)
    assert second is not None
    assert second > max(token for token in tokens if token is not None)
    assert await mappers.feeds.lease(999, 1.0, 2.0) is None


async def test_releasing_leaves_the_feed_due(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    token = await take(mappers, feed.id, 5.0)
    await mappers.feeds.release(feed.id, token + 1)
    assert await mappers.feeds.due(6.0, 10) == []
    await mappers.feeds.release(feed.id, token)
    assert [due[:2] for due in await mappers.feeds.due(6.0, 10)] == [(feed.id, feed.url)]


async def test_a_pull_is_recorded_and_ends_the_lease(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    token = await take(mappers, feed.id)
    meta = FeedMeta(title="New title", format="atom 1.0")
    result = pull_result(feed.id, meta=meta)
    assert await mappers.feeds.record_pull(feed.id, token, result)
    schedule = await mappers.feeds.schedule(feed.id)
    assert schedule is not None
    assert (schedule.next_pull_at, schedule.last_pull_at, schedule.last_ok_at) == (100.0, 5.0, 5.0)
    assert (schedule.errors, schedule.reason, schedule.error) == (0, "Hourly.", None)
    assert (schedule.etag, schedule.last_modified, schedule.body_digest) == ('"e"', "Mon", b"body")
    assert (schedule.rhythm, schedule.hint_seconds, schedule.lease_token) == (b"rhythm", 60, token)
    assert (schedule.moved_to, schedule.moved_count, schedule.lease_until) == ("https://new.test/", 2, 0.0)
    after = await mappers.feeds.get(feed.id)
    assert after is not None
    assert (after.title, after.site_url, after.format, after.state) == (
        "New title",
        feed.site_url,
        "atom 1.0",
        "active",
    )
    assert after.rev > feed.rev
    assert await mappers.feeds.pulls(feed.id, 10) == [result.pull]
    assert [each.id for each in await mappers.feeds.search("new title", 5)] == [feed.id]
    assert await mappers.feeds.lease(feed.id, 5.0, 9.0) is not None
    assert await mappers.feeds.schedule(999) is None


async def test_a_fenced_pull_writes_nothing(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    old = await mappers.feeds.lease(feed.id, 1.0, 2.0)
    new = await mappers.feeds.lease(feed.id, 2.0, 9.0)
    assert old is not None
    assert new is not None
    before = await mappers.feeds.schedule(feed.id)
    assert not await mappers.feeds.record_pull(feed.id, old, pull_result(feed.id))
    assert await mappers.feeds.schedule(feed.id) == before
    assert await mappers.feeds.get(feed.id) == feed
    assert await mappers.feeds.pulls(feed.id, 10) == []


async def test_a_failure_keeps_the_time_of_the_last_success(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id), pull_result(feed.id, 5.0))
    rev = await mappers.feeds.rev()
    failed = pull_result(feed.id, 8.0, state="failing", error="No such host.")
    await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id, 8.0), failed)
    schedule = await mappers.feeds.schedule(feed.id)
    assert schedule is not None
    assert (schedule.last_pull_at, schedule.last_ok_at, schedule.error) == (8.0, 5.0, "No such host.")
    (mark,) = await mappers.feeds.marks_since(rev, 10)
    assert (mark.state, mark.error) == ("failing", "No such host.")
    assert (await mappers.feeds.stats(9.0))["failing"] == 1


async def test_a_pull_that_finds_nothing_moves_no_rev(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id), pull_result(feed.id, 5.0))
    rev = await mappers.feeds.rev()
    await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id, 8.0), pull_result(feed.id, 8.0))
    assert await mappers.feeds.rev() == rev


async def test_the_log_keeps_the_newest_fifty(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    for at in range(1, 101):
        token = await take(mappers, feed.id, float(at))
        await mappers.feeds.record_pull(feed.id, token, pull_result(feed.id, float(at)))
    kept = [pull.at for pull in await mappers.feeds.pulls(feed.id, 99)]
    assert kept == [float(100 - back) for back in range(len(kept))]
    assert 50 <= len(kept) <= 60, "and a few more"
    assert [pull.at for pull in await mappers.feeds.pulls(feed.id, 2)] == [100.0, 99.0]


async def test_a_pull_begins_with_all_it_needs(mappers: Mappers, trips: Count, cost: Cost) -> None:
    reader = await add_reader(mappers)
    before = trips()
    begun = await mappers.feeds.begin(reader.feed.id, 1.0, 11.0, "me")
    assert trips() == before + cost("begin")
    assert begun is not None
    assert begun.feed == await mappers.feeds.get(reader.feed.id)
    assert begun.schedule == await mappers.feeds.schedule(reader.feed.id)
    assert begun.readers > 0
    assert await mappers.feeds.begin(reader.feed.id, 5.0, 15.0, "another") is None
    assert await mappers.feeds.record_pull(reader.feed.id, begun.schedule.lease_token, pull_result(reader.feed.id))
    again = await mappers.feeds.begin(reader.feed.id, 5.0, 15.0, "another")
    assert again is not None
    assert again.schedule.lease_token > begun.schedule.lease_token
    assert await mappers.feeds.begin(999, 1.0, 2.0) is None
    lonely = await mappers.feeds.begin((await add_feed(mappers, "lonely")).id, 1.0, 2.0)
    assert lonely is not None
    assert lonely.readers == 0


async def test_gone_feeds_rest_until_somebody_asks(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id), pull_result(feed.id, state="gone"))
    assert await mappers.feeds.due(1e9, 10) == []
    assert await mappers.feeds.next_due_at() is None
    rev = await mappers.feeds.rev()
    await mappers.feeds.make_due(feed.id, 50.0)
    assert [due[:2] for due in await mappers.feeds.due(50.0, 10)] == [(feed.id, feed.url)]
    (mark,) = await mappers.feeds.marks_since(rev, 10)
    assert mark.state == "failing"


async def test_make_due_never_defers(mappers: Mappers) -> None:
    feed = await add_feed(mappers, now=5.0)
    await mappers.feeds.make_due(feed.id, 9.0)
    assert await mappers.feeds.next_due_at() == 5.0
