"""Stars and read-later on MongoDB: a small document each, found by its user."""

from __future__ import annotations

from collections.abc import Sequence

from reader.errors import NotFound
from reader.mappers.mongo.changes import bump
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.keyset import below
from reader.mappers.mongo.purge import pardon
from reader.models.entry import FlagKind, Flags

INDEXES = (
    Index("flag", (("user_id", 1), ("entry_id", 1))),
    Index("flag", (("user_id", 1), ("kind", 1), ("at", -1), ("entry_id", -1))),
    Index("flag", (("entry_id", 1), ("kind", 1))),
)
KINDS = ("starred", "later")


def key(user_id: int, kind: FlagKind, entry_id: int) -> str:
    """The same while the entry is taken back and the flag is out of sight (sharing.py)."""
    return f"{user_id}:{kind}:{entry_id}"


@guarded
class MongoFlags:
    """FlagMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def set(self, user_id: int, entry_id: int, kind: FlagKind, on: bool, *, now: float) -> bool:
        """The flag is written before the entry is looked for: a purge that runs meanwhile sees it, or has removed
        the entry."""
        which = {"_id": key(user_id, kind, entry_id), "user_id": user_id}
        if on:
            fields = {"kind": kind, "entry_id": entry_id, "at": now}
            changed = (await self._db.flag.update_one(which, {"$setOnInsert": fields}, upsert=True)).upserted_id
            if changed and not await self._both_are_there(user_id, entry_id):
                await self._db.flag.delete_one(which)
                raise NotFound("There is no such entry.")
        else:
            changed = (await self._db.flag.delete_one(which)).deleted_count
        if changed:
            await bump(self._engine, user_id)
        return bool(changed)

    async def _both_are_there(self, user_id: int, entry_id: int) -> bool:
        user = await self._db.user.find_one({"_id": user_id}, {"_id": 1})
        return user is not None and await pardon(self._engine, entry_id)

    async def many(self, user_id: int, entry_ids: Sequence[int]) -> dict[int, Flags]:
        at: dict[int, dict[str, float]] = {}
        which: Document = {"user_id": user_id, "entry_id": {"$in": [*entry_ids]}}
        async for flag in self._db.flag.find(which, batch_size=2 * len(entry_ids) + 2):
            if flag["kind"] in KINDS:  # not of what is taken back
                at.setdefault(flag["entry_id"], {})[flag["kind"]] = flag["at"]
        return {each: Flags(each, kinds.get("starred"), kinds.get("later")) for each, kinds in at.items()}

    async def page(
        self, user_id: int, kind: FlagKind, *, before: tuple[float, int] | None, limit: int
    ) -> list[tuple[float, int]]:
        which: Document = {"user_id": user_id, "kind": kind}
        if before:
            which |= below("at", "entry_id", before)
        found = self._db.flag.find(which, {"_id": 0, "at": 1, "entry_id": 1}, batch_size=limit + 1)
        found = found.sort([("at", -1), ("entry_id", -1)]).limit(limit)
        return [(flag["at"], flag["entry_id"]) async for flag in found]

    async def count(self, user_id: int, kind: FlagKind) -> int:
        return await self._db.flag.count_documents({"user_id": user_id, "kind": kind})
