"""Comments and likes on MongoDB: a small document each, found by its share. What a viewer counts is in talk_counts.py.

A comment and its answers hold together by order: an answer is written and then looks whether its comment still is
there; a comment is marked deleted and then looks whether it has answers. So one of the two sees the other. A comment
without text and without answers, which a crash may leave, is shown to nobody, and goes with the next try.
"""

from __future__ import annotations

from collections.abc import Sequence

from reader.errors import Conflict
from reader.mappers.mongo import talk_counts
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.models.people import Comment
from reader.models.people_views import TalkCounts

INDEXES = (
    Index("comment", (("share_id", 1), ("_id", -1))),
    Index("comment", (("share_id", 1), ("parent_id", 1))),
    Index("comment", (("user_id", 1), ("_id", 1))),
    Index("liking", (("share_id", 1), ("at", -1), ("user_id", 1))),
    Index("liking", (("user_id", 1), ("share_id", 1))),
)
COMMENT = ("share_id", "user_id", "parent_id", "text", "created_at", "removed_at")


def comment_of(stored: Document) -> Comment:
    return Comment(stored["_id"], *[stored[name] for name in COMMENT])


def liking_key(share_id: int, user_id: int) -> str:
    return f"{share_id}:{user_id}"


async def remove(engine: Engine, comment_id: int, now: float) -> bool:
    """See TalkMapper.remove. One that was deleted before is looked at again: its deletion may have been cut off."""
    stored = await engine.db.comment.find_one({"_id": comment_id})
    if stored is None:
        return False
    alive = {"_id": comment_id, "share_id": stored["share_id"], "removed_at": None}
    done = await engine.db.comment.update_one(alive, {"$set": {"text": "", "removed_at": now}})
    await engine.db.notification.delete_many({"comment_id": comment_id})
    if await drop_hollow(engine, stored["share_id"], comment_id) and stored["parent_id"] is not None:
        await drop_hollow(engine, stored["share_id"], stored["parent_id"])
    return done.modified_count > 0


async def drop_hollow(engine: Engine, share_id: int, comment_id: int) -> bool:
    """Removes a comment without text that has no answers; whether it is gone."""
    if await engine.db.comment.find_one({"share_id": share_id, "parent_id": comment_id}, {"_id": 1}):
        return False
    hollow = {"_id": comment_id, "share_id": share_id, "$or": [{"removed_at": {"$gt": 0}}, {"user_id": None}]}
    return (await engine.db.comment.delete_one(hollow)).deleted_count > 0


async def _require_answerable(engine: Engine, share_id: int, parent_id: int) -> None:
    stored = await engine.db.comment.find_one({"_id": parent_id, "share_id": share_id})
    parent = comment_of(stored) if stored else None
    if parent is None or parent.removed_at is not None or parent.user_id is None:
        raise Conflict("The comment that you answer is gone.")
    if parent.parent_id is not None:
        raise Conflict("An answer cannot be answered.")


@guarded
class MongoTalk:
    """TalkMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def comments(self, share_id: int, limit: int) -> list[Comment]:
        """Answers are newer than what they answer: a page that holds a comment holds all of its answers."""
        found = self._db.comment.find({"share_id": share_id}, batch_size=limit + 1).sort("_id", -1).limit(limit)
        page = {stored["_id"]: comment_of(stored) async for stored in found}
        answered = {each.parent_id for each in page.values() if each.parent_id is not None}
        lacking = {"_id": {"$in": [each for each in answered if each not in page]}, "share_id": share_id}
        above = {each["_id"]: comment_of(each) async for each in self._db.comment.find(lacking, batch_size=ALL)}
        shown = [each for each in page.values() if each.id in answered or _has_text(each)]
        return sorted([*shown, *above.values()], key=lambda each: each.id)

    async def many(self, comment_ids: Sequence[int]) -> dict[int, Comment]:
        found = self._db.comment.find({"_id": {"$in": [*comment_ids]}}, batch_size=ALL)
        return {stored["_id"]: comment_of(stored) async for stored in found}

    async def add(self, share_id: int, user_id: int, parent_id: int | None, text: str, *, now: float) -> Comment:
        if parent_id is not None:
            await _require_answerable(self._engine, share_id, parent_id)
        made = Comment(await self._engine.next_id("comment"), share_id, user_id, parent_id, text, now)
        await self._db.comment.insert_one({"_id": made.id, **{name: getattr(made, name) for name in COMMENT}})
        if parent_id is not None:
            try:
                await _require_answerable(self._engine, share_id, parent_id)
            except Conflict:
                await self._db.comment.delete_one({"_id": made.id, "share_id": share_id})
                await drop_hollow(self._engine, share_id, parent_id)
                raise
        return made

    async def remove(self, comment_id: int, *, now: float) -> bool:
        return await remove(self._engine, comment_id, now)

    async def like(self, share_id: int, user_id: int, on: bool, *, now: float) -> bool:
        which = {"_id": liking_key(share_id, user_id), "share_id": share_id}
        if not on:
            return (await self._db.liking.delete_one(which)).deleted_count > 0
        fields = {"user_id": user_id, "at": now}
        return (await self._db.liking.update_one(which, {"$setOnInsert": fields}, upsert=True)).upserted_id is not None

    async def likers(self, share_id: int, limit: int) -> list[int]:
        found = self._db.liking.find({"share_id": share_id}, {"_id": 0, "user_id": 1}, batch_size=limit + 1)
        return [each["user_id"] async for each in found.sort([("at", -1), ("user_id", 1)]).limit(limit)]

    async def counts(self, viewer_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
        return await talk_counts.counts(self._engine, viewer_id, share_ids)

    async def of_user(self, user_id: int, after: int, limit: int) -> list[Comment]:
        found = self._db.comment.find({"user_id": user_id, "_id": {"$gt": after}}, batch_size=limit + 1)
        return [comment_of(stored) async for stored in found.sort("_id", 1).limit(limit)]

    async def liked_by(self, user_id: int, after: int, limit: int) -> list[tuple[int, float]]:
        found = self._db.liking.find({"user_id": user_id, "share_id": {"$gt": after}}, batch_size=limit + 1)
        return [(each["share_id"], each["at"]) async for each in found.sort("share_id", 1).limit(limit)]


def _has_text(comment: Comment) -> bool:
    """Neither deleted nor of a removed account."""
    return comment.removed_at is None and comment.user_id is not None
