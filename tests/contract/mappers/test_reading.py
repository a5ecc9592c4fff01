from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.subscriptions import ReadingDelta
from reader.models.subscription import ReadChange
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.make import add_feed, add_reader, add_user, append, change, fill, new_entry, read_seqs


async def test_marking_returns_what_changed(mappers: Mappers) -> None:
    reader = await add_reader(mappers, 5)
    user_id, feed_id = reader.user.id, reader.feed.id
    first = await mappers.subscriptions.mark(user_id, [change(feed_id, [0, 1, 2, 6, 99]), change(999, [1])], now=3.0)
    assert first.changes == (change(feed_id, [1, 2]),)
    second = await mappers.subscriptions.mark(user_id, [change(feed_id, [2, 3], [1, 4])], now=4.0)
    assert second.changes == (change(feed_id, [3], [1]),)
    assert second.rev > first.rev
    assert await read_seqs(mappers, user_id, feed_id) == [2, 3]
    same = await mappers.subscriptions.mark(user_id, [change(feed_id, [2], [1])], now=5.0)
    assert (same.rev, same.changes) == (second.rev, ())
    assert (await mappers.subscriptions.mark(user_id, [], now=5.0)).rev == second.rev


async def test_purged_entries_cannot_be_marked(mappers: Mappers) -> None:
    reader = await add_reader(mappers, 5)
    await mappers.entries.purge(reader.feed.id, 2, now=1.0)
    marked = await mappers.subscriptions.mark(reader.user.id, [change(reader.feed.id, range(1, 6))], now=3.0)
    assert marked.changes == (change(reader.feed.id, [4, 5]),)


async def test_two_devices_lose_nothing(mappers: Mappers) -> None:
    reader = await add_reader(mappers, 60)
    user_id, feed_id = reader.user.id, reader.feed.id
    done = await asyncio.gather(
        *(mappers.subscriptions.mark(user_id, [change(feed_id, [seq])], now=3.0) for seq in range(1, 61))
    )
    assert await read_seqs(mappers, user_id, feed_id) == list(range(1, 61))
    assert len({each.rev for each in done}) == 60


async def test_a_delta_holds_what_changed_since(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    feeds = [await add_feed(mappers, f"f{n}") for n in range(3)]
    folder = await mappers.subscriptions.add_folder(ann.id, "F")
    for feed in feeds:
        await fill(mappers, feed.id, 3)
        await mappers.subscriptions.subscribe(ann.id, feed.id, folder_id=folder.id, title=None, unread=9, now=1.0)
    start = await mappers.subscriptions.delta(ann.id, 0, 0)
    assert start.whole
    assert start.folders == (folder,)
    assert [each.feed_id for each in start.subscriptions] == [feed.id for feed in feeds]
    nothing = await mappers.subscriptions.delta(ann.id, start.rev, start.shape_rev)
    assert nothing == ReadingDelta(start.rev, start.shape_rev, False, (), ())
    marked = await mappers.subscriptions.mark(ann.id, [change(feeds[1].id, [1])], now=2.0)
    delta = await mappers.subscriptions.delta(ann.id, start.rev, start.shape_rev)
    assert (delta.rev, delta.shape_rev, delta.whole, delta.folders) == (marked.rev, start.shape_rev, False, ())
    assert [each.feed_id for each in delta.subscriptions] == [feeds[1].id]
    assert delta.subscriptions[0].rev == marked.rev
    await mappers.subscriptions.unsubscribe(ann.id, [feeds[0].id])
    assert (await mappers.subscriptions.delta(ann.id, delta.rev, delta.shape_rev)).whole


async def test_users_do_not_see_each_other(mappers: Mappers) -> None:
    ann, bob = await add_reader(mappers), await add_reader(mappers, name="bob")
    before = await mappers.subscriptions.delta(bob.user.id, 0, 0)
    await mappers.subscriptions.mark(ann.user.id, [change(bob.feed.id, [1])], now=2.0)
    await mappers.subscriptions.mark(ann.user.id, [change(ann.feed.id, [1])], now=2.0)
    after = await mappers.subscriptions.delta(bob.user.id, before.rev, before.shape_rev)
    assert (after.rev, after.subscriptions) == (before.rev, ())


async def test_a_caller_ahead_of_the_store_starts_anew(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    ahead = await mappers.subscriptions.delta(reader.user.id, 10_000, 9_000)
    assert ahead.whole
    assert len(ahead.subscriptions) == 1


async def test_the_revision_alone(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    before = await mappers.subscriptions.rev(reader.user.id)
    assert before == (await mappers.subscriptions.delta(reader.user.id, 0, 0)).rev
    marked = await mappers.subscriptions.mark(reader.user.id, [change(reader.feed.id, [1])], now=2.0)
    assert await mappers.subscriptions.rev(reader.user.id) == marked.rev > before
    assert await mappers.subscriptions.rev(999_999) == 0


async def test_everything_a_request_needs_in_one_round_trip(
    mappers: Mappers, trips: Count, cost: Cost, query_count: Count
) -> None:
    reader = await add_reader(mappers)
    before = trips()
    delta, marks = await mappers.subscriptions.reading_delta(reader.user.id, 0, 0, 0, 10)
    assert trips() - before == cost("reading_delta")
    assert delta == await mappers.subscriptions.delta(reader.user.id, 0, 0)
    assert marks == await mappers.feeds.marks_since(0, 10)
    statements = query_count()
    nothing, none = await mappers.subscriptions.reading_delta(
        reader.user.id, delta.rev, delta.shape_rev, marks[-1].rev, 10
    )
    assert (nothing.subscriptions, none) == ((), [])
    assert query_count() - statements <= 2


async def test_the_journal_goes_back(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    user_id, feed_id = reader.user.id, reader.feed.id
    start = (await mappers.subscriptions.delta(user_id, 0, 0)).rev
    first = await mappers.subscriptions.mark(user_id, [change(feed_id, [1, 2])], now=10.0)
    await mappers.subscriptions.mark(user_id, [change(feed_id, [3], [1])], now=20.0)
    assert await mappers.subscriptions.journal(user_id, start) == [
        change(feed_id, [3], [1]),
        change(feed_id, [1, 2]),
    ]
    assert await mappers.subscriptions.journal(user_id, first.rev) == [change(feed_id, [3], [1])]
    assert await mappers.subscriptions.trim_journal(15.0) == 1
    assert await mappers.subscriptions.journal(user_id, start) is None
    assert await mappers.subscriptions.journal(user_id, first.rev) == [change(feed_id, [3], [1])]
    assert await mappers.subscriptions.trim_journal(15.0) == 0


async def test_a_long_journal_is_trimmed(mappers: Mappers) -> None:
    ann, bob = await add_reader(mappers), await add_reader(mappers, name="bob")
    for number, reader in enumerate((ann, bob, ann, bob, ann)):
        seq = number // 2 + 1
        await mappers.subscriptions.mark(reader.user.id, [change(reader.feed.id, [seq])], now=number * 10_000.0)
    assert await mappers.subscriptions.trim_journal(30_000.0) == 3
    assert await mappers.subscriptions.trim_journal(30_000.0) == 0
    rev = (await mappers.subscriptions.delta(ann.user.id, 0, 0)).rev
    assert await mappers.subscriptions.journal(ann.user.id, rev - 2) is None
    assert await mappers.subscriptions.journal(ann.user.id, rev - 1) == [change(ann.feed.id, [3])]


async def test_the_journal_knows_of_first_entries(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    feed = await add_feed(mappers)
    made, _ = await mappers.subscriptions.subscribe(ann.id, feed.id, folder_id=None, title=None, unread=1, now=1.0)
    await fill(mappers, feed.id, 3)
    assert await mappers.subscriptions.journal(ann.id, made.rev) == [change(feed.id, [1, 2])]


async def test_a_recount_drops_what_is_not_there(mappers: Mappers) -> None:
    reader = await add_reader(mappers, 6)
    user_id, feed_id = reader.user.id, reader.feed.id
    await mappers.subscriptions.mark(user_id, [change(feed_id, [1, 2, 5])], now=2.0)
    assert await mappers.subscriptions.recount(feed_id) == 0
    await mappers.entries.purge(feed_id, 4, now=3.0)
    before = await mappers.subscriptions.delta(user_id, 0, 0)
    assert await mappers.subscriptions.recount(feed_id) == 1
    assert await read_seqs(mappers, user_id, feed_id) == [5]
    delta = await mappers.subscriptions.delta(user_id, before.rev, before.shape_rev)
    assert [each.feed_id for each in delta.subscriptions] == [feed_id]
    assert await mappers.subscriptions.recount(feed_id) == 0
    assert await mappers.subscriptions.recount(999) == 0


async def test_marking_very_many_feeds_is_one_round_trip(mappers: Mappers, trips: Count, cost: Cost) -> None:
    reader = await add_reader(mappers)
    before = trips()
    await mappers.subscriptions.mark(reader.user.id, [change(number, [1, 2]) for number in range(1, 2000)], now=2.0)
    assert trips() - before == cost("mark")
    assert await read_seqs(mappers, reader.user.id, reader.feed.id) == [1, 2]


SEQS = st.sets(st.integers(0, 14))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.lists(st.tuples(st.integers(0, 1), SEQS, SEQS), max_size=3), max_size=6))
async def test_marking_agrees_with_sets_and_the_journal_takes_it_back(
    mappers: Mappers, steps: list[list[tuple[int, set[int], set[int]]]]
) -> None:
    name = f"u{await mappers.feeds.rev()}"
    user = await add_user(mappers, name)
    feeds = [await add_feed(mappers, f"{name}-{n}") for n in range(2)]
    for feed in feeds:
        await append(mappers, feed.id, [new_entry(f"{feed.id}-{n}") for n in range(10)])
        await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=99, now=1.0)
    start = (await mappers.subscriptions.delta(user.id, 0, 0)).rev
    model: list[set[int]] = [set(), set()]
    for step in steps:
        changes = []
        for which, add, remove in step:
            model[which] = ((model[which] | add) - remove) & set(range(1, 11))
            changes.append(ReadChange(feeds[which].id, BitMap(add), BitMap(remove)))
        await mappers.subscriptions.mark(user.id, changes, now=2.0)
    for feed, expected in zip(feeds, model, strict=True):
        assert set(await read_seqs(mappers, user.id, feed.id)) == expected
    journal = await mappers.subscriptions.journal(user.id, start)
    assert journal is not None
    await mappers.subscriptions.mark(user.id, [each.inverse() for each in journal], now=3.0)
    for feed in feeds:
        assert await read_seqs(mappers, user.id, feed.id) == []
