"""Merges are cut off before every one of their writes; whoever comes to pull the feed goes on with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from tests.contract.mappers.make import add_feed, add_user, append, change, fill, new_entry, read_seqs, take
from tests.unit.mongo.dying import Died, Mortal, slow

MOST_WRITES = 80


async def merge(mappers: MongoMappers, dying: Mappers, source: int, target: int, url: str) -> None:
    """Tries it on a process that dies; then others come for the feed, until it is gone."""
    sound = cast(Mappers, mappers)
    token, now = await take(sound, source, 1e6), 1e6
    try:
        assert await dying.feeds.move(source, token, url, now=now) == target
    except Died:
        while await sound.feeds.get(source) is not None:
            now += 100.0
            begun = await sound.feeds.begin(source, now, now + 10.0)
            if begun is not None:  # it had not begun
                assert await sound.feeds.move(source, begun.schedule.lease_token, url, now=now) == target
    for collection in ("entry", "entry_words", "trace", "tombstone", "pull", "subscription", "feed_alias"):
        assert await mappers.engine.db[collection].count_documents({"feed_id": source}) == 0, collection


async def into_one_with_entries(mappers: MongoMappers, dying: Mappers, n: int) -> None:
    sound = cast(Mappers, mappers)
    ann, bob = await add_user(sound, f"ann{n}"), await add_user(sound, f"bob{n}")
    old, new = await add_feed(sound, f"old{n}"), await add_feed(sound, f"new{n}")
    olds = (await append(sound, old.id, [new_entry(uid) for uid in ("a", "b", "c", "only-old")])).new
    news = (await append(sound, new.id, [new_entry(uid) for uid in ("c", "x", "b", "a")])).new
    folder = await sound.subscriptions.add_folder(ann.id, "F")
    for user, feed, folder_id in ((ann, old, folder.id), (ann, new, None), (bob, old, None)):
        await sound.subscriptions.subscribe(
            user.id, feed.id, folder_id=folder_id, title="Mine" if folder_id else None, unread=9, now=1.0
        )
    await sound.subscriptions.mark(ann.id, [change(old.id, [1, 4]), change(new.id, [2])], now=2.0)
    await sound.subscriptions.mark(bob.id, [change(old.id, [3])], now=2.0)
    await sound.flags.set(ann.id, olds[1].id, "starred", True, now=5.0)
    await sound.flags.set(bob.id, olds[3].id, "later", True, now=6.0)
    known = await sound.subscriptions.delta(bob.id, -1, -1)
    await merge(mappers, dying, old.id, new.id, new.url)
    assert await read_seqs(sound, ann.id, new.id) == [2, 4]
    assert await read_seqs(sound, bob.id, new.id) == [1]
    kept = await sound.subscriptions.get(ann.id, new.id)
    assert kept is not None and (kept.folder_id, kept.title) == (folder.id, "Mine")
    assert await sound.flags.page(ann.id, "starred", before=None, limit=9) == [(5.0, news[2].id)]
    assert await sound.flags.page(bob.id, "later", before=None, limit=9) == [(6.0, olds[3].id)]
    (only,) = await sound.entries.many([olds[3].id])
    assert (only.feed_id, only.seq, only.uid) == (new.id, 0, "only-old")
    assert await sound.entries.positions([(new.id, 0, 99)]) == {new.id: list(news)}
    follows = await sound.subscriptions.delta(bob.id, known.rev, known.shape_rev)
    assert follows.whole and [each.feed_id for each in follows.subscriptions] == [new.id]
    assert await sound.subscriptions.journal(bob.id, known.rev) is None
    found = await sound.feeds.by_url(old.url)
    assert found is not None and found.id == new.id
    assert (await append(sound, new.id, [new_entry("only-old"), new_entry("y")], now=3e6)).seq == 5


async def into_one_without(mappers: MongoMappers, dying: Mappers, n: int) -> None:
    sound = cast(Mappers, mappers)
    ann, bob = await add_user(sound, f"ann{n}"), await add_user(sound, f"bob{n}")
    old, new = await add_feed(sound, f"old{n}"), await add_feed(sound, f"new{n}")
    olds = (await fill(sound, old.id, 6)).new
    await sound.subscriptions.subscribe(ann.id, old.id, folder_id=None, title=None, unread=9, now=1.0)
    await sound.subscriptions.subscribe(bob.id, new.id, folder_id=None, title=None, unread=2, now=1.0)
    await sound.subscriptions.mark(ann.id, [change(old.id, [5])], now=2.0)
    await sound.flags.set(ann.id, olds[0].id, "starred", True, now=5.0)
    await sound.entries.purge(old.id, 4, now=3.0)
    rev = await sound.feeds.rev()
    puller = await take(sound, new.id, 1e6)  # somebody is about to pull the other one
    await merge(mappers, dying, old.id, new.id, new.url)
    late = await sound.entries.append(new.id, puller, [new_entry("late")], renewed={}, now=1e6)
    assert late is None
    assert await sound.entries.positions([(new.id, 1, 9)]) == {new.id: list(olds[2:])}
    (mark,) = [mark for mark in await sound.feeds.marks_since(rev, 99) if mark.feed_id == new.id]
    assert (mark.floor, mark.seq) == (2, 6)
    assert await read_seqs(sound, ann.id, new.id) == [5]
    assert await read_seqs(sound, bob.id, new.id) == [3, 4]
    assert [entry.uid for entry in await sound.entries.many([at.id for at in olds])] == ["e1", "e3", "e4", "e5", "e6"]
    again = [new_entry(f"e{k}") for k in range(1, 8)]
    more = await append(sound, new.id, again, now=3e6)
    assert [at.seq for at in more.new] == [7]
    assert await sound.subscriptions.recount(new.id) == 0


@pytest.mark.parametrize("case", [into_one_with_entries, into_one_without])
async def test_a_merge_happens_once_and_whole(
    mappers: MongoMappers, case: Callable[[MongoMappers, Mappers, int], Awaitable[None]]
) -> None:
    for last in range(MOST_WRITES):
        mortal = Mortal(mappers, last, 0.5)
        await case(mappers, cast(Mappers, mortal.mappers), last)
        if not mortal.died:
            assert last > 15
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def test_two_feeds_that_move_to_each_other(mappers: MongoMappers) -> None:
    """Each is told to be the other: one stays, or both, never none; nobody loses a subscription."""

    sound = cast(Mappers, mappers)
    for n in range(8):
        ann = await add_user(sound, f"ann{n}")
        one, two = await add_feed(sound, f"one{n}"), await add_feed(sound, f"two{n}")
        for feed in (one, two):
            await fill(sound, feed.id, 3)
        await sound.subscriptions.subscribe(ann.id, one.id, folder_id=None, title=None, unread=9, now=1.0)
        tokens = [await take(sound, feed.id, 1e6) for feed in (one, two)]
        await asyncio.gather(
            slow(mappers, n).feeds.move(one.id, tokens[0], two.url, now=1e6),
            slow(mappers, n + 100).feeds.move(two.id, tokens[1], one.url, now=1e6),
        )
        left = [feed.id for feed in (one, two) if await sound.feeds.get(feed.id) is not None]
        assert left
        delta = await sound.subscriptions.delta(ann.id, -1, -1)
        assert len(delta.subscriptions) == 1 and delta.subscriptions[0].feed_id in left
        for url in (one.url, two.url):
            found = await sound.feeds.by_url(url)
            assert found is not None and found.id in left
