from __future__ import annotations

from reader.mappers import Mappers
from reader.models.entry import Flags
from tests.contract.mappers.make import (
    add_feed,
    add_user,
    append,
    change,
    fill,
    new_entry,
    read_seqs,
    take,
)


async def merge(mappers: Mappers, source: int, url: str) -> int | None:
    return await mappers.feeds.move(source, await take(mappers, source, 1e6), url, now=1e6)


async def subscribe(mappers: Mappers, user_id: int, feed_id: int, title: str | None = None, unread: int = 99) -> None:
    await mappers.subscriptions.subscribe(user_id, feed_id, folder_id=None, title=title, unread=unread, now=1.0)


async def test_read_marks_follow_by_uid(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    await append(mappers, old.id, [new_entry(uid) for uid in ("a", "b", "c")])
    await append(mappers, new.id, [new_entry(uid) for uid in ("c", "x", "b", "a")])
    folder = await mappers.subscriptions.add_folder(ann.id, "Folder")
    await mappers.subscriptions.subscribe(ann.id, old.id, folder_id=folder.id, title="Mine", unread=99, now=1.0)
    before = await mappers.subscriptions.mark(ann.id, [change(old.id, [1, 3])], now=2.0)
    assert await merge(mappers, old.id, new.url) == new.id
    assert await read_seqs(mappers, ann.id, new.id) == [1, 4]
    moved = await mappers.subscriptions.get(ann.id, new.id)
    assert moved is not None
    assert (moved.folder_id, moved.title) == (folder.id, "Mine")
    assert await mappers.subscriptions.get(ann.id, old.id) is None
    assert await mappers.feeds.get(old.id) is None
    found = await mappers.feeds.by_url(old.url)
    assert found is not None
    assert found.id == new.id
    assert await mappers.subscriptions.journal(ann.id, before.rev) is None
    delta = await mappers.subscriptions.delta(ann.id, before.rev, before.rev - 1)
    assert delta.whole
    assert [each.feed_id for each in delta.subscriptions] == [new.id]
    assert await mappers.subscriptions.journal(ann.id, delta.rev) == []


async def test_who_reads_both_has_the_union(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    for feed in (old, new):
        await fill(mappers, feed.id, 4)
        await subscribe(mappers, ann.id, feed.id, title=None if feed is new else "Old name")
    await mappers.subscriptions.mark(ann.id, [change(old.id, [1]), change(new.id, [3])], now=2.0)
    await merge(mappers, old.id, new.url)
    assert await read_seqs(mappers, ann.id, new.id) == [1, 3]
    both = await mappers.subscriptions.get(ann.id, new.id)
    assert both is not None
    assert both.title == "Old name"
    assert await mappers.feeds.readers(new.id) == 1


async def test_flags_follow_and_nothing_kept_is_lost(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    olds = (await append(mappers, old.id, [new_entry("a"), new_entry("only-old")])).new
    news = (await append(mappers, new.id, [new_entry("b"), new_entry("a")])).new
    await mappers.flags.set(ann.id, olds[0].id, "starred", True, now=5.0)
    await mappers.flags.set(ann.id, news[1].id, "starred", True, now=6.0)
    await mappers.flags.set(bob.id, olds[0].id, "later", True, now=7.0)
    await mappers.flags.set(bob.id, olds[1].id, "starred", True, now=8.0)
    assert await merge(mappers, old.id, new.url) == new.id
    everything = [position.id for position in (*olds, *news)]
    assert await mappers.flags.many(ann.id, everything) == {news[1].id: Flags(news[1].id, 6.0, None)}
    assert await mappers.flags.many(bob.id, everything) == {
        news[1].id: Flags(news[1].id, None, 7.0),
        olds[1].id: Flags(olds[1].id, 8.0, None),
    }
    (kept,) = await mappers.entries.many([olds[1].id])
    assert (kept.uid, kept.feed_id) == ("only-old", new.id)
    assert kept.seq == 0
    assert await mappers.entries.many([olds[0].id]) == []
    assert await mappers.entries.positions([(new.id, 0, 99)]) == {new.id: list(news)}


async def test_a_feed_without_entries_takes_all_of_the_other(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    olds = (await fill(mappers, old.id, 6)).new
    await subscribe(mappers, ann.id, old.id)
    await subscribe(mappers, bob.id, new.id, unread=2)
    await mappers.subscriptions.mark(ann.id, [change(old.id, [5])], now=2.0)
    await mappers.flags.set(ann.id, olds[2].id, "starred", True, now=5.0)
    await mappers.entries.purge(old.id, 4, now=3.0)
    before = await mappers.subscriptions.delta(bob.id, 0, 0)
    assert await merge(mappers, old.id, new.url) == new.id
    assert await mappers.subscriptions.journal(bob.id, before.rev) is None
    assert await mappers.entries.positions([(new.id, 1, 9)]) == {new.id: list(olds[2:])}
    assert await read_seqs(mappers, ann.id, new.id) == [5]
    assert await read_seqs(mappers, bob.id, new.id) == [3, 4]
    assert [each for _, each in await mappers.flags.page(ann.id, "starred", before=None, limit=9)] == [olds[2].id]
    more = await append(mappers, new.id, [new_entry("e1"), new_entry("e4"), new_entry("e7")])
    assert [position.seq for position in more.new] == [7]
    assert await read_seqs(mappers, bob.id, new.id) == [3, 4]


async def test_a_feed_merges_into_the_owner_of_an_alias(mappers: Mappers) -> None:
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    await mappers.feeds.add_alias(new.id, "https://alias.test/")
    await mappers.feeds.add_alias(old.id, "https://old-alias.test/")
    assert await merge(mappers, old.id, "https://alias.test/") == new.id
    for url in (old.url, "https://alias.test/", "https://old-alias.test/"):
        found = await mappers.feeds.by_url(url)
        assert found is not None
        assert found.id == new.id


async def test_a_zombie_cannot_merge(mappers: Mappers) -> None:
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    token = await take(mappers, old.id)
    assert await mappers.feeds.move(old.id, token - 1, new.url, now=7.0) is None
    assert await mappers.feeds.get(old.id) == old
    assert await mappers.feeds.move(999, token, new.url, now=7.0) is None
