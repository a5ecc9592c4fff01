"""Followers on MongoDB: who reads whose streams. Lists take the same number of round trips whatever there is, unless
people in them are being removed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from reader.mappers.mongo.engine import ALL, Engine
from reader.mappers.mongo.person import HERE, PERSON, person_of
from reader.mappers.mongo.readers import count_people
from reader.models.people import Person, Ties

HIGHEST = 1 << 62
Ids = Callable[[int, int], Awaitable[list[int]]]
"""(below this id, at most) → ids of people, falling; fewer than asked for at the end."""


async def persons(engine: Engine, user_ids: Sequence[int]) -> dict[int, Person]:
    """See PeopleMapper.persons."""
    found = engine.db.user.find({"_id": {"$in": [*user_ids]}, **HERE}, PERSON, batch_size=ALL)
    return {stored["_id"]: person_of(stored) async for stored in found}


async def page(engine: Engine, ids: Ids, before: int | None, limit: int) -> list[Person]:
    """A page of people by falling id, those who are being removed left out."""
    out: list[Person] = []
    at = HIGHEST if before is None else before
    while len(out) < limit:
        found = await ids(at, limit)
        if found:
            known = await persons(engine, found)
            out += [known[each] for each in found if each in known]
            at = found[-1]
        if len(found) < limit:
            break
    return out[:limit]


async def feeds_of(engine: Engine, user_ids: Sequence[int]) -> dict[int, int]:
    """Feed → owner, of the streams of these people."""
    which = {"user_id": {"$in": [*user_ids]}, "position": {"$gte": 0}}
    found = engine.db.stream.find(which, {"feed_id": 1, "user_id": 1}, batch_size=ALL)
    return {stream["feed_id"]: stream["user_id"] async for stream in found}


async def owners_of(engine: Engine, feed_ids: Sequence[int]) -> dict[int, int]:
    """Feed → owner, of those that are streams."""
    found = engine.db.stream.find({"feed_id": {"$in": [*feed_ids]}}, {"feed_id": 1, "user_id": 1}, batch_size=ALL)
    return {stream["feed_id"]: stream["user_id"] async for stream in found}


async def read_by(engine: Engine, user_id: int) -> list[int]:
    """Feeds that a user reads."""
    which = {"user_id": user_id, "rev": {"$gte": 0}}
    found = engine.db.subscription.find(which, {"_id": 0, "feed_id": 1}, batch_size=ALL)
    return [each["feed_id"] async for each in found]


async def followed(engine: Engine, user_id: int) -> set[int]:
    """Ids of the people whose streams a user reads."""
    return {*(await owners_of(engine, await read_by(engine, user_id))).values()} - {user_id}


async def followers(engine: Engine, owner_id: int, before: int | None, limit: int) -> list[Person]:
    """See PeopleMapper.followers."""
    feeds = [*await feeds_of(engine, [owner_id])]

    async def ids(below: int, most: int) -> list[int]:
        reads = {"feed_id": {"$in": feeds}, "user_id": {"$lt": below}}
        approved = {"owner_id": owner_id, "state": "approved", "user_id": {"$lt": below}}
        many = (most + 1) * max(1, len(feeds))  # somebody may read all of the streams; the owner may, too
        reading, known = await asyncio.gather(
            engine.db.reader.find(reads, {"user_id": 1}, batch_size=ALL).sort("user_id", -1).limit(many).to_list(),
            engine.db.approval.find(approved, {"user_id": 1}, batch_size=ALL).sort("user_id", -1).limit(most).to_list(),
        )
        return sorted({each["user_id"] for each in [*reading, *known]} - {owner_id}, reverse=True)[:most]

    return await page(engine, ids, before, limit)


async def following(engine: Engine, user_id: int, before: int | None, limit: int) -> list[Person]:
    """See PeopleMapper.following."""
    owners = sorted(await followed(engine, user_id), reverse=True)

    async def ids(below: int, most: int) -> list[int]:
        return [each for each in owners if each < below][:most]

    return await page(engine, ids, before, limit)


async def count(engine: Engine, user_id: int) -> Ties:
    """See PeopleMapper.ties. Those who are being removed are few; who reads along may be very many, so that the
    database counts them."""
    feeds, mine, asked, approved, leaving = await asyncio.gather(
        feeds_of(engine, [user_id]),
        read_by(engine, user_id),
        _approvals(engine, user_id, "asked"),
        _approvals(engine, user_id, "approved"),
        engine.db.user.find({"leaving_at": {"$gt": 0}}, {"_id": 1}, batch_size=ALL).to_list(),
    )
    gone = {each["_id"] for each in leaving}
    owners, others = await asyncio.gather(
        owners_of(engine, mine), count_people(engine, [*feeds], approved | gone | {user_id})
    )
    theirs = {*owners.values()} - {user_id}
    return Ties(len(approved - gone) + others, len(theirs - gone), len(asked - gone))


async def _approvals(engine: Engine, owner_id: int, state: str) -> set[int]:
    which = {"owner_id": owner_id, "state": state}
    return {each["user_id"] async for each in engine.db.approval.find(which, {"user_id": 1}, batch_size=ALL)}
