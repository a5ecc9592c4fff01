"""Where shared stories stand: written with the share, kept right by what comes, goes and moves."""

from __future__ import annotations

from dataclasses import replace

from reader.mappers import Mappers
from reader.models.entry import Entry, NewEntry
from reader.models.share import Chain, Copy, Link
from tests.contract.mappers.make import add_feed, append, new_entry, take
from tests.contract.mappers.society import add_person, add_share

ONE, TWO = b"1" * 16, b"2" * 16


def told(uid: str, story: bytes = ONE, at: float = 1.0) -> NewEntry:
    return replace(new_entry(uid, at), story=story)


async def stored(mappers: Mappers, feed_id: int, *news: NewEntry) -> list[Entry]:
    appended = await append(mappers, feed_id, news)
    return await mappers.entries.many([at.id for at in appended.new])


async def places(mappers: Mappers, *feed_ids: int) -> list[tuple[bytes, int]]:
    return [(copy.story, copy.entry_id) for copy in await mappers.shares.copies(feed_ids)]


async def test_a_feed_nobody_shares_from_has_none(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await stored(mappers, feed.id, told("a"), told("b", TWO))
    assert await mappers.shares.copies([feed.id]) == []


async def test_sharing_notes_every_feed_that_tells_the_story(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    one, two, other = [await add_feed(mappers, name) for name in ("one", "two", "other")]
    (met,) = await stored(mappers, one.id, told("a"))
    (same,) = await stored(mappers, two.id, told("b"))
    await stored(mappers, other.id, told("c", TWO))
    revs = [mark.rev for mark in await mappers.feeds.marks([one.id, two.id, other.id])]
    share = await add_share(mappers, ann, met=met)
    assert await mappers.shares.copies([one.id, two.id, other.id, share.feed_id]) == [
        Copy(ONE, met.id, one.id, 1), Copy(ONE, same.id, two.id, 1), Copy(ONE, share.id, share.feed_id, 1),
    ]  # fmt: skip
    after = [mark.rev for mark in await mappers.feeds.marks([one.id, two.id, other.id])]
    assert [new > old for old, new in zip(revs, after, strict=True)] == [True, True, False]


async def test_what_comes_later_joins(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    (met,) = await stored(mappers, one.id, told("a"))
    await add_share(mappers, ann, met=met)
    news = await stored(mappers, two.id, told("b"), told("c"), told("d", TWO))
    assert await places(mappers, two.id) == [(ONE, news[0].id)]  # one of a feed
    before = await mappers.feeds.marks([two.id])
    await stored(mappers, two.id, told("e", at=2.0))
    assert await places(mappers, two.id) == [(ONE, news[0].id)]
    assert await mappers.feeds.marks([two.id]) != before


async def test_a_share_of_another_instance_is_shared(mappers: Mappers) -> None:
    one, remote = await add_feed(mappers, "one"), await add_feed(mappers, "remote")
    (met,) = await stored(mappers, one.id, told("a"))
    chain = Chain((Link("urn:1", "Ines", None),), None, None)
    passed, alone = await stored(
        mappers, remote.id, replace(told("b"), chain=chain), replace(told("c", TWO), chain=chain)
    )
    assert await places(mappers, one.id, remote.id) == [(ONE, met.id), (ONE, passed.id), (TWO, alone.id)]


async def test_taken_back_it_is_told_still(mappers: Mappers) -> None:
    """Who read it has met the story, so that nothing comes back as unread."""
    ann = await add_person(mappers, "ann")
    feed = await add_feed(mappers)
    (met,) = await stored(mappers, feed.id, told("a"))
    share = await add_share(mappers, ann, met=met)
    await mappers.shares.remove(ann, share.id, now=20.0)
    assert await places(mappers, feed.id, share.feed_id) == [(ONE, met.id), (ONE, share.id)]
    assert await mappers.shares.recount_copies(b"", 10) == (0, None)


async def test_purged_entries_are_no_copies(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    feed = await add_feed(mappers)
    entries = await stored(mappers, feed.id, *(told(f"e{n}", bytes([n]) * 16, float(n)) for n in range(5)))
    for entry in entries:
        await add_share(mappers, ann, met=entry)
    await mappers.entries.purge(feed.id, 2, now=30.0)
    assert [entry_id for _, entry_id in await places(mappers, feed.id)] == [entries[3].id, entries[4].id]
    assert await mappers.shares.recount_copies(b"", 10) == (0, None)


async def test_the_recount_goes_page_by_page(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(3)]
    stories = sorted(share.story for share in shares)
    assert await mappers.shares.recount_copies(b"", 2) == (0, stories[1])
    assert await mappers.shares.recount_copies(stories[1], 2) == (0, None)


async def test_copies_move_with_a_feed_that_is_merged(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    (met, gone) = await stored(mappers, old.id, told("a"), told("b", TWO))
    (same,) = await stored(mappers, new.id, told("a2", ONE))
    share = await add_share(mappers, ann, met=met)
    await add_share(mappers, ann, met=gone)
    await mappers.feeds.move(old.id, await take(mappers, old.id, 3000.0), new.url, now=3000.0)
    assert await places(mappers, old.id, new.id) == [(ONE, same.id)]
    assert share.story == ONE
    assert await mappers.shares.recount_copies(b"", 10) == (0, None)


async def test_copies_move_with_entries_that_are_taken_over(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    (met,) = await stored(mappers, old.id, told("a"))
    await add_share(mappers, ann, met=met)
    await mappers.feeds.move(old.id, await take(mappers, old.id, 3000.0), new.url, now=3000.0)
    assert await places(mappers, old.id, new.id) == [(ONE, met.id)]
    assert await mappers.shares.recount_copies(b"", 10) == (0, None)
