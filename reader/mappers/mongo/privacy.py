"""Going private and public on MongoDB.

Where an account turns is noted in the user's document (``turning``) before anything else, and goes last: whoever finds
it there goes on with it (ties_upkeep.py), and every step may be done again. Followers are approved while the account
still is public, so none of them loses sight of it, and once more when it is private, for who came in between. An
approval that is written so is looked at again: where the follower was cut meanwhile, it goes.
"""

from __future__ import annotations

import asyncio

from bson import ObjectId
from pymongo import UpdateOne

from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.mappers.mongo.person import approval_key
from reader.mappers.mongo.share_departure import feeds_of
from reader.mappers.mongo.ties import AT_ONCE, cut

INDEXES = (
    Index("user", (("turning.at", 1),), sparse=True),
    Index("share", (("user_id", 1), ("_id", 1))),
    Index("approval", (("owner_id", 1), ("state", 1), ("at", 1))),
)


async def set_private(engine: Engine, user_id: int, private: bool, now: float) -> bool:
    """See PeopleMapper.set_private."""
    turning = {"private": private, "at": now, "token": ObjectId()}
    for attempt in range(ATTEMPTS):
        user = await engine.db.user.find_one({"_id": user_id}, {"private": 1, "turning": 1})
        if user is None:
            return False
        if user.get("turning"):
            await turn(engine, user)
        elif user["private"] == private:
            return False
        else:
            still = {"_id": user_id, "private": not private, "turning": None}
            if (await engine.db.user.update_one(still, {"$set": {"turning": turning}})).matched_count:
                await turn(engine, {**user, "turning": turning})
                return True
        await pause(attempt)
    raise StoreError("The change could not be made: others kept being quicker.")


async def turn(engine: Engine, user: Document) -> None:
    """Does what an account's ``turning`` says."""
    user_id, turning = user["_id"], user["turning"]
    ours = {"_id": user_id, "turning.token": turning["token"]}
    if turning["private"]:
        await _approve_followers(engine, user_id, turning["at"])
        if not (await engine.db.user.update_one(ours, {"$set": {"private": True}})).matched_count:
            return  # somebody has done it all
        await _approve_followers(engine, user_id, turning["at"])
        await _cut_strangers(engine, user_id)
    elif (await engine.db.user.update_one(ours, {"$set": {"private": False}})).matched_count:
        ended = {"owner_id": user_id, "state": "approved", "at": {"$lte": turning["at"]}}  # none that is newer
        await engine.db.approval.delete_many(ended)
    await engine.db.user.update_one(ours, {"$unset": {"turning": ""}})


async def _approve_followers(engine: Engine, owner_id: int, now: float) -> None:
    after = 0
    feeds = await feeds_of(engine, owner_id)
    while followers := await _followers(engine, feeds, owner_id, after):
        after = followers[-1]
        keys = {approval_key(owner_id, reader_id): reader_id for reader_id in followers}
        which = {"_id": {"$in": [*keys]}, "state": "approved"}
        known = {each["_id"] async for each in engine.db.approval.find(which, {"_id": 1}, batch_size=ALL)}
        wanted = {name: reader_id for name, reader_id in keys.items() if name not in known}
        if wanted:
            await engine.db.approval.bulk_write([_approved(owner_id, each, now) for each in wanted.values()])
            there = {*await _among(engine, feeds, [*wanted.values()])}
            cut_meanwhile = [name for name, reader_id in wanted.items() if reader_id not in there]
            if cut_meanwhile:
                await engine.db.approval.delete_many({"_id": {"$in": cut_meanwhile}, "state": "approved"})


def _approved(owner_id: int, reader_id: int, now: float) -> UpdateOne:
    there = {"owner_id": owner_id, "user_id": reader_id, "at": now}
    change = {"$set": {"state": "approved"}, "$setOnInsert": there}
    return UpdateOne({"_id": approval_key(owner_id, reader_id)}, change, upsert=True)


async def _followers(engine: Engine, feeds: list[int], owner_id: int, after: int) -> list[int]:
    """The next of those who read one of the feeds, by id."""
    which = {"feed_id": {"$in": feeds}, "user_id": {"$gt": after}}
    found = engine.db.reader.find(which, {"_id": 0, "user_id": 1}, batch_size=AT_ONCE + 1)
    ids = {each["user_id"] for each in await found.sort("user_id", 1).limit(AT_ONCE).to_list()}
    if ids == {owner_id}:
        return await _followers(engine, feeds, owner_id, owner_id)
    return sorted(ids - {owner_id})


async def _among(engine: Engine, feeds: list[int], user_ids: list[int]) -> list[int]:
    """Those of the people who read one of the feeds."""
    which = {"feed_id": {"$in": feeds}, "user_id": {"$in": user_ids}}
    return [each["user_id"] async for each in engine.db.reader.find(which, {"user_id": 1}, batch_size=ALL)]


async def _cut_strangers(engine: Engine, owner_id: int) -> None:
    """Who marked shares of a private person and is not approved."""
    which = {"owner_id": owner_id, "state": "approved"}
    approved = {each["user_id"] async for each in engine.db.approval.find(which, {"user_id": 1}, batch_size=ALL)}
    strangers: set[int] = set()
    after = 0
    while ids := await _shares(engine, owner_id, after):
        after = ids[-1]
        strangers |= {*await engine.db.flag.distinct("user_id", {"entry_id": {"$in": ids}})}
    await asyncio.gather(*(cut(engine, each, owner_id) for each in sorted(strangers - approved - {owner_id})))


async def _shares(engine: Engine, owner_id: int, after: int) -> list[int]:
    found = engine.db.share.find({"user_id": owner_id, "_id": {"$gt": after}}, {"_id": 1}, batch_size=AT_ONCE + 1)
    return [each["_id"] for each in await found.sort("_id", 1).limit(AT_ONCE).to_list()]
