"""Round trips of each call are the same for a few feeds and for many, for few entries and for many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import pytest

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers, changes
from reader.models.feed import Icon
from tests.contract.mappers.make import add_feed, add_user, append, change, new_entry, pull_result, take
from tests.helpers.mongo_watch import WATCH

FEW, MANY = (3, 4), (110, 6)  # feeds, entries in each; a driver's first answer holds 101 documents
LATE = 1e6
Call = Callable[[], Awaitable[object]]


@dataclass
class Store:
    mappers: Mappers
    user: int
    folder: int
    feeds: list[int]
    entries: int
    steps: int = 0

    def step(self) -> int:
        """Another number each time, so that a call that changes something does so."""
        self.steps += 1
        return self.steps


async def store(mappers: Mappers, name: str, feeds: int, entries: int) -> Store:
    user = await add_user(mappers, name)
    folder = await mappers.subscriptions.add_folder(user.id, "F")
    ids = []
    for n in range(feeds):
        feed = await add_feed(mappers, f"{name}-{n}")
        await append(mappers, feed.id, [new_entry(f"{name}{n}-{k}", float(k)) for k in range(entries)])
        await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=folder.id, title=None, unread=99, now=1.0)
        ids.append(feed.id)
    return Store(mappers, user.id, folder.id, ids, entries)


def calls(s: Store) -> dict[str, Call]:
    feeds, entries, subs, user = s.mappers.feeds, s.mappers.entries, s.mappers.subscriptions, s.user
    first = s.feeds[0]

    async def pull(count: int) -> None:
        now = LATE + 100.0 * s.step()
        begun = await feeds.begin(first, now, now + 50.0)
        assert begun is not None
        token = begun.schedule.lease_token
        news = [new_entry(f"p{now}-{k}", now) for k in range(count)]
        assert await entries.append(first, token, news, renewed={}, now=now)
        assert await feeds.record_pull(first, token, pull_result(first, now, next_pull_at=now))

    async def all_entries() -> int:
        found = await entries.positions([(feed_id, 1, 999) for feed_id in s.feeds])
        ids = [at.id for places in found.values() for at in places]
        assert len(await entries.many(ids)) == len(ids) >= len(s.feeds) * s.entries
        return len(ids)

    async def resubscribe() -> None:
        removed = await subs.unsubscribe(user, s.feeds)
        assert await subs.restore(removed) == len(s.feeds)

    return {
        "delta, whole": lambda: subs.delta(user, -1, -1),
        "delta, marked": lambda: subs.delta(user, 1, 10**6),
        "reading_delta": lambda: subs.reading_delta(user, -1, -1, 0, 9999),
        "marks_since, a page": lambda: feeds.marks_since(0, 2),
        "mark": lambda: subs.mark(user, [change(feed_id, [1]) for feed_id in s.feeds], now=1.0),
        "journal": lambda: subs.journal(user, 0),
        "move": lambda: subs.move(user, s.feeds[::-1] if s.step() % 2 else s.feeds, s.folder, None),
        "unsubscribe and restore": resubscribe,
        "subscribers": lambda: subs.subscribers(first),
        "counts": lambda: subs.counts(),
        "add folder": lambda: subs.add_folder(user, f"Folder {s.step()}"),
        "marks": lambda: feeds.marks(s.feeds),
        "marks_since": lambda: feeds.marks_since(0, 9999),
        "due": lambda: feeds.due(LATE, 9999),
        "due_stats": lambda: feeds.due_stats(LATE, 9999),
        "next_due_at": lambda: feeds.next_due_at(),
        "set_back": lambda: feeds.set_back(1e9, 1e9, after=0, limit=9999),
        "from_the_future": lambda: feeds.from_the_future(LATE),
        "in_state": lambda: feeds.in_state("new", after=0, limit=9999),
        "page": lambda: feeds.page(after=0, limit=9999),
        "search": lambda: feeds.search("test", 9999),
        "states": lambda: feeds.states(),
        "stats": lambda: feeds.stats(LATE),
        "pull_states": lambda: feeds.pull_states(s.feeds),
        "holders": lambda: feeds.holders(LATE),
        "free": lambda: feeds.free("nobody", LATE),
        "pause_host": lambda: feeds.pause_host("else.test", LATE, "", now=1.0),
        "set_icon": lambda: feeds.set_icon(first, Icon(f"{s.step():064}", "image/png", b""), 1.0),
        "a pull that brings one": lambda: pull(1),
        "a pull that brings many": lambda: pull(s.entries * 10),
        "known": lambda: entries.known(first, 9999),
        "positions and many": all_entries,
        "published_since": lambda: entries.published_since(first, 0.0),
        "over": lambda: entries.over(0, 9999),
        "last_id": lambda: entries.last_id(),
        "recount": lambda: subs.recount(s.feeds[1]),
    }


async def costs(s: Store) -> dict[str, int]:
    out = {}
    for name, call in calls(s).items():
        before = WATCH.trips
        await call()
        out[name] = WATCH.trips - before
    return out


async def test_round_trips_do_not_grow(mappers: MongoMappers, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = cast(Mappers, mappers)
    few = await store(sound, "few", *FEW)
    small = await costs(few)
    many = await store(sound, "many", *MANY)
    large = await costs(many)
    assert large == small
    assert small["reading_delta"] == 2 and small["mark"] == 5
    assert max(small.values()) <= 20
    monkeypatch.setattr(changes, "INLINE", 0)  # what is planned is too large for the user's own document
    before = WATCH.trips
    await sound.subscriptions.mark(many.user, [change(feed_id, [2]) for feed_id in many.feeds], now=1.0)
    assert WATCH.trips - before == 7


async def test_one_more_look_for_every_so_many_entries(mappers: MongoMappers) -> None:
    """limits() narrows down: its round trips grow with the logarithm of the entries of a feed, not with the feeds."""
    sound = cast(Mappers, mappers)
    feeds = [(await add_feed(sound, f"f{n}")).id for n in range(4)]
    for feed_id in feeds:
        rows = [
            {"_id": f"{feed_id}:{k}", "feed_id": feed_id, "seq": k, "sort_at": float(k), "id": feed_id * 10**6 + k}
            for k in range(1, 401)
        ]
        await mappers.engine.db.trace.insert_many(rows)
    await mappers.engine.db.feed.update_many({}, {"$set": {"seq": 400}})
    worst = 0
    for limit in (1.0, 2.0, 77.0, 250.0, 399.0, 400.0, 401.0):
        before = WATCH.trips
        found = await sound.entries.limits(feeds, max_id=None, before=limit)
        worst = max(worst, WATCH.trips - before)
        assert found == dict.fromkeys(feeds, int(limit) - 1)
    assert worst <= 4
    before = WATCH.trips
    assert await sound.entries.limits(feeds[:1], max_id=feeds[0] * 10**6 + 137, before=None) == {feeds[0]: 137}
    assert WATCH.trips - before <= 4


async def test_a_request_that_finds_nothing_new_reads_two_documents(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    s = await store(sound, "ann", 2, 2)
    delta, marks = await sound.subscriptions.reading_delta(s.user, 0, 0, 0, 99)
    before = (WATCH.trips, WATCH.commands)
    await sound.subscriptions.reading_delta(s.user, delta.rev, delta.shape_rev, marks[-1].rev, 99)
    assert (WATCH.trips - before[0], WATCH.commands - before[1]) == (1, 2)


async def test_a_lease_is_taken_in_one_round_trip(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    feed = await add_feed(sound)
    before = WATCH.trips
    token = await take(sound, feed.id)
    assert WATCH.trips - before == 1
    assert await sound.feeds.beat([(feed.id, token)], 99.0) == []
    assert WATCH.trips - before == 2
