"""Pulls, purges and changes of feeds are cut off before every one of their writes; then somebody else comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import cast

import pytest
from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import MongoMappers
from reader.models.feed import Icon
from tests.contract.mappers.make import add_feed, add_user, append, fill, new_entry, pull_result, read_seqs, take
from tests.unit.mongo.dying import Died, Mortal, over

MOST_WRITES = 40
KEYS = b"idididid" + b"linklink" + b"titletit" + bytes(16)


class Follower:
    """Knows feeds by their marks alone, as a web process does."""

    def __init__(self, mappers: Mappers) -> None:
        self._mappers = mappers
        self.rev = 0
        self.marks: dict[int, FeedMark] = {}

    async def look(self) -> None:
        for mark in await self._mappers.feeds.marks_since(self.rev, 1000):
            self.marks[mark.feed_id] = mark
            self.rev = mark.rev


async def cut_off(mappers: MongoMappers, act: Callable[[Mappers, int], Awaitable[object]]) -> None:
    """Runs act(dying mappers, round) until it gets through; it checks by itself what it left."""
    for last in range(MOST_WRITES):
        mortal = Mortal(mappers, last, 0.5)
        await act(cast(Mappers, mortal.mappers), last)
        if not mortal.died:
            assert last > 1
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def visible(mappers: Mappers, feed_id: int) -> list[tuple[int, str, str]]:
    positions = (await mappers.entries.positions([(feed_id, 1, 99)]))[feed_id]
    entries = await mappers.entries.many([at.id for at in positions])
    assert [(e.seq, e.sort_at, e.id) for e in entries] == positions
    return [(e.seq, e.uid, e.title) for e in entries]


async def test_entries_come_whole_and_once(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    follower = Follower(sound)

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"f{n}")
        await append(sound, feed.id, [new_entry("a", 1.0), new_entry("b", 2.0)], now=5.0)
        pulled = [new_entry("b", 2.0, digest=b"2", title="New"), *[new_entry(f"n{k}", 10.0 + k) for k in range(4)]]
        token = await take(sound, feed.id, 10.0)
        try:
            await dying.entries.append(feed.id, token, pulled, renewed={}, now=20.0)
        except Died:
            assert len(await visible(sound, feed.id)) in (2, 6)
        shorter = [*pulled[:3], new_entry("later", 30.0)]  # the document has changed meanwhile
        token = await take(sound, feed.id, 1000.0)
        assert await dying.entries.append(feed.id, token - 1, pulled, renewed={}, now=20.0) is None
        result = await sound.entries.append(feed.id, token, shorter, renewed={}, now=1000.0)
        assert result is not None
        shown = await visible(sound, feed.id)
        assert [seq for seq, _, _ in shown] == list(range(1, result.seq + 1))
        uids = [uid for _, uid, _ in shown]
        assert uids in (["a", "b", "n0", "n1", "later"], ["a", "b", "n0", "n1", "n2", "n3", "later"])
        assert shown[1] == (2, "b", "New")
        found = await sound.entries.known(feed.id, 99)
        assert list(found) == uids[::-1] and found["b"].digest == b"2"
        await follower.look()
        assert follower.marks[feed.id].seq == result.seq
        assert await sound.subscriptions.recount(feed.id) == 0

    await cut_off(mappers, act)


async def test_first_entries_leave_as_many_unread_as_was_wished(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"f{n}")
        users = [await add_user(sound, f"u{n}-{k}") for k in range(2)]
        for user, unread in zip(users, (1, 3), strict=True):
            await sound.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=unread, now=1.0)
        token = await take(sound, feed.id, 10.0)
        try:
            await dying.entries.append(
                feed.id, token, [new_entry(f"e{k}", float(k)) for k in range(6)], renewed={}, now=20.0
            )
        except Died:
            shown = (await sound.feeds.marks([feed.id]))[0].seq
            if shown:  # then everybody's read set is right already
                assert [await read_seqs(sound, u.id, feed.id) for u in users] == [[1, 2, 3, 4, 5], [1, 2, 3]]
                return
            await sound.subscriptions.recount(feed.id)
        await fill(sound, feed.id, 5, now=1000.0) if not (await sound.feeds.marks([feed.id]))[0].seq else None
        count = (await sound.feeds.marks([feed.id]))[0].seq
        for user, unread in zip(users, (1, 3), strict=True):
            assert await read_seqs(sound, user.id, feed.id) == list(range(1, count - unread + 1))

    await cut_off(mappers, act)


async def test_subscribing_while_the_first_entries_come(mappers: MongoMappers) -> None:
    """Between the look at the feed and the subscription: the entries are there, and nobody knew of the wish."""
    sound = cast(Mappers, mappers)
    for before in range(4):
        feed, user = await add_feed(sound, f"f{before}"), await add_user(sound, f"u{before}")
        writes = 0

        async def entries_come(feed_id: int = feed.id, when: int = before) -> None:
            nonlocal writes
            if writes == when:
                writes += 1
                await fill(sound, feed_id, 5)
            else:
                writes += 1

        busy = cast(Mappers, over(mappers, entries_come))
        await busy.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=2, now=1.0)
        assert writes > before
        assert await read_seqs(sound, user.id, feed.id) == [1, 2, 3]


async def test_purged_entries_go_whole_and_for_good(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    entries = [
        replace(new_entry(f"e{k}", float(k)), keys=KEYS[:16] + f"title{k:03}".encode() + KEYS[24:]) for k in range(8)
    ]

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"f{n}")
        ids = [at.id for at in (await append(sound, feed.id, entries)).new]
        await mappers.engine.db.flag.insert_one(
            {"_id": f"flag{n}", "user_id": 1, "kind": "starred", "entry_id": ids[1]}
        )
        try:
            await dying.entries.purge(feed.id, 5, now=1.0)
        except Died:
            shown = [seq for seq, _, _ in await visible(sound, feed.id)]
            assert shown in (list(range(1, 9)), [4, 5, 6, 7, 8])
        await sound.entries.purge(feed.id, 5, now=1.0)
        assert [seq for seq, _, _ in await visible(sound, feed.id)] == [4, 5, 6, 7, 8]
        assert [entry.id for entry in await sound.entries.many(ids)] == [ids[1], *ids[3:]]
        again = [*entries, replace(entries[0], uid="other")]
        assert (await append(sound, feed.id, again, now=2000.0)).new == ()
        (mark,) = await sound.feeds.marks([feed.id])
        assert (mark.seq, mark.floor) == (8, 3)
        assert await mappers.engine.db.trace.count_documents({"feed_id": feed.id}) == 6
        assert await mappers.engine.db.entry_words.count_documents({"feed_id": feed.id}) == 6
        assert (await mappers.engine.db.feed.find_one({"_id": feed.id}) or {})["size"] == 5

    await cut_off(mappers, act)


async def test_a_feed_is_made_once(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def make(on: Mappers, n: int) -> bool:
        _, made = await on.feeds.create(f"https://f{n}.test/", title=f"F{n}", site_url=None, description=None, now=1.0)
        return made

    async def act(dying: Mappers, n: int) -> None:
        try:
            await make(dying, n)
        except Died:
            await make(sound, n)
        assert not await make(sound, n)
        feed = await sound.feeds.by_url(f"https://f{n}.test/")
        assert feed is not None and feed.rev > 0
        assert [each.id for each in await sound.feeds.search(f"f{n}.test", 5)] == [feed.id]
        assert await mappers.engine.db.feed.count_documents({"url": f"https://f{n}.test/"}) == 1

    await cut_off(mappers, act)


async def test_what_lists_show_of_a_feed_is_told_of(mappers: MongoMappers) -> None:
    """A change that its maker did not publish is published with the next one of any feed."""
    sound = cast(Mappers, mappers)
    follower = Follower(sound)
    other = await add_feed(sound, "other")
    acts: list[Callable[[Mappers, int, int], Awaitable[object]]] = [
        lambda m, f, t: m.feeds.set_icon(f, Icon("ab" * 32, "image/png", b"png"), 5.0),
        lambda m, f, t: m.feeds.record_pull(f, t, pull_result(f, state="failing", error="No.")),
        lambda m, f, t: m.feeds.set_aside(f, 50.0, "It ended its process."),
        lambda m, f, t: m.feeds.move(f, t, f"https://new{f}.test/", now=7.0),
    ]

    async def act(dying: Mappers, n: int) -> None:
        for one in acts:
            feed = await add_feed(sound, f"f{n}-{acts.index(one)}")
            token = await take(sound, feed.id, 10.0)
            with suppress(Died):
                await one(dying, feed.id, token)
            await sound.feeds.set_icon(other.id, Icon(f"{feed.id:064}", "image/png", b"png"), 5.0)
            await follower.look()
            assert [follower.marks[feed.id]] == await sound.feeds.marks([feed.id])

    for last in range(12):
        await act(cast(Mappers, Mortal(mappers, last, 0.5).mappers), last)


async def test_a_move_happens_once_and_can_be_taken_back(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed, new = await add_feed(sound, f"f{n}"), f"https://new{n}.test/"
        token = await take(sound, feed.id, 10.0)
        try:
            await dying.feeds.move(feed.id, token, new, now=7.0)
        except Died:
            token = await take(sound, feed.id, 100.0)
            assert await sound.feeds.move(feed.id, token, new, now=70.0) == feed.id
        moved = await sound.feeds.by_url(feed.url)
        assert moved is not None and (moved.id, moved.url) == (feed.id, new)
        assert await sound.feeds.by_url(new) == moved
        assert await sound.feeds.undo_move(feed.id, 200.0) == feed.url
        back = await sound.feeds.get(feed.id)
        assert back is not None and back.url == feed.url
        assert await sound.feeds.undo_move(feed.id, 201.0) is None

    await cut_off(mappers, act)


async def test_a_recount_can_be_cut_off(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed, user = await add_feed(sound, f"f{n}"), await add_user(sound, f"u{n}")
        await fill(sound, feed.id, 6, prefix=f"{n}-")
        await sound.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=1, now=1.0)
        for collection in ("entry", "trace"):
            await mappers.engine.db[collection].delete_many({"feed_id": feed.id, "seq": {"$in": [3, 6]}})
        try:
            await dying.subscriptions.recount(feed.id)
        except Died:
            await sound.subscriptions.recount(feed.id)
        (mark,) = await sound.feeds.marks([feed.id])
        assert (mark.floor, mark.seq) == (3, 5)
        subscription = await sound.subscriptions.get(user.id, feed.id)
        assert subscription is not None and list(BitMap.deserialize(subscription.read)) == [4, 5]
        assert await sound.subscriptions.recount(feed.id) == 0

    await cut_off(mappers, act)
