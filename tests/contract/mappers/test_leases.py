"""Leases of feeds: who holds them, what a dead holder leaves, what ended its process."""

from __future__ import annotations

from reader.mappers import Mappers
from tests.contract.mappers.make import add_feed, pull_result, take


async def lost(mappers: Mappers, feed_id: int) -> int:
    schedule = await mappers.feeds.schedule(feed_id)
    assert schedule is not None
    return schedule.lost


async def test_a_lease_that_was_never_ended_counts(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await mappers.feeds.lease(feed.id, 1.0, 10.0, "a")
    assert await lost(mappers, feed.id) == 0
    token = await mappers.feeds.lease(feed.id, 10.0, 20.0, "b")
    assert token is not None
    assert await lost(mappers, feed.id) == 1
    await mappers.feeds.release(feed.id, token)  # handed back in order
    await take(mappers, feed.id, 11.0)
    assert await lost(mappers, feed.id) == 1


async def test_a_pull_that_ends_by_itself_is_above_suspicion(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await mappers.feeds.lease(feed.id, 1.0, 2.0)
    token = await take(mappers, feed.id, 2.0)
    await mappers.feeds.record_pull(feed.id, token, pull_result(feed.id))
    assert await lost(mappers, feed.id) == 0


async def test_what_a_dead_holder_pulled_is_free(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, name) for name in ("one", "two", "three")]
    for feed, holder in zip(feeds, ("dead", "alive", ""), strict=True):
        await mappers.feeds.lease(feed.id, 5.0, 100.0, holder)
    assert sorted(await mappers.feeds.holders(6.0)) == ["alive", "dead"]
    assert await mappers.feeds.free("dead", 6.0) == 1
    assert await mappers.feeds.holders(6.0) == ["alive"]
    assert [due[:2] for due in await mappers.feeds.due(6.0, 10)] == [(feeds[0].id, feeds[0].url)]
    assert await lost(mappers, feeds[0].id) == 1
    await take(mappers, feeds[0].id, 7.0)
    assert await lost(mappers, feeds[0].id) == 1  # counted once
    assert await mappers.feeds.free("alive", 7.0, counts=False) == 1
    assert await lost(mappers, feeds[1].id) == 0


async def test_beats_extend_what_is_held(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    token = await mappers.feeds.lease(one.id, 1.0, 10.0)
    assert token is not None
    assert await mappers.feeds.beat([(one.id, token), (two.id, 1)], 50.0) == [two.id]
    assert [feed_id for feed_id, *_ in await mappers.feeds.due(40.0, 9)] == [two.id]


async def test_setting_aside_until_somebody_asks(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    for at in (1.0, 2.0, 3.0, 4.0):
        await mappers.feeds.lease(feed.id, at, at + 1)
    rev = await mappers.feeds.rev()
    await mappers.feeds.set_aside(feed.id, 4e9, "It ended its process.")
    assert await mappers.feeds.due(1e6, 9) == []
    (mark,) = await mappers.feeds.marks_since(rev, 9)
    assert (mark.state, mark.error) == ("failing", "It ended its process.")
    assert await mappers.feeds.states() == {"failing": 1}
    await mappers.feeds.make_due(feed.id, 50.0)
    assert [due[:2] for due in await mappers.feeds.due(50.0, 9)] == [(feed.id, feed.url)]
    assert await lost(mappers, feed.id) == 2  # watched, but with chances


async def test_how_pulls_stand(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    await mappers.feeds.record_pull(one.id, await take(mappers, one.id), pull_result(one.id, 5.0))
    await mappers.feeds.lease(two.id, 5.0, 20.0)
    states = {each.feed_id: each for each in await mappers.feeds.pull_states([one.id, two.id, 999])}
    assert states.keys() == {one.id, two.id}
    pull = (await mappers.feeds.pulls(one.id, 1))[0]
    assert (states[one.id].last_pull_at, states[one.id].next_pull_at, states[one.id].lease_until) == (5.0, 100.0, 0.0)
    assert (states[one.id].new, states[one.id].updated, states[one.id].status) == (pull.new, pull.updated, pull.status)
    assert (states[two.id].last_pull_at, states[two.id].lease_until, states[two.id].new) == (None, 20.0, 0)
