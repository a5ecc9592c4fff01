"""Hosts that ask for a pause, moves of a feed and taking them back, and how its entries are told apart."""

from __future__ import annotations

from dataclasses import replace

from reader.mappers import Mappers
from reader.models.feed import FeedMove, Identity, Schedule
from tests.contract.mappers.make import add_feed, pull_result, take


async def schedule(mappers: Mappers, feed_id: int) -> Schedule:
    found = await mappers.feeds.schedule(feed_id)
    assert found is not None
    return found


async def test_a_paused_host_defers_its_feeds_alone(mappers: Mappers) -> None:
    first, other = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    second, _ = await mappers.feeds.create("https://one.test/again", title="", site_url=None, description=None, now=1.0)
    token = await take(mappers, second.id)
    assert await mappers.feeds.record_pull(second.id, token, pull_result(second.id, next_pull_at=900.0))
    await mappers.feeds.pause_host("one.test", 500.0, "It asked for a pause.", now=10.0)
    assert [due[:2] for due in await mappers.feeds.due(400.0, 9)] == [(other.id, other.url)]
    paused = await schedule(mappers, first.id)
    assert (paused.next_pull_at, paused.reason) == (500.0, "It asked for a pause.")
    assert (paused.host, paused.paused_until, paused.pause_reason) == ("one.test", 500.0, "It asked for a pause.")
    later = await schedule(mappers, second.id)
    assert (later.next_pull_at, later.reason, later.paused_until) == (900.0, "Hourly.", 500.0)
    assert (await schedule(mappers, other.id)).paused_until is None


async def test_a_pause_is_not_shortened_and_ends(mappers: Mappers) -> None:
    feed = await add_feed(mappers, "one")
    await mappers.feeds.pause_host("one.test", 500.0, "Long.", now=10.0)
    await mappers.feeds.pause_host("one.test", 300.0, "Short.", now=20.0)
    assert (await schedule(mappers, feed.id)).paused_until == 500.0
    await mappers.feeds.pause_host("else.test", 700.0, "Another.", now=500.0)
    assert (await schedule(mappers, feed.id)).paused_until is None


async def test_deferring_ends_the_lease(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    token = await take(mappers, feed.id)
    assert not await mappers.feeds.defer(feed.id, token - 1, 70.0, "No.")
    assert await mappers.feeds.defer(feed.id, token, 70.0, "Its host is paused.")
    after = await schedule(mappers, feed.id)
    assert (after.next_pull_at, after.reason, after.lease_until) == (70.0, "Its host is paused.", 0.0)
    assert after.last_pull_at is None


async def test_a_move_is_remembered_and_can_be_taken_back(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = "https://new.test/rss"
    assert await mappers.feeds.undo_move(feed.id, 1.0) is None
    assert await mappers.feeds.move(feed.id, await take(mappers, feed.id), new, now=7.0) == feed.id
    assert (await schedule(mappers, feed.id)).host == "new.test"
    assert await mappers.feeds.moves(feed.id, 9) == [FeedMove(feed.id, 7.0, feed.url, new)]
    assert await mappers.feeds.undo_move(feed.id, 9.0) == feed.url
    back = await mappers.feeds.get(feed.id)
    assert back is not None
    assert back.url == feed.url
    assert (await mappers.feeds.by_url(new)) == back
    assert await mappers.feeds.moves(feed.id, 9) == [FeedMove(feed.id, 7.0, feed.url, new, 9.0)]
    after = await schedule(mappers, feed.id)
    assert (after.host, after.move_refused, after.next_pull_at) == ("feed.test", new, 1.0)
    assert await mappers.feeds.undo_move(feed.id, 10.0) is None


async def test_a_move_whose_old_address_another_feed_took_stays(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    other = await add_feed(mappers, "other")
    assert await mappers.feeds.move(feed.id, await take(mappers, feed.id), "https://new.test/rss", now=7.0) == feed.id
    taken = await mappers.feeds.move(other.id, await take(mappers, other.id), feed.url, now=8.0)
    assert taken == feed.id  # the alias leads there: the two are one


async def test_how_entries_are_told_apart_is_kept(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    assert ((await schedule(mappers, feed.id)).criterion, (await schedule(mappers, feed.id)).renewals) == ("id", 0)
    result = replace(pull_result(feed.id), identity=Identity("link", "Its ids repeat.", 2), moved_since=3.0)
    assert await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id), result)
    assert await mappers.feeds.record_pull(feed.id, await take(mappers, feed.id, 6.0), pull_result(feed.id, 6.0))
    after = await schedule(mappers, feed.id)
    assert (after.criterion, after.criterion_note, after.renewals) == ("link", "Its ids repeat.", 2)
    assert after.moved_since is None


async def test_the_host_is_without_user_and_with_port(mappers: Mappers) -> None:
    url = "http://user:word@site.test:8080/rss"
    feed, _ = await mappers.feeds.create(url, title="", site_url=None, description=None, now=1.0)
    assert (await schedule(mappers, feed.id)).host == "site.test:8080"
