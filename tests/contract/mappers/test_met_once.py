"""What of the store a reader meets once, or no longer: muted subscriptions, what was taken back, a new backlog."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyroaring import BitMap

from reader.errors import NotFound
from reader.mappers import Mappers
from reader.models.entry import FlagKind, Flags
from tests.contract.mappers.make import add_feed, add_reader, add_user, append, fill, new_entry, read_seqs
from tests.contract.mappers.society import add_person, add_share, add_stream, follow


async def test_muting_is_a_change_of_shape(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    user_id, feed_id = reader.user.id, reader.feed.id
    before = await mappers.subscriptions.delta(user_id, 0, 0)
    assert not before.subscriptions[0].muted
    assert await mappers.subscriptions.mute(user_id, feed_id, True)
    assert not await mappers.subscriptions.mute(user_id, feed_id, True)
    after = await mappers.subscriptions.delta(user_id, before.rev, before.shape_rev)
    assert after.whole
    assert after.subscriptions[0].muted
    removed = await mappers.subscriptions.unsubscribe(user_id, [feed_id])
    await mappers.subscriptions.restore(removed)
    known = await mappers.subscriptions.get(user_id, feed_id)
    assert known is not None and known.muted
    assert await mappers.subscriptions.mute(user_id, feed_id, False)
    with pytest.raises(NotFound):
        await mappers.subscriptions.mute(user_id, 999, True)


async def test_marks_of_feeds_tell_of_copies_and_of_what_was_taken_back(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    feed = await add_feed(mappers)
    [mark] = await mappers.feeds.marks([feed.id])
    assert (mark.kind, mark.withdrawn, mark.copies_rev) == ("site", b"", 0)
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(3)]
    [mark] = await mappers.feeds.marks([shares[0].feed_id])
    assert (mark.kind, mark.withdrawn) == ("stream", b"")
    assert mark.copies_rev > 0
    await mappers.shares.remove(ann, shares[1].id, now=20.0)
    [after] = await mappers.feeds.marks_since(mark.rev, 9)
    assert BitMap.deserialize(after.withdrawn) == BitMap([2])
    assert after.copies_rev > mark.copies_rev
    assert await mappers.shares.restore(ann, shares[1].id, note="", noted_at=None)
    [after] = await mappers.feeds.marks([shares[0].feed_id])
    assert after.withdrawn == b""


async def test_flags_of_what_is_taken_back_wait_for_it(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann)
    kinds: tuple[FlagKind, ...] = ("starred", "later")
    for kind in kinds:
        await mappers.flags.set(bob, share.id, kind, True, now=15.0)
    before = await mappers.subscriptions.rev(bob)
    await mappers.shares.remove(ann, share.id, now=20.0)
    assert await mappers.subscriptions.rev(bob) > before  # open pages notice
    assert await mappers.flags.many(bob, [share.id]) == {}
    for kind in kinds:
        assert await mappers.flags.page(bob, kind, before=None, limit=9) == []
        assert await mappers.flags.count(bob, kind) == 0
    assert await mappers.shares.restore(ann, share.id, note="", noted_at=None)
    assert await mappers.flags.many(bob, [share.id]) == {share.id: Flags(share.id, 15.0, 15.0)}
    assert await mappers.flags.count(bob, "later") == 1
    stream = await add_stream(mappers, ann)
    gone = await mappers.streams.remove(ann, stream.id, now=30.0)
    assert gone is not None
    assert await mappers.flags.count(bob, "starred") == 0
    await mappers.shares.wipe(40.0, 9)
    await mappers.streams.restore(*gone, removed_at=30.0)
    assert await mappers.flags.count(bob, "starred") == 0  # emptied since: nothing comes back


async def test_a_backlog_counts_what_is_visible(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(5)]
    for number in (1, 4):
        await mappers.shares.remove(ann, shares[number].id, now=20.0)
    feed_id = shares[0].feed_id
    await mappers.subscriptions.subscribe(bob, feed_id, folder_id=None, title=None, unread=2, now=30.0)
    assert await read_seqs(mappers, bob, feed_id) == [1]


async def test_a_backlog_spares_stories_one_has_elsewhere(mappers: Mappers) -> None:
    """They are read as soon as one copy is: a backlog must not read what nobody read."""
    reader, bob = await add_reader(mappers, 3), await add_person(mappers, "bob")
    for entry in await mappers.entries.many(reader.ids[:2]):
        await add_share(mappers, bob, met=entry)
    other = await add_share(mappers, bob, "other")
    await mappers.subscriptions.subscribe(reader.user.id, other.feed_id, folder_id=None, title=None, unread=0, now=30.0)
    assert await read_seqs(mappers, reader.user.id, other.feed_id) == [3]
    stranger = await add_user(mappers, "cleo")
    await mappers.subscriptions.subscribe(stranger.id, other.feed_id, folder_id=None, title=None, unread=0, now=30.0)
    assert await read_seqs(mappers, stranger.id, other.feed_id) == [1, 2, 3]


async def test_first_entries_spare_stories_one_has_elsewhere(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    old = await add_feed(mappers, "old")
    await fill(mappers, old.id, 1)
    feed = await add_feed(mappers, "new")
    await mappers.subscriptions.subscribe(ann, feed.id, folder_id=None, title=None, unread=0, now=1.0)
    await follow(mappers, ann, bob)
    share = await add_share(mappers, bob, "told")
    await append(mappers, feed.id, [replace(new_entry("a", 1.0), story=share.story), new_entry("b", 2.0)])
    assert await read_seqs(mappers, ann, feed.id) == [2]
