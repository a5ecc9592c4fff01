"""Changes of what one user has: whole or not at all, one after the other, without transactions.

A user's document is where their changes are put in order (docs/decisions/0014-mongo-order.md). A change is made so:

1. read the user's document; a change that somebody left open in it is finished first;
2. read what is to be changed, and plan the writes, each with its absolute values;
3. *open*: put the planned writes into the user's document as ``open``, if its revision still is the one read. From
   here on the change will happen, whoever dies;
4. write the children; each write carries the revision and is refused by a child that bears the same or a later one;
5. *publish*: the revision, and ``open`` goes.

Readers go by the published revision, so whatever they were told of is written. Anybody may finish an open change, twice
if need be. A removed child stays as a small document without content (``gone``), so that a write which was on its way
for long cannot bring it back; sweep() removes those. Five round trips, whatever the change is; seven where it is very
large.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import bson
from bson import ObjectId
from pymongo import DeleteOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from reader.errors import NotFound
from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import PARTS
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.mappers.mongo.readers import reader_key

INDEXES = (
    Index("user", (("open.token", 1),), sparse=True),
    Index("user_change", (("user_id", 1), ("token", 1), ("number", 1))),
    Index("user_change", (("token", 1),)),
    Index("subscription", (("gone", 1),), sparse=True),
    Index("folder", (("gone", 1),), sparse=True),
    Index("stream", (("gone", 1),), sparse=True),
    Index("reader", (("gone", 1),), sparse=True),
)
CHILDREN = ("subscription", "folder", "stream", "reader")  # what may be gone
GONE: Document = {"gone": {"$gt": ObjectId("0" * 24)}}
OPEN: Document = {"open.token": {"$gt": ObjectId("0" * 24)}}  # users with a change under way, or left by the dead
INLINE = 32_000  # bytes of planned writes that the user's document may hold for a moment
PART = 256_000  # bytes of a document that holds more of them
DUPLICATE = 11000
HEAD = {"rev": 1, "shape_rev": 1, "journal_floor": 1, "open": 1}

Write = UpdateOne | ReplaceOne[Document] | DeleteOne
T = TypeVar("T")
_locks: WeakKeyDictionary[Engine, WeakValueDictionary[int, asyncio.Lock]] = WeakKeyDictionary()


class Draft:
    """A change that is being planned. ``rev`` is the revision it will have."""

    def __init__(self, user_id: int, rev: int) -> None:
        self.user_id = user_id
        self.rev = rev
        self.shape = False  # folders or the set of subscriptions change
        self.restarts = False  # the journal cannot go back beyond this change
        self._writes: dict[tuple[str, Any], Document] = {}

    def put(self, collection: str, key: object, fields: Document, feed_id: int | None = None) -> None:
        """A child that is new, or written as a whole. ``feed_id``: of the feed with which it lies, if it lies with one
        (shards.py) and its key does not say so."""
        self._writes[collection, key] = {"c": collection, "k": key, "put": fields, **self._at(feed_id)}
        if collection == "subscription":
            self._mirror(key, {"put": {"user_id": self.user_id}})

    def set(self, collection: str, key: object, fields: Document, feed_id: int | None = None) -> None:
        """Fields of a child that is there."""
        new = {"c": collection, "k": key, "set": {}, **self._at(feed_id)}
        known = self._writes.setdefault((collection, key), new)
        known["put" if "put" in known else "set"].update(fields)

    def drop(self, collection: str, key: object) -> None:
        self._writes[collection, key] = {"c": collection, "k": key, "drop": True}
        if collection == "subscription":
            self._mirror(key, {"drop": True})

    def delete(self, collection: str, key: object, feed_id: int) -> None:
        """What follows from children, and may come back by a write that was on its way: nothing of it stays."""
        self._writes[collection, key] = {"c": collection, "k": key, "delete": True, "at": {"feed_id": feed_id}}

    def _at(self, feed_id: int | None) -> Document:
        return {} if feed_id is None else {"at": {"user_id": self.user_id, "feed_id": feed_id}}

    def _mirror(self, key: object, what: Document) -> None:
        """Who reads a feed is noted with the feed, too: see readers.py."""
        feed_id = int(str(key).partition(":")[2])
        place = reader_key(feed_id, self.user_id)
        self._writes["reader", place] = {"c": "reader", "k": place, "at": {"feed_id": feed_id}, **what}

    def last(
        self,
        collection: str,
        key: object,
        fields: Document,
        counts: dict[str, int] | None = None,
        feed_id: int | None = None,
    ) -> None:
        """Fields of what shows the others, written when all of them are. ``counts``: what is added, once."""
        write = {"c": collection, "k": key, "set": fields, "inc": counts or {}, "last": True, **self._at(feed_id)}
        self._writes[collection, key] = write

    @property
    def empty(self) -> bool:
        return not self._writes and not self.shape and not self.restarts

    @property
    def writes(self) -> list[Document]:
        return list(self._writes.values())


async def change(engine: Engine, user_id: int, plan: Callable[[Draft], Awaitable[T]]) -> T:
    """Makes the change that ``plan`` drafts; returns what it returned. An empty draft changes nothing.

    ``plan`` may run several times, and sees the state right before the draft's revision. Raises NotFound when a change
    is planned for nobody.
    """
    async with _lock(engine, user_id):
        for attempt in range(ATTEMPTS):
            user = await settled(engine, user_id)
            draft = Draft(user_id, user["rev"] + 1 if user else 1)
            result = await plan(draft)
            if draft.empty:
                return result
            if user is None:
                raise NotFound("There is no such account.")
            if await _commit(engine, draft):
                return result
            await pause(attempt)
    raise StoreError("The change could not be made: others kept being quicker.")


async def bump(engine: Engine, user_id: int) -> None:
    """A new revision for a change whose children bear none. The child is written before. One round trip.

    A user who is not there has no revision.
    """
    for attempt in range(ATTEMPTS):
        done = await engine.db.user.update_one({"_id": user_id, "open": None}, {"$inc": {"rev": 1}})
        if done.matched_count or await settled(engine, user_id) is None:
            return
        await pause(attempt)
    raise StoreError("The change could not be made: others kept being quicker.")


async def settled(engine: Engine, user_id: int) -> Document | None:
    """The user's revisions with no change open; None for nobody. One round trip if no change is under way."""
    seen: ObjectId | None = None
    for attempt in range(ATTEMPTS):
        user = await engine.db.user.find_one({"_id": user_id}, HEAD)
        if user is None or user.get("open") is None:
            return user
        if user["open"]["token"] == seen:  # its maker takes long, or is dead
            await _finish(engine, user_id, user["open"])
        else:
            seen = user["open"]["token"]
            await pause(attempt + 2)
    raise StoreError("A change of this account is under way and does not end.")


async def sweep(engine: Engine, before: float) -> None:
    """Finishes open changes of which nobody heard again, and forgets what went before a time (UTC seconds)."""
    async for user in engine.db.user.find(OPEN, {"_id": 1}, batch_size=ALL):
        await settled(engine, user["_id"])
    old = {"$lt": ObjectId.from_datetime(datetime.fromtimestamp(before, UTC))}
    for collection in CHILDREN:
        await engine.db[collection].delete_many({"gone": old})
    await engine.db.user_change.delete_many({"token": old})


def _lock(engine: Engine, user_id: int) -> asyncio.Lock:
    """Tasks of one process wait for each other here, rather than race at the database."""
    locks = _locks.setdefault(engine, WeakValueDictionary())
    lock = locks.get(user_id)
    if lock is None:
        lock = locks[user_id] = asyncio.Lock()
    return lock


async def _commit(engine: Engine, draft: Draft) -> bool:
    """Opens, writes and publishes; False when the user's revision is not the one that the draft was planned on."""
    token = ObjectId()
    record: Document = {"rev": draft.rev, "token": token, "shape": draft.shape, "restarts": draft.restarts}
    writes = draft.writes
    parts = _parts(writes)
    if len(parts) == 1 and len(bson.encode({"writes": writes})) <= INLINE:
        record["writes"] = writes
    else:
        record["parts"] = len(parts)
        await engine.db.user_change.insert_many(
            [
                {"_id": f"{token}:{n}", "user_id": draft.user_id, "token": token, "number": n, "writes": part}
                for n, part in enumerate(parts)
            ]
        )
    opened = await engine.db.user.update_one(
        {"_id": draft.user_id, "rev": draft.rev - 1, "open": None}, {"$set": {"open": record}}
    )
    if not opened.matched_count:
        await _forget(engine, draft.user_id, record)
        return False
    await _finish(engine, draft.user_id, record, writes)
    return True


def _parts(writes: list[Document]) -> list[list[Document]]:
    parts: list[list[Document]] = [[]]
    size = 0
    for write in writes:
        length = len(bson.encode(write))
        if parts[-1] and size + length > PART:
            parts.append([])
            size = 0
        parts[-1].append(write)
        size += length
    return parts


async def _finish(engine: Engine, user_id: int, record: Document, writes: list[Document] | None = None) -> None:
    """Writes and publishes a change that is open. Harmless for one that somebody else has finished meanwhile."""
    if writes is None:
        writes = record.get("writes")
    if writes is None:
        found = engine.db.user_change.find({"user_id": user_id, "token": record["token"]}, batch_size=ALL)
        parts = await found.sort("number", 1).to_list()
        if len(parts) < record["parts"]:
            return  # they go only after it was published
        writes = [write for part in parts for write in part["writes"]]
    await _write(engine, user_id, record, writes)
    rev = record["rev"]
    heads = {"rev": rev} | ({"shape_rev": rev} if record["shape"] else {})
    heads |= {"journal_floor": rev} if record["restarts"] else {}
    await engine.db.user.update_one(
        {"_id": user_id, "open.token": record["token"]}, {"$set": heads, "$unset": {"open": ""}}
    )
    await _forget(engine, user_id, record)
    if record["restarts"]:
        await engine.db.read_journal.delete_many({"user_id": user_id, "rev": {"$lte": rev}})


async def _forget(engine: Engine, user_id: int, record: Document) -> None:
    if "parts" in record:
        await engine.db.user_change.delete_many({"user_id": user_id, "token": record["token"]})


async def _write(engine: Engine, user_id: int, record: Document, writes: list[Document]) -> None:
    """All children, at once for each collection, then what shows them."""
    for last in (False, True):
        operations: dict[str, list[Write]] = {}
        for write in writes:
            if write.get("last", False) == last:
                operations.setdefault(write["c"], []).append(_operation(user_id, record, write))
        await asyncio.gather(*(_bulk(engine, collection, each) for collection, each in operations.items()))


def _operation(user_id: int, record: Document, write: Document) -> Write:
    rev = record["rev"]
    shard = write.get("at", {"user_id": user_id})
    if write["c"] in PARTS:  # a share is an entry: it lies with its feed
        shard = {**shard, "feed_id": int(str(write["k"]).partition(":")[0])}
    if "delete" in write:
        return DeleteOne({"_id": write["k"], **shard, "written": {"$not": {"$gt": rev}}})
    older = {"_id": write["k"], **shard, "written": {"$lt": rev}}
    if "drop" in write:
        return ReplaceOne(older, {**shard, "written": rev, "gone": record["token"]})
    if "put" in write:
        fields = {"$set": {**write["put"], "written": rev}, "$unset": {"gone": ""}}
        return UpdateOne(older, fields, upsert=True)
    counts = {"$inc": write["inc"]} if write.get("inc") else {}
    return UpdateOne(older, {"$set": {**write["set"], "written": rev}, **counts})


async def _bulk(engine: Engine, collection: str, operations: list[Write]) -> None:
    try:
        await engine.db[collection].bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        # An upsert that finds the child written at this revision or later: somebody was here before.
        if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]) or error.details.get(
            "writeConcernErrors"
        ):
            raise
