"""What is due, and plans of a clock that was set back."""

from __future__ import annotations

from reader.mappers import Mappers
from reader.mappers.feeds import Due
from tests.contract.mappers.make import add_feed, add_user, pull_result, take

DAY = 86_400.0


async def test_due_feeds_come_in_pages_with_their_readers(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, f"f{n}", now=float(at)) for n, at in enumerate((3, 1, 3, 2, 9))]
    user = await add_user(mappers)
    await mappers.subscriptions.subscribe(user.id, feeds[3].id, folder_id=None, title=None, unread=5, now=1.0)
    in_order = [feeds[n] for n in (1, 3, 0, 2)]
    found = await mappers.feeds.due(5.0, 10)
    assert [due.feed_id for due in found] == [feed.id for feed in in_order]
    assert found[1] == Due(feeds[3].id, feeds[3].url, 2.0, 1)
    behind, walked = (0.0, 0), []
    while page := await mappers.feeds.due(5.0, 1, after=behind):
        behind = (page[-1].due_at, page[-1].feed_id)
        walked += page
    assert walked == found
    assert await mappers.feeds.due(5.0, 10, after=(3.0, feeds[0].id)) == [found[3]]


async def test_due_stats_are_bounded(mappers: Mappers) -> None:
    assert await mappers.feeds.due_stats(9.0, 10) == (0, 0.0)
    for n in range(5):
        await add_feed(mappers, f"f{n}", now=4.0 + n)
    await take(mappers, (await mappers.feeds.due(4.0, 1))[0].feed_id, 4.0)
    assert await mappers.feeds.due_stats(7.5, 10) == (3, 2.5)
    assert await mappers.feeds.due_stats(7.5, 2) == (2, 2.5)
    assert await mappers.feeds.due_stats(3.0, 10) == (0, 0.0)


async def test_plans_of_a_clock_ahead_come_back(mappers: Mappers) -> None:
    """Pulled "tomorrow" with an hour to wait: an hour from now, not a day and an hour."""
    ahead, far, plain = [await add_feed(mappers, name) for name in ("ahead", "far", "plain")]
    now, ten_years = 100_000.0, 3650 * DAY
    result = pull_result(ahead.id, now + DAY, next_pull_at=now + DAY + 3600)
    assert await mappers.feeds.record_pull(ahead.id, await take(mappers, ahead.id, now + DAY), result)
    result = pull_result(plain.id, now - 60, next_pull_at=now + 300)
    assert await mappers.feeds.record_pull(plain.id, await take(mappers, plain.id, now - 60), result)
    assert await mappers.feeds.from_the_future(now)
    assert not await mappers.feeds.from_the_future(now + DAY)
    lost = await mappers.feeds.lease(far.id, now + ten_years, now + ten_years + 60)
    assert lost is not None
    assert await mappers.feeds.set_back(now, 8 * DAY, after=0, limit=2) == far.id
    assert await mappers.feeds.set_back(now, 8 * DAY, after=far.id, limit=2) == plain.id
    assert await mappers.feeds.set_back(now, 8 * DAY, after=plain.id, limit=2) is None
    schedules = [await mappers.feeds.schedule(feed.id) for feed in (ahead, far, plain)]
    assert [(s.next_pull_at, s.last_pull_at) for s in schedules if s] == [
        (now + 3600, now), (1.0, None), (now + 300, now - 60),
    ]  # fmt: skip
    assert [due.feed_id for due in await mappers.feeds.due(now, 9)] == [far.id]
    assert not await mappers.feeds.from_the_future(now)
    await mappers.feeds.set_back(now, 8 * DAY, after=0, limit=9)
    assert [await mappers.feeds.schedule(feed.id) for feed in (ahead, far, plain)] == schedules


async def test_what_is_planned_too_far_ahead_is_due(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    result = pull_result(feed.id, 5.0, next_pull_at=3650 * DAY)
    assert await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id, 5.0), result)
    await mappers.feeds.pause_host("other.test", 3650 * DAY, "It asked for a pause.", now=10.0)
    await mappers.feeds.set_back(50.0, 8 * DAY, after=0, limit=9)
    assert [due.feed_id for due in await mappers.feeds.due(50.0, 9)] == [feed.id]
    await mappers.feeds.set_aside(feed.id, 4.1e9, "It ended its process.")
    await mappers.feeds.set_back(50.0, 8 * DAY, after=0, limit=9)
    assert await mappers.feeds.due(50.0, 9) == []
    gone = pull_result(feed.id, 60.0, state="gone", next_pull_at=3650 * DAY)
    assert await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id, 60.0), gone)
    await mappers.feeds.set_back(70.0, 8 * DAY, after=0, limit=9)
    assert await mappers.feeds.due(70.0, 9) == []


async def test_a_lease_from_a_clock_that_was_set_back_is_void(mappers: Mappers) -> None:
    now = 10 * DAY
    first = await mappers.leases.take("updater", "one", now + DAY, now + DAY + 15)
    assert first is not None
    second = await mappers.leases.take("updater", "two", now, now + 15)
    assert second is not None
    assert second.token > first.token
    assert await mappers.leases.take("updater", "one", now + 1, now + 16) is None
    skewed = await mappers.leases.take("updater", "three", now - 30, now - 15)
    assert skewed is None, "clocks of two machines are never quite the same"
