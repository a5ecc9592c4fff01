"""What binds two people, on MongoDB: approval, blocks, mutes, and what rests on them.

Whoever ends something writes that first (the block; the approval that goes) and then makes a change of the reader's,
always a revision further (cut). Who subscribes asks who may see whom while their change is planned (sight.py): either
it was planned before and fails at the revision, or it sees what was written. Approvals go once more at the end, for who
wrote one meanwhile (privacy.py). What a crash leaves is ended by ties_upkeep.py.

An approval that makes a subscription is a ``grant`` until the subscription is there: upkeep goes on with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from reader.errors import NotFound
from reader.mappers.mongo.changes import Draft, change, settled
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.person import HERE, approval_key, relation_key
from reader.mappers.mongo.shape import subscribe
from reader.mappers.mongo.share_departure import feeds_of
from reader.mappers.mongo.shelf_documents import key, subscriptions
from reader.models.people import RelationKind

INDEXES = (Index("approval", (("grant.at", 1),), sparse=True),)
AT_ONCE = 500


async def is_here(engine: Engine, *user_ids: int) -> bool:
    """Whether all of them exist and none is being removed."""
    which = {"_id": {"$in": [*user_ids]}, **HERE}
    found = await engine.db.user.find(which, {"_id": 1}, batch_size=ALL).to_list()
    return len(found) == len(set(user_ids))


# ---- what ends


async def cut(engine: Engine, reader_id: int, owner_id: int) -> int:
    """Ends whatever lets a reader see an owner's shares; how many subscriptions and marks went. Of a reader who is not
    there, only approvals are left."""
    approval = {"_id": approval_key(owner_id, reader_id)}
    await engine.db.approval.delete_one(approval)
    if await settled(engine, reader_id) is None:
        return 0
    feeds = await feeds_of(engine, owner_id)
    flagged = await _drop_flags(engine, reader_id, owner_id)
    followed = await change(engine, reader_id, partial(_drop_subscriptions, engine, feeds))
    wishes = {"_id": {"$in": [f"{feed_id}:{reader_id}" for feed_id in feeds]}}
    await asyncio.gather(engine.db.first_unread.delete_many(wishes), engine.db.approval.delete_one(approval))
    return followed + flagged


async def _drop_subscriptions(engine: Engine, feed_ids: Sequence[int], draft: Draft) -> int:
    found = await subscriptions(engine, draft.user_id, feed_ids, {"feed_id": 1})
    for feed_id in found:
        draft.drop("subscription", key(draft.user_id, feed_id))
    draft.shape = True  # also where none is: a subscription that is being planned fails at the revision
    return len(found)


async def _drop_flags(engine: Engine, reader_id: int, owner_id: int) -> int:
    """Stars and read-later marks on the owner's shares. The change that follows tells of it."""
    gone, after = 0, 0
    while True:
        which = {"user_id": reader_id, "entry_id": {"$gt": after}}
        found = engine.db.flag.find(which, {"_id": 0, "entry_id": 1}, batch_size=AT_ONCE + 1)
        ids = [each["entry_id"] for each in await found.sort("entry_id", 1).limit(AT_ONCE).to_list()]
        if not ids:
            return gone
        after = ids[-1]
        shares = {"_id": {"$in": ids}, "user_id": owner_id}
        theirs = await engine.db.share.find(shares, {"_id": 1}, batch_size=AT_ONCE + 1).to_list()
        if theirs:
            which = {"user_id": reader_id, "entry_id": {"$in": [each["_id"] for each in theirs]}}
            gone += (await engine.db.flag.delete_many(which)).deleted_count


# ---- approval


async def ask(engine: Engine, owner_id: int, user_id: int, now: float) -> bool:
    """See PeopleMapper.ask. Written first, then both are looked for: who leaves meanwhile takes it along."""
    which = {"_id": approval_key(owner_id, user_id)}
    request = {"owner_id": owner_id, "user_id": user_id, "state": "asked", "at": now}
    if (await engine.db.approval.update_one(which, {"$setOnInsert": request}, upsert=True)).upserted_id is None:
        return False
    if await is_here(engine, owner_id, user_id):
        return True
    await engine.db.approval.delete_one(which)
    return False


async def approve(engine: Engine, owner_id: int, user_id: int, feed_id: int, unread: int, now: float) -> bool:
    """See PeopleMapper.approve."""
    which = {"_id": approval_key(owner_id, user_id), "state": "asked"}
    owner = await engine.db.user.find_one({"_id": owner_id}, {"private": 1})
    private = owner is not None and owner["private"]
    given: Document = {"grant": {"feed_id": feed_id, "unread": unread, "at": now}}
    if private:
        given |= {"state": "approved", "at": now}
    asked = await engine.db.approval.find_one_and_update(which, {"$set": given})  # as it was
    if asked is None:
        return False
    try:
        await grant(engine, {**asked, **given})
    except NotFound:  # the stream went, or somebody blocked or refused in this moment: then nothing is left of it
        before = {"$set": {"state": "asked", "at": asked["at"]}, "$unset": {"grant": ""}}
        if not (await engine.db.approval.update_one({"_id": which["_id"], "grant.at": now}, before)).matched_count:
            return False
        raise
    return True


async def grant(engine: Engine, approval: Document) -> None:
    """The subscription that an approval makes; then the approval stands, or ends where the owner is public. May be
    done again. Raises NotFound where it cannot be."""
    wanted, owner_id, user_id = approval["grant"], approval["owner_id"], approval["user_id"]
    await subscribe(engine, user_id, wanted["feed_id"], None, None, wanted["unread"], wanted["at"])
    muted = relation_key(user_id, owner_id, "mute")
    if await engine.db.relation.find_one({"_id": muted}, {"_id": 1}):
        await mute_subscriptions(engine, user_id, owner_id, True)
    granted = {"_id": approval["_id"], "grant.at": wanted["at"]}
    if approval["state"] == "approved":
        await engine.db.approval.update_one(granted, {"$unset": {"grant": ""}})
    else:
        await engine.db.approval.delete_one(granted)


async def refuse(engine: Engine, owner_id: int, user_id: int) -> bool:
    """See PeopleMapper.refuse."""
    known = (await engine.db.approval.delete_one({"_id": approval_key(owner_id, user_id)})).deleted_count > 0
    return await cut(engine, user_id, owner_id) > 0 or known


async def withdraw(engine: Engine, owner_id: int, user_id: int) -> bool:
    """See PeopleMapper.withdraw."""
    request = {"_id": approval_key(owner_id, user_id), "state": "asked"}
    return (await engine.db.approval.delete_one(request)).deleted_count > 0


# ---- blocks and mutes


async def _relate(engine: Engine, user_id: int, other_id: int, kind: RelationKind, now: float) -> bool | None:
    """Whether it was made now; None where one of them is not there."""
    which = {"_id": relation_key(user_id, other_id, kind)}
    fields = {"user_id": user_id, "other_id": other_id, "kind": kind, "at": now}
    made = (await engine.db.relation.update_one(which, {"$setOnInsert": fields}, upsert=True)).upserted_id is not None
    if await is_here(engine, user_id, other_id):
        return made
    if made:
        await engine.db.relation.delete_one(which)
    return None


async def block(engine: Engine, user_id: int, other_id: int, now: float) -> bool:
    """See PeopleMapper.block. Of one that was there, what a crash left undone is done."""
    made = await _relate(engine, user_id, other_id, "block", now)
    if made is None:
        return False
    for one, another in ((user_id, other_id), (other_id, user_id)):
        await cut(engine, one, another)
        await engine.db.notification.delete_many({"user_id": one, "actor_id": another})
    return made


async def mute(engine: Engine, user_id: int, other_id: int, now: float) -> bool:
    """See PeopleMapper.mute."""
    made = await _relate(engine, user_id, other_id, "mute", now)
    if made is None:
        return False
    await mute_subscriptions(engine, user_id, other_id, True)
    return made


async def mute_subscriptions(engine: Engine, user_id: int, other_id: int, muted: bool) -> None:
    """All that the user reads of the other's streams; one change, or none."""
    feeds = await feeds_of(engine, other_id)
    await change(engine, user_id, partial(_mute, engine, feeds, muted))


async def _mute(engine: Engine, feed_ids: Sequence[int], muted: bool, draft: Draft) -> None:
    found = await subscriptions(engine, draft.user_id, feed_ids, {"feed_id": 1, "muted": 1})
    for feed_id, stored in found.items():
        if stored["muted"] != muted:
            draft.set("subscription", key(draft.user_id, feed_id), {"muted": muted})
            draft.shape = True


async def unrelate(engine: Engine, user_id: int, other_id: int, kind: RelationKind) -> bool:
    """See PeopleMapper.unrelate."""
    gone = (await engine.db.relation.delete_one({"_id": relation_key(user_id, other_id, kind)})).deleted_count > 0
    if kind == "mute":
        await mute_subscriptions(engine, user_id, other_id, False)
    return gone
