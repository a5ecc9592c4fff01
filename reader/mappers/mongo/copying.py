"""A MongoDB store as source or target of a copy (mappers: copying). What documents hold besides a record's fields is in
copy_shapes.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession

from reader.errors import Conflict
from reader.mappers.copying import KINDS, Kind, Place, Record, State
from reader.mappers.mongo import accounts, changes, settings
from reader.mappers.mongo.copy_shapes import documents, of_document
from reader.mappers.mongo.engine import Document, Engine
from reader.mappers.mongo.migrations import migrate
from reader.mappers.mongo.revisions import publish
from reader.mappers.mongo.share_documents import DEEPEST

SOURCE = "source"


class MongoCopying:
    """Copyable."""

    def __init__(self, engine: Engine, *, session: AsyncClientSession | None = None) -> None:
        """``session``: of which everything is read."""
        self._engine = engine
        self._db = engine.db
        self._session = session

    @property
    def label(self) -> str:
        return f"mongodb://{self._engine.address}/{self._db.name}"

    async def busy(self, since: float) -> bool:
        return await self._db.manager.find_one({"seen_at": {"$gte": since}}, {"_id": 1}) is not None

    async def count(self, kind: Kind) -> int:
        return await self._db[kind.name].estimated_document_count()

    async def read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        if after is None and kind is KINDS[0] and self._session is None:
            await self.settle()
        which = {"_id": {"$gt": after[0]}} if after else {}
        found = self._db[kind.name].find(which, batch_size=kind.batch + 1, session=self._session)
        stored = await found.sort("_id", 1).limit(kind.batch).to_list()
        besides = await self._besides(kind, stored)
        values = [of_document(kind, each, besides) for each in stored]
        records = [kind.record(each) for each in values if each is not None]
        return records, [stored[-1]["_id"]] if len(stored) == kind.batch else None

    async def settle(self) -> None:
        """Changes that somebody left half done are finished first."""
        async for name in self._db.user_name.find({"making.user._id": {"$gt": 0}}, {"_id": 1}):
            await accounts.of_name(self._engine, name["_id"])
        async for user in self._db.user.find(changes.OPEN, {"_id": 1}):
            await changes.settled(self._engine, user["_id"])
        await publish(self._engine)
        await settings.in_force(self._engine)

    async def _besides(self, kind: Kind, stored: Sequence[Document]) -> dict[Any, Document]:
        """What tells which of these documents are rows, and what they lack: feeds, users or traces by their ids."""
        if kind.name == "session":
            return await self._by_id("user", {each["user_id"] for each in stored}, {"epoch": 1})
        if kind.name == "feed_alias":
            return await self._by_id("feed", {each["feed_id"] for each in stored}, {"url": 1})
        if kind.name != "entry":
            return {}
        feeds, traces = await asyncio.gather(
            self._by_id("feed", {each["feed_id"] for each in stored}, {"seq": 1}),
            self._by_id("trace", {each["_id"] for each in stored}, {"keys": 1, "changes": 1}),
        )
        return feeds | traces

    async def _by_id(self, collection: str, ids: set[Any], fields: dict[str, int]) -> dict[Any, Document]:
        which = {"_id": {"$in": [*ids]}}
        found = self._db[collection].find(which, fields, batch_size=len(ids) + 1, session=self._session)
        return {each["_id"]: each async for each in found}

    async def begin(self, source: str) -> dict[str, State]:
        await migrate(self._engine)
        states = {each["_id"]: each async for each in self._db.copying.find({})}
        begun = states.pop(SOURCE, None)
        if begun is None:
            for kind in KINDS[:-1]:
                if await self._db[kind.name].find_one({}, {"_id": 1}):
                    raise Conflict(f"{self.label} is not empty.")
            await self._db.copying.insert_one({"_id": SOURCE, "source": source})
        elif begun["source"] != source:
            raise Conflict(f"A copy of another store into {self.label} was begun and not finished.")
        return {name: State(each["place"], each["rows"], each["done"]) for name, each in states.items()}

    async def write(self, kind: Kind, records: Sequence[Record], state: State) -> None:
        writes: dict[str, list[ReplaceOne[Document]]] = {}
        values = [kind.named(record) for record in records]
        more = await self._more(kind, values)
        for each in values:
            for collection, stored in documents(kind, each):
                stored |= more.get(each.get("id"), {})
                writes.setdefault(collection, []).append(ReplaceOne({"_id": stored["_id"]}, stored, upsert=True))
        for collection, rows in writes.items():
            await self._db[collection].bulk_write(rows, ordered=False)
        note = {"place": state.place, "rows": state.rows, "done": state.done}
        await self._db.copying.replace_one({"_id": kind.name}, note, upsert=True)

    async def _more(self, kind: Kind, values: Sequence[Document]) -> dict[Any, Document]:
        """What rows of this kind hold that follows from others: who owns the entries of streams, the shares above."""
        if kind.name == "entry":
            feeds = await self._by_id("feed", {each["feed_id"] for each in values}, {"user_id": 1})
            owners = {feed_id: feed["user_id"] for feed_id, feed in feeds.items() if feed.get("user_id") is not None}
            return {v["id"]: {"user_id": owners[v["feed_id"]], "written": 0} for v in values if v["feed_id"] in owners}
        if kind.name != "share":
            return {}
        above = await self._by_id("share", {each["parent_id"] for each in values}, {"path": 1})
        paths: dict[Any, list[int]] = {share_id: share["path"] for share_id, share in above.items()}
        for each in sorted(values, key=lambda value: value["id"]):  # parents have lower ids
            parent_id = each["parent_id"]
            paths[each["id"]] = [] if parent_id is None else [*paths.get(parent_id, []), parent_id][-DEEPEST:]
        return {each["id"]: {"path": paths[each["id"]]} for each in values}

    async def finish(self) -> int:
        """Who may be administrator is claimed for the first one."""
        first = await self._db.user.find_one({"admin": True}, {"_id": 1}, sort=[("_id", 1)])
        if first is not None:
            claim = {"$setOnInsert": {"user_id": first["_id"]}}
            await self._db.claim.update_one({"_id": accounts.ADMINISTRATOR}, claim, upsert=True)
        await self._db.copying.drop()
        return 0

    async def close(self) -> None:
        await self._engine.close()
