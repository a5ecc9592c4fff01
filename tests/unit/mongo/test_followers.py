"""Many change the same things while others follow by revisions: nobody misses anything, and no two get one number."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import cast

import pytest
from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import MongoMappers
from reader.models.feed import Icon
from reader.models.subscription import Folder, Subscription
from tests.contract.mappers.make import add_feed, add_user, append, change, fill, new_entry, take
from tests.helpers.mongo_watch import WATCH
from tests.unit.mongo.dying import Died, Mortal, slow

PROCESSES = 5
FEEDS = 12
ROUNDS = 12


def icon(number: int) -> Icon:
    return Icon(f"{number:064x}", "image/png", b"png")


class FeedFollower:
    """Keeps marks as a web process does, in steps of a few."""

    def __init__(self, mappers: Mappers) -> None:
        self._mappers = mappers
        self.rev = 0
        self.marks: dict[int, FeedMark] = {}

    async def look(self) -> None:
        while True:
            marks = await self._mappers.feeds.marks_since(self.rev, 4)
            assert [mark.rev for mark in marks] == sorted(mark.rev for mark in marks)
            for mark in marks:
                known = self.marks.get(mark.feed_id)
                assert known is None or known.rev < mark.rev
                self.marks[mark.feed_id] = mark
                self.rev = mark.rev
            if len(marks) < 4:
                return


async def test_nobody_misses_a_change_of_a_feed(mappers: MongoMappers) -> None:
    """Whoever has been told that a change is made finds it by asking for what came since; whatever others do."""
    sound = cast(Mappers, mappers)
    feeds = [(await add_feed(sound, f"f{n}")).id for n in range(FEEDS)]
    others = [cast(Mappers, slow(mappers, n)) for n in range(PROCESSES)]
    followers = [FeedFollower(sound) for _ in range(3)]
    made: dict[int, int] = {}
    numbers = iter(range(10**6))
    busy = True

    async def process(n: int) -> None:
        chance = random.Random(n)
        for _ in range(ROUNDS):
            mine = chance.sample(feeds[n::PROCESSES], 2)  # two changes of one process at once
            digits = [next(numbers) for _ in mine]
            await asyncio.gather(
                *(others[n].feeds.set_icon(f, icon(d), 1.0) for f, d in zip(mine, digits, strict=True))
            )
            made.update(zip(mine, digits, strict=True))

    async def dying() -> None:
        for last in range(1, 12):
            mortal = Mortal(mappers, last, 0.5)
            with contextlib.suppress(Died):
                await mortal.mappers.feeds.set_icon(feeds[0], icon(10**7 + last), 1.0)

    async def follow(follower: FeedFollower) -> None:
        while busy:
            before = dict(made)
            await follower.look()
            for feed_id, digits in before.items():
                shown = follower.marks[feed_id].icon
                assert feed_id == feeds[0] or (shown is not None and int(shown, 16) >= digits)

    following = [asyncio.create_task(follow(each)) for each in followers]
    await asyncio.gather(*(process(n) for n in range(PROCESSES)), dying())
    busy = False
    await asyncio.gather(*following)
    await sound.feeds.set_icon(feeds[1], icon(10**8), 1.0)  # publishes what the dead left
    truth = {mark.feed_id: mark for mark in await sound.feeds.marks(feeds)}
    assert len({mark.rev for mark in truth.values()}) == FEEDS
    for follower in followers:
        await follower.look()
        assert follower.marks == truth
    assert await mappers.engine.db.feed.count_documents({"pending": {"$gt": 0}}) == 0


async def test_pulls_that_end_together_share_what_publishing_costs(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    costs = []
    for count in (1, 30):
        feeds = [(await add_feed(sound, f"{count}-{n}")).id for n in range(count)]
        before = WATCH.commands
        await asyncio.gather(*(sound.feeds.set_icon(feed_id, icon(feed_id), 1.0) for feed_id in feeds))
        costs.append(WATCH.commands - before)
    own = 2  # the icon, the feed
    assert costs[0] <= own + 6
    assert costs[1] <= 30 * own + 30, "not five for each"


class ShelfFollower:
    """Keeps what a user has as a web process does."""

    def __init__(self, mappers: Mappers, user_id: int) -> None:
        self._mappers = mappers
        self._user_id = user_id
        self.rev = self.shape_rev = 0
        self.folders: dict[int, Folder] = {}
        self.subscriptions: dict[int, Subscription] = {}

    async def look(self) -> None:
        delta = await self._mappers.subscriptions.delta(self._user_id, self.rev, self.shape_rev)
        assert delta.rev >= self.rev
        news = {each.feed_id: each for each in delta.subscriptions}
        if delta.whole:
            self.folders = {folder.id: folder for folder in delta.folders}
            self.subscriptions = news
        else:
            self.subscriptions.update(news)
        self.rev, self.shape_rev = delta.rev, delta.shape_rev


async def test_nobody_misses_what_a_user_changes_on_several_devices(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    user = await add_user(sound)
    feeds = [(await add_feed(sound, f"f{n}")).id for n in range(4)]
    for feed_id in feeds:
        await fill(sound, feed_id, 60, prefix=f"{feed_id}-")
    for feed_id in feeds[:3]:
        await sound.subscriptions.subscribe(user.id, feed_id, folder_id=None, title=None, unread=99, now=1.0)
    folders = [(await sound.subscriptions.add_folder(user.id, title)).id for title in "AB"]
    drawn = await sound.subscriptions.delta(user.id, 0, 0)
    devices = [cast(Mappers, slow(mappers, n)) for n in range(3)]
    follower = ShelfFollower(sound, user.id)
    revs: list[int] = []
    marked: set[int] = set()
    busy = True

    async def mark(n: int) -> None:
        for step in range(15):
            seq = n * 15 + step + 1
            done = await devices[n].subscriptions.mark(user.id, [change(f, [seq]) for f in feeds[:2]], now=2.0)
            revs.append(done.rev)
            marked.add(seq)

    async def arrange(n: int) -> None:
        device = devices[n]
        for step in range(6):
            await device.subscriptions.move(user.id, [feeds[2]], folders[step % 2], None)
            await device.subscriptions.subscribe(user.id, feeds[3], folder_id=folders[0], title=None, unread=5, now=1.0)
            await device.flags.set(user.id, 1, "starred", step % 2 == 0, now=1.0)
            await device.subscriptions.unsubscribe(user.id, [feeds[3]])

    async def follow() -> None:
        while busy:
            before = set(marked)
            await follower.look()
            assert before <= set(BitMap.deserialize(follower.subscriptions[feeds[0]].read))
            await asyncio.sleep(0.001)

    following = asyncio.create_task(follow())
    await asyncio.gather(mark(0), mark(1), mark(2), arrange(0), arrange(1))
    busy = False
    await following
    await follower.look()
    whole = await sound.subscriptions.delta(user.id, -1, -1)
    assert follower.subscriptions == {each.feed_id: each for each in whole.subscriptions}
    assert follower.folders == {folder.id: folder for folder in whole.folders}
    assert len(set(revs)) == 45
    for feed_id in feeds[:2]:
        assert set(BitMap.deserialize(follower.subscriptions[feed_id].read)) == set(range(1, 46))
    journal = await sound.subscriptions.journal(user.id, drawn.rev)
    assert journal is not None and len(journal) == 90
    await sound.subscriptions.mark(user.id, [each.inverse() for each in journal], now=3.0)
    after = await sound.subscriptions.delta(user.id, -1, -1)
    assert [len(BitMap.deserialize(each.read)) for each in after.subscriptions if each.feed_id in feeds[:2]] == [0, 0]


async def test_two_pullers_of_one_feed(mappers: MongoMappers) -> None:
    """One is slow, loses its lease and goes on writing, round after round: every entry is there once, in order."""
    sound = cast(Mappers, mappers)
    feed = await add_feed(sound)
    chance = random.Random(1)

    async def pull(on: Mappers, token: int, names: list[str]) -> bool:
        entries = [new_entry(name, float(n)) for n, name in enumerate(names)]
        return await on.entries.append(feed.id, token, entries, renewed={}, now=1e6) is not None

    shown: list[str] = []
    for n in range(25):
        first = await take(sound, feed.id, 100.0 * n)
        zombie = asyncio.create_task(
            pull(cast(Mappers, slow(mappers, n, 0.01)), first, [f"z{n}-{k}" for k in range(9)])
        )
        await asyncio.sleep(chance.uniform(0, 0.03))
        second = await take(sound, feed.id, 100.0 * n + 50)
        assert await pull(cast(Mappers, slow(mappers, n + 50, 0.002)), second, [f"n{n}-{k}" for k in range(3)])
        shown += [f"z{n}-{k}" for k in range(9)] if await zombie else []
        shown += [f"n{n}-{k}" for k in range(3)]
        seq = (await sound.feeds.marks([feed.id]))[0].seq
        positions = (await sound.entries.positions([(feed.id, 1, 999)]))[feed.id]
        assert [at.seq for at in positions] == list(range(1, seq + 1))
        uids = [entry.uid for entry in await sound.entries.many([at.id for at in positions])]
        assert uids == shown
        assert list(await sound.entries.known(feed.id, 999)) == uids[::-1]
        await sound.feeds.release(feed.id, second)


async def test_one_subscribes_while_first_entries_come(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    for n in range(15):
        user, feed = await add_user(sound, f"u{n}"), await add_feed(sound, f"f{n}")
        reader, puller = (cast(Mappers, slow(mappers, n + k)) for k in (0, 100))

        async def pull(on: Mappers = puller, feed_id: int = feed.id) -> None:
            await append(on, feed_id, [new_entry(f"e{k}", float(k)) for k in range(6)])

        await asyncio.gather(
            pull(),
            reader.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=2, now=1.0),
        )
        subscription = await sound.subscriptions.get(user.id, feed.id)
        assert subscription is not None
        assert list(BitMap.deserialize(subscription.read)) == [1, 2, 3, 4]


async def test_nobody_goes_on_between_two_feeds_of_one_revision(mappers: MongoMappers) -> None:
    """A publisher who came second leaves the revision of another in a feed that still waits."""
    sound, db = cast(Mappers, mappers), mappers.engine.db
    first, second, third = [(await add_feed(sound, f"f{n}")).id for n in range(3)]
    last = (await add_feed(sound, "last")).id
    rev = await sound.feeds.rev()
    await db.feed.update_one({"_id": first}, {"$set": {"rev": rev - 1, "pending": 1}})
    seen = await sound.feeds.marks_since(rev - 3, 2)
    assert [mark.rev for mark in seen] == [rev - 2, rev - 1, rev - 1]
    assert seen[0].feed_id == second and {mark.feed_id for mark in seen[1:]} == {first, third}
    assert [mark.feed_id for mark in await sound.feeds.marks_since(rev - 1, 2)] == [last]
    await sound.feeds.set_icon(second, icon(1), 1.0)
    later = await sound.feeds.marks_since(rev, 9)
    assert {mark.feed_id for mark in later} == {first, second}
    assert len({mark.rev for mark in later}) == 2


async def test_a_change_is_told_of_while_the_next_is_being_published(mappers: MongoMappers) -> None:
    """The publisher dies after it has written the new revision, before the counter moves."""
    sound = cast(Mappers, mappers)
    feeds = [(await add_feed(sound, f"f{n}")).id for n in range(4)]
    start = await sound.feeds.rev()
    await sound.feeds.set_icon(feeds[0], icon(1), 1.0)
    await sound.feeds.set_icon(feeds[1], icon(1), 1.0)
    mortal = Mortal(mappers, 3)
    with pytest.raises(Died):
        await mortal.mappers.feeds.set_icon(feeds[0], icon(2), 1.0)
    stored = await mappers.engine.db.feed.find_one({"_id": feeds[0]})
    assert stored is not None and stored["rev"] > await sound.feeds.rev() > stored["was"] > start
    for limit in (1, 2, 9):
        first, *rest = await sound.feeds.marks_since(start, limit)
        assert (first.feed_id, first.rev) == (feeds[0], stored["was"])
        assert [mark.feed_id for mark in rest] == ([feeds[1]] if limit > 1 or rest else [])
    await sound.feeds.set_icon(feeds[2], icon(1), 1.0)
    assert {mark.feed_id for mark in await sound.feeds.marks_since(start + 2, 9)} == {feeds[0], feeds[2]}
