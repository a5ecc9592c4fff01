from __future__ import annotations

import asyncio

import pytest
from pyroaring import BitMap

from reader.errors import Conflict, NotFound
from reader.mappers import Mappers
from reader.mappers.subscriptions import ReadingDelta
from tests.contract.mappers.make import add_feed, add_reader, add_user, append, change, fill, new_entry, read_seqs


async def whole(mappers: Mappers, user_id: int) -> ReadingDelta:
    return await mappers.subscriptions.delta(user_id, 0, 0)


async def order(mappers: Mappers, user_id: int, folder_id: int | None) -> list[int]:
    delta = await whole(mappers, user_id)
    there = [each for each in delta.subscriptions if each.folder_id == folder_id]
    return [each.feed_id for each in sorted(there, key=lambda each: each.position)]


async def subscribe_many(mappers: Mappers, user_id: int, count: int, folder_id: int | None = None) -> list[int]:
    feeds = [await add_feed(mappers, f"{folder_id}-{n}") for n in range(count)]
    for feed in feeds:
        await mappers.subscriptions.subscribe(user_id, feed.id, folder_id=folder_id, title=None, unread=0, now=1.0)
    return [feed.id for feed in feeds]


async def test_subscribing_leaves_the_newest_unread(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    feed = await add_feed(mappers)
    await fill(mappers, feed.id, 9)
    await mappers.entries.purge(feed.id, 7, now=1.0)
    made, new = await mappers.subscriptions.subscribe(ann.id, feed.id, folder_id=None, title="T", unread=3, now=4.0)
    assert new
    assert list(BitMap.deserialize(made.read)) == [3, 4, 5, 6]
    assert (made.title, made.created_at, made.rev) == ("T", 4.0, made.created_rev)
    again = await mappers.subscriptions.subscribe(ann.id, feed.id, folder_id=None, title="U", unread=9, now=5.0)
    assert again == (made, False)
    assert await mappers.subscriptions.get(ann.id, feed.id) == made
    assert (await whole(mappers, ann.id)).subscriptions == (made,)


async def test_subscribing_to_what_is_absent(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    feed = await add_feed(mappers)
    folder = await mappers.subscriptions.add_folder(bob.id, "His")
    for user_id, feed_id, folder_id in ((ann.id, 999, None), (999, feed.id, None), (ann.id, feed.id, folder.id)):
        with pytest.raises(NotFound):
            await mappers.subscriptions.subscribe(user_id, feed_id, folder_id=folder_id, title=None, unread=1, now=1.0)
    assert await mappers.subscriptions.get(ann.id, feed.id) is None


async def test_first_entries_of_a_feed_leave_the_newest_unread(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    feed = await add_feed(mappers)
    for user, unread in ((ann, 2), (bob, 20)):
        await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=unread, now=1.0)
    before = await whole(mappers, ann.id)
    await fill(mappers, feed.id, 5)
    assert await read_seqs(mappers, ann.id, feed.id) == [1, 2, 3]
    assert await read_seqs(mappers, bob.id, feed.id) == []
    delta = await mappers.subscriptions.delta(ann.id, before.rev, before.shape_rev)
    assert [each.feed_id for each in delta.subscriptions] == [feed.id]
    assert not delta.whole
    await append(mappers, feed.id, [new_entry("more")])
    assert await read_seqs(mappers, ann.id, feed.id) == [1, 2, 3]


async def test_unsubscribing_and_taking_it_back(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    user_id, feed_id = reader.user.id, reader.feed.id
    folder = await mappers.subscriptions.add_folder(user_id, "F")
    await mappers.subscriptions.move(user_id, [feed_id], folder.id, None)
    await mappers.subscriptions.mark(user_id, [change(feed_id, [2])], now=3.0)
    before = await whole(mappers, user_id)
    removed = await mappers.subscriptions.unsubscribe(user_id, [feed_id, 999])
    assert removed == list(before.subscriptions)
    assert await mappers.subscriptions.unsubscribe(user_id, [feed_id]) == []
    without = await whole(mappers, user_id)
    assert without.subscriptions == ()
    assert without.shape_rev > before.shape_rev
    await mappers.subscriptions.remove_folder(user_id, folder.id)
    assert await mappers.subscriptions.restore(removed) == 1
    assert await mappers.subscriptions.restore(removed) == 0
    (restored,) = (await whole(mappers, user_id)).subscriptions
    assert restored.folder_id is None
    assert (restored.read, restored.title, restored.created_at) == (removed[0].read, None, removed[0].created_at)
    assert restored.rev > without.rev
    assert restored.created_rev == removed[0].created_rev


async def test_restoring_before_the_first_entries_keeps_the_wish(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    feed = await add_feed(mappers)
    await mappers.subscriptions.subscribe(ann.id, feed.id, folder_id=None, title=None, unread=1, now=1.0)
    removed = await mappers.subscriptions.unsubscribe(ann.id, [feed.id])
    await mappers.subscriptions.restore(removed)
    await fill(mappers, feed.id, 3)
    assert await read_seqs(mappers, ann.id, feed.id) == [1, 2]


async def test_moving_feeds(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    a, b, c, d = await subscribe_many(mappers, ann.id, 4)
    folder = await mappers.subscriptions.add_folder(ann.id, "F")
    await mappers.subscriptions.move(ann.id, [d, a, 999], None, c)
    assert await order(mappers, ann.id, None) == [b, d, a, c]
    await mappers.subscriptions.move(ann.id, [a, b], folder.id, None)
    assert await order(mappers, ann.id, None) == [d, c]
    assert await order(mappers, ann.id, folder.id) == [a, b]
    await mappers.subscriptions.move(ann.id, [c], folder.id, b)
    assert await order(mappers, ann.id, folder.id) == [a, c, b]
    await mappers.subscriptions.move(ann.id, [c], folder.id, d)
    assert await order(mappers, ann.id, folder.id) == [a, b, c]
    with pytest.raises(NotFound):
        await mappers.subscriptions.move(bob.id, [a], folder.id, None)


async def test_a_name_of_ones_own(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    before = await whole(mappers, reader.user.id)
    await mappers.subscriptions.rename(reader.user.id, reader.feed.id, "Mine")
    after = await whole(mappers, reader.user.id)
    assert after.subscriptions[0].title == "Mine"
    assert after.shape_rev > before.shape_rev
    await mappers.subscriptions.rename(reader.user.id, reader.feed.id, None)
    assert (await whole(mappers, reader.user.id)).subscriptions[0].title is None
    with pytest.raises(NotFound):
        await mappers.subscriptions.rename(reader.user.id, 999, "x")


async def test_muting_a_subscription(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    before = await whole(mappers, reader.user.id)
    assert await mappers.subscriptions.mute(reader.user.id, reader.feed.id, True)
    assert not await mappers.subscriptions.mute(reader.user.id, reader.feed.id, True)
    after = await mappers.subscriptions.delta(reader.user.id, before.rev, before.shape_rev)
    assert after.whole and after.subscriptions[0].muted
    removed = await mappers.subscriptions.unsubscribe(reader.user.id, [reader.feed.id])
    await mappers.subscriptions.restore(removed)
    assert (await whole(mappers, reader.user.id)).subscriptions[0].muted
    assert await mappers.subscriptions.mute(reader.user.id, reader.feed.id, False)
    with pytest.raises(NotFound):
        await mappers.subscriptions.mute(reader.user.id, 999, True)


async def test_folder_titles_are_unique_per_user(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    results = await asyncio.gather(
        *(mappers.subscriptions.add_folder(ann.id, title) for title in ("Straße", "STRASSE", "strasse")),
        return_exceptions=True,
    )
    assert sum(type(result) is Conflict for result in results) == 2
    await mappers.subscriptions.add_folder(bob.id, "Straße")
    other = await mappers.subscriptions.add_folder(ann.id, "Other")
    with pytest.raises(Conflict):
        await mappers.subscriptions.rename_folder(ann.id, other.id, "STRASSE")
    await mappers.subscriptions.rename_folder(ann.id, other.id, "OTHER")
    with pytest.raises(NotFound):
        await mappers.subscriptions.rename_folder(bob.id, other.id, "Mine now")
    assert [each.title for each in (await whole(mappers, ann.id)).folders][1:] == ["OTHER"]


async def test_removing_a_folder_and_taking_it_back(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    first, middle, last = [await mappers.subscriptions.add_folder(ann.id, title) for title in ("1", "2", "3")]
    loose = await subscribe_many(mappers, ann.id, 1)
    inside = await subscribe_many(mappers, ann.id, 3, middle.id)
    await mappers.subscriptions.open_folder(ann.id, middle.id, True)
    drawn = (await whole(mappers, ann.id)).folders[1]
    assert drawn.open
    assert await mappers.subscriptions.remove_folder(ann.id, middle.id) == inside
    assert await order(mappers, ann.id, None) == loose + inside
    assert [each.id for each in (await whole(mappers, ann.id)).folders] == [first.id, last.id]
    await mappers.subscriptions.unsubscribe(ann.id, inside[:1])
    restored = await mappers.subscriptions.restore_folder(drawn, inside)
    assert (restored.id, restored.title, restored.open) == (middle.id, "2", True)
    assert [each.id for each in (await whole(mappers, ann.id)).folders] == [first.id, middle.id, last.id]
    assert await order(mappers, ann.id, middle.id) == inside[1:]
    with pytest.raises(NotFound):
        await mappers.subscriptions.remove_folder(ann.id, 999)


async def test_a_restored_folder_needs_its_name_free(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    folder = await mappers.subscriptions.add_folder(ann.id, "News")
    await mappers.subscriptions.remove_folder(ann.id, folder.id)
    newer = await mappers.subscriptions.add_folder(ann.id, "news")
    assert newer.id != folder.id
    with pytest.raises(Conflict):
        await mappers.subscriptions.restore_folder(folder, [])


async def test_moving_and_opening_folders(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    a, b, c = [(await mappers.subscriptions.add_folder(ann.id, title)).id for title in "abc"]
    await mappers.subscriptions.move_folder(ann.id, c, a)
    assert [each.id for each in (await whole(mappers, ann.id)).folders] == [c, a, b]
    await mappers.subscriptions.move_folder(ann.id, c, None)
    assert [each.id for each in (await whole(mappers, ann.id)).folders] == [a, b, c]
    before = await whole(mappers, ann.id)
    await mappers.subscriptions.open_folder(ann.id, b, False)
    assert (await whole(mappers, ann.id)).rev == before.rev
    await mappers.subscriptions.open_folder(ann.id, b, True)
    after = await mappers.subscriptions.delta(ann.id, before.rev, before.shape_rev)
    assert after.whole
    assert [each.open for each in after.folders] == [False, True, False]
    for act in (
        mappers.subscriptions.open_folder(ann.id, 999, True),
        mappers.subscriptions.move_folder(ann.id, 999, None),
    ):
        with pytest.raises(NotFound):
            await act


async def test_subscriptions_are_counted_by_reader(mappers: Mappers) -> None:
    ann, bob, cat = [await add_user(mappers, name) for name in ("ann", "bob", "cat")]
    assert await mappers.subscriptions.counts() == {}
    feeds = await subscribe_many(mappers, ann.id, 3)
    await mappers.subscriptions.subscribe(bob.id, feeds[0], folder_id=None, title=None, unread=0, now=1.0)
    assert await mappers.subscriptions.counts() == {ann.id: 3, bob.id: 1}
    assert cat.id not in await mappers.subscriptions.counts()
