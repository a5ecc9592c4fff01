"""What people do to each other, cut off after each of its writes, or at the same moment as something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from reader.errors import Conflict, NotFound
from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.mappers.mongo.person import approval_key, relation_key
from reader.models.people import name_digest
from tests.contract.mappers.society import add_person, add_share, add_stream, follow, follows
from tests.helpers.mongo_watch import WATCH
from tests.unit.mongo.dying import Died, Mortal, slow

MOST_WRITES = 40


@dataclass(frozen=True)
class Circle:
    """Ann shares. Bob follows her and starred a share; Cy asked to, and starred one, too."""

    ann: int
    bob: int
    cy: int
    feed: int
    share: int


async def circle(mappers: Mappers, name: str, *, private: bool = False) -> Circle:
    ann, bob, cy = [await add_person(mappers, f"{each}-{name}") for each in ("ann", "bob", "cy")]
    share = await add_share(mappers, ann, name)
    await follow(mappers, bob, ann)
    if private:
        await mappers.people.set_private(ann, True, now=3.0)
    await mappers.people.ask(ann, cy, now=4.0)
    for user_id in (bob, cy):
        await mappers.flags.set(user_id, share.id, "starred", True, now=5.0)
    await mappers.notifications.tell(ann, f"f{bob}", "follow", bob, share_id=None, comment_id=None, now=5.0)
    return Circle(ann, bob, cy, share.feed_id, share.id)


async def state(mappers: Mappers, c: Circle) -> dict[str, Any]:
    """All that binds the three, the same for every circle."""
    standings = {
        name: (await mappers.people.standings(user, [c.ann]))[c.ann] for name, user in (("b", c.bob), ("c", c.cy))
    }
    return {
        "standings": {name: (s.follows, s.approval, s.blocks, s.blocked, s.visible) for name, s in standings.items()},
        "flags": [bool(await mappers.flags.many(user, [c.share])) for user in (c.bob, c.cy)],
        "told": await mappers.notifications.unseen(c.ann),
        "ties": await mappers.people.ties(c.ann),
        "private": (await mappers.people.persons([c.ann]))[c.ann].private,
    }


Act = Callable[[Mappers, Circle], Awaitable[object]]
ACTS: dict[str, tuple[bool, Act]] = {
    "block": (False, lambda m, c: m.people.block(c.bob, c.ann, now=9.0)),
    "be blocked": (True, lambda m, c: m.people.block(c.ann, c.bob, now=9.0)),
    "refuse": (True, lambda m, c: m.people.refuse(c.ann, c.bob)),
    "approve": (True, lambda m, c: m.people.approve(c.ann, c.cy, feed_id=c.feed, unread=9, now=9.0)),
    "approve in public": (False, lambda m, c: m.people.approve(c.ann, c.cy, feed_id=c.feed, unread=9, now=9.0)),
    "go private": (False, lambda m, c: m.people.set_private(c.ann, True, now=9.0)),
    "go public": (True, lambda m, c: m.people.set_private(c.ann, False, now=9.0)),
}


@pytest.mark.parametrize(("private", "act"), ACTS.values(), ids=ACTS.keys())
async def test_an_act_that_is_cut_off_is_ended_by_upkeep_and_another_try(
    mappers: MongoMappers, private: bool, act: Act
) -> None:
    sound = cast(Mappers, mappers)
    whole = await circle(sound, "whole", private=private)
    before = await state(sound, whole)
    await act(sound, whole)
    after = await state(sound, whole)
    assert before != after
    for last in range(MOST_WRITES):
        c = await circle(sound, f"c{last}", private=private)
        mortal = Mortal(mappers, last)
        try:
            await act(cast(Mappers, mortal.mappers), c)
        except Died:
            assert mortal.died
        await mappers.people.put_right(99)
        await act(sound, c)
        assert await state(sound, c) == after, f"cut off before write {last}"
        if not mortal.died:
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def test_upkeep_goes_on_with_what_was_begun(mappers: MongoMappers) -> None:
    """Nobody tries again: an account that turned private is so with its followers, an approval has its subscription."""
    sound = cast(Mappers, mappers)
    for last in range(1, MOST_WRITES):
        c = await circle(sound, f"p{last}")
        mortal = Mortal(mappers, last)
        try:
            await mortal.mappers.people.set_private(c.ann, True, now=9.0)
        except Died:
            await mappers.people.put_right(99)
        assert (await state(sound, c))["standings"]["b"] == (True, "approved", False, False, True)
        assert (await state(sound, c))["flags"] == [True, False]
        if not mortal.died:
            break
    for last in range(1, MOST_WRITES):
        c = await circle(sound, f"g{last}", private=True)
        mortal = Mortal(mappers, last)
        try:
            await mortal.mappers.people.approve(c.ann, c.cy, feed_id=c.feed, unread=9, now=9.0)
        except Died:
            await mappers.people.put_right(99)
        assert await follows(sound, c.cy, c.ann)
        if not mortal.died:
            break
    assert await mappers.engine.db.user.count_documents({"turning": {"$exists": True}}) == 0
    assert await mappers.engine.db.approval.count_documents({"grant": {"$exists": True}}) == 0


async def test_followers_who_may_not_follow_any_more_are_cut_off(mappers: MongoMappers) -> None:
    sound, db = cast(Mappers, mappers), mappers.engine.db
    ann, bob, cy, dot = [await add_person(sound, name) for name in ("ann", "bob", "cy", "dot")]
    share = await add_share(sound, ann)
    await add_stream(sound, bob)
    for reader, owner in ((bob, ann), (ann, bob), (cy, ann), (dot, ann), (cy, bob), (ann, ann)):
        await follow(sound, reader, owner)
    await mappers.flags.set(bob, share.id, "starred", True, now=2.0)
    await mappers.people.set_private(ann, True, now=3.0)
    # As a crash between a block and what it ends would leave it.
    block = {"_id": relation_key(bob, ann, "block"), "user_id": bob, "other_id": ann, "kind": "block", "at": 1.0}
    await db.relation.insert_one(block)
    await db.approval.delete_one({"_id": approval_key(ann, dot)})
    assert await mappers.people.put_right(1) == 2, "one of each kind at a time"
    assert await mappers.people.put_right(9) == 1
    assert await mappers.people.put_right(9) == 0
    left = [(reader, owner) for reader in (ann, bob, cy, dot) for owner in (ann, bob)]
    assert [pair for pair in left if await follows(sound, *pair)] == [(ann, ann), (cy, ann), (cy, bob)]
    assert await mappers.flags.many(bob, [share.id]) == {}


@pytest.mark.parametrize("seed", range(6))
async def test_who_is_blocked_while_subscribing_does_not_follow(mappers: MongoMappers, seed: int) -> None:
    sound = cast(Mappers, mappers)
    ann, bob, cy = [await add_person(sound, name) for name in ("ann", "bob", "cy")]
    feed_id = (await add_stream(sound, ann)).feed_id
    await mappers.people.ask(ann, cy, now=1.0)
    one, another = [cast(Mappers, slow(mappers, 2 * seed + n)) for n in (0, 1)]

    async def tell() -> None:
        for n in range(5):
            await one.notifications.tell(ann, f"k{n}", "follow", bob, share_id=None, comment_id=None, now=1.0)

    results = await asyncio.gather(
        one.subscriptions.subscribe(bob, feed_id, folder_id=None, title=None, unread=9, now=2.0),
        another.people.block(ann, bob, now=2.0),
        one.people.approve(ann, cy, feed_id=feed_id, unread=9, now=2.0),
        another.people.block(cy, ann, now=2.0),
        tell(),
        return_exceptions=True,
    )
    assert all(not isinstance(each, BaseException) or isinstance(each, NotFound) for each in results), results
    assert not await follows(sound, bob, ann) and not await follows(sound, cy, ann)
    assert await mappers.notifications.unseen(ann) == 0
    assert await mappers.people.put_right(9) == 0


@pytest.mark.parametrize("seed", range(6))
async def test_no_answer_outlives_what_it_answers(mappers: MongoMappers, seed: int) -> None:
    sound = cast(Mappers, mappers)
    ann = await add_person(sound, "ann")
    share = await add_share(sound, ann)
    first = await mappers.talk.add(share.id, ann, None, "One", now=1.0)
    one, another = [cast(Mappers, slow(mappers, 2 * seed + n)) for n in (0, 1)]
    answers = await asyncio.gather(
        one.talk.add(share.id, ann, first.id, "Two", now=2.0),
        another.talk.remove(first.id, now=2.0),
        return_exceptions=True,
    )
    assert answers[1] is True
    left = await mappers.talk.comments(share.id, 9)
    stored = await mappers.engine.db.comment.count_documents({})
    if isinstance(answers[0], BaseException):
        assert isinstance(answers[0], Conflict)
        assert (left, stored) == ([], 0)
    else:
        assert [(each.id, each.text) for each in left] == [(first.id, ""), (answers[0].id, "Two")]


async def test_removing_an_account_goes_on_wherever_it_stopped(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    for last in range(MOST_WRITES):
        c = await circle(sound, f"d{last}")
        said = await mappers.talk.add(c.share, c.bob, None, "One", now=6.0)
        await mappers.talk.add(c.share, c.ann, said.id, "Two", now=6.0)
        mortal = Mortal(mappers, last)
        digest = name_digest(f"bob-d{last}")
        try:
            await _remove(cast(Mappers, mortal.mappers), c.bob, digest)
        except Died:
            await _remove(sound, c.bob, digest)
        assert await mappers.users.by_name(f"bob-d{last}") is None
        assert await mappers.departure.leaving(9) == []
        assert await mappers.subscriptions.subscribers(c.feed) == []
        assert [each.user_id for each in await mappers.talk.comments(c.share, 9)] == [None, c.ann]
        assert await mappers.notifications.unseen(c.ann) == 0
        with pytest.raises(Conflict):
            await add_person(sound, f"bob-d{last}")
        if not mortal.died:
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def _remove(mappers: Mappers, user_id: int, digest: bytes) -> None:
    await mappers.departure.begin(user_id, digest, now=9.0)
    while await mappers.departure.clear(user_id, 100, now=9.0):
        pass
    assert await mappers.departure.finish(user_id)


async def test_round_trips_do_not_grow(mappers: MongoMappers) -> None:
    sound, costs = cast(Mappers, mappers), []
    for size in (2, 12):
        ann = await add_person(sound, f"ann{size}")
        share = await add_share(sound, ann, f"s{size}")
        others = [await add_person(sound, f"p{size}-{n}") for n in range(size)]
        for other in others:
            await follow(sound, other, ann)
            await sound.talk.add(share.id, other, None, "Text", now=1.0)
            await sound.notifications.tell(ann, f"k{other}", "follow", other, share_id=None, comment_id=None, now=1.0)
            if other != others[0]:
                await sound.people.mute(ann, other, now=1.0)
        costs.append(await _costs(sound, ann, share.id, others[0]))
    assert costs[0] == costs[1]
    assert max(costs[0].values()) <= 25


async def _costs(mappers: Mappers, ann: int, share_id: int, other: int) -> dict[str, int]:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "page": lambda: mappers.notifications.page(ann, before=None, limit=50),
        "unseen": lambda: mappers.notifications.unseen(ann),
        "seen": lambda: mappers.notifications.seen(ann, 10**6, now=2.0),
        "comments": lambda: mappers.talk.comments(share_id, 50),
        "likers": lambda: mappers.talk.likers(share_id, 50),
        "related": lambda: mappers.people.related(ann, "mute", before=None, limit=50),
        "requests": lambda: mappers.people.requests(ann, before=None, limit=50),
        "set_private": lambda: mappers.people.set_private(ann, True, now=3.0),
        "refuse": lambda: mappers.people.refuse(ann, other),
        "block": lambda: mappers.people.block(ann, other, now=4.0),
    }
    out = {}
    for name, call in calls.items():
        before = WATCH.trips
        await call()
        out[name] = WATCH.trips - before
    return out
