"""Feeds on MongoDB: identity, marks, icons. Their schedule is in schedule.py, moving and merging in moves.py."""

from __future__ import annotations

from collections.abc import Sequence

from reader.errors import NotFound
from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import revisions
from reader.mappers.mongo.engine import guarded
from reader.mappers.mongo.feed_documents import (
    ONLY_FEED,
    WHOLE,
    blank,
    feed_of,
    find,
    pauses,
    schedule_of,
)
from reader.mappers.mongo.feed_search import search, set_words
from reader.mappers.mongo.marks import marks, marks_since
from reader.mappers.mongo.moves import claim, move, moves, undo_move
from reader.mappers.mongo.readers import count_readers
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.schedule import ScheduleMixin
from reader.models.feed import Feed, FeedMove, FeedState, Icon, Schedule


@guarded
class MongoFeeds(ScheduleMixin):
    """FeedMapper."""

    async def create(
        self,
        url: str,
        *,
        title: str,
        site_url: str | None,
        description: str | None,
        now: float,
        format: str | None = None,
    ) -> tuple[Feed, bool]:
        """The URL is claimed for an id first, then the feed is made under that id. Whoever finds a claim without a
        feed makes the feed, so a crash in between harms nothing."""
        feed_id = await find(self._engine, url)
        if feed_id is not None:
            known = await self.get(feed_id)
            if known is not None:
                return known, False
        else:
            feed_id = await claim(self._engine, url, await self._engine.next_id("feed"))
        fields = {
            **blank(url, title, now), "site_url": site_url, "description": description, "format": format,
            **waiting(),
        }  # fmt: skip
        await set_words(self._engine, feed_id, title, url, site_url)
        done = await self._db.feed.update_one({"_id": feed_id}, {"$setOnInsert": fields}, upsert=True)
        await publish(self._engine)
        feed = await self.get(feed_id)
        if feed is None or await find(self._engine, url) != feed_id:  # its URL was taken in this moment
            if done.upserted_id is not None:
                await self._db.feed.delete_one({"_id": feed_id})
            return await self.create(
                url, title=title, site_url=site_url, description=description, now=now, format=format
            )
        return feed, done.upserted_id is not None

    async def get(self, feed_id: int) -> Feed | None:
        feed = await self._db.feed.find_one({"_id": feed_id}, ONLY_FEED)
        return feed_of(feed) if feed else None

    async def by_url(self, url: str) -> Feed | None:
        """Two round trips."""
        feed_id = await find(self._engine, url)
        return None if feed_id is None else await self.get(feed_id)

    async def add_alias(self, feed_id: int, url: str) -> None:
        if await self.get(feed_id) is None:
            raise NotFound("There is no such feed.")
        await claim(self._engine, url, feed_id)

    async def page(self, *, after: int, limit: int) -> list[Feed]:
        found = self._db.feed.find({"_id": {"$gt": after}}, ONLY_FEED, batch_size=limit + 1).sort("_id", 1).limit(limit)
        return [feed_of(feed) for feed in await found.to_list()] if limit else []

    async def in_state(self, state: FeedState, *, after: int, limit: int) -> list[tuple[Feed, Schedule]]:
        """Two round trips: the feeds, and the pauses of their hosts."""
        found = self._db.feed.find({"state": state, "_id": {"$gt": after}}, WHOLE, batch_size=limit + 1)
        feeds = await found.sort("_id", 1).limit(limit).to_list() if limit else []
        paused = await pauses(self._engine, {feed["host"] for feed in feeds}) if feeds else {}
        return [(feed_of(feed), schedule_of(feed, paused.get(feed["host"]))) for feed in feeds]

    async def search(self, words: str, limit: int) -> list[Feed]:
        return await search(self._engine, words.casefold().split(), limit)

    async def rev(self) -> int:
        return await revisions.rev(self._engine)

    async def marks(self, feed_ids: Sequence[int]) -> list[FeedMark]:
        return await marks(self._engine, feed_ids)

    async def marks_since(self, rev: int, limit: int) -> list[FeedMark]:
        return await marks_since(self._engine, rev, limit)

    async def readers(self, feed_id: int) -> int:
        return (await count_readers(self._engine, [feed_id])).get(feed_id, 0)

    async def move(self, feed_id: int, token: int, url: str, *, now: float) -> int | None:
        return await move(self._engine, feed_id, token, url, now)

    async def moves(self, feed_id: int, limit: int) -> list[FeedMove]:
        return await moves(self._engine, feed_id, limit)

    async def undo_move(self, feed_id: int, now: float) -> str | None:
        return await undo_move(self._engine, feed_id, now)

    async def set_icon(self, feed_id: int, icon: Icon | None, now: float) -> None:
        """The icon first, then the feed that points to it."""
        digest = icon.digest if icon else None
        if icon is not None:
            fields = {"type": icon.type, "body": icon.body}
            await self._db.icon.update_one({"_id": icon.digest}, {"$setOnInsert": fields}, upsert=True)
        other = {"_id": feed_id, "icon": {"$ne": digest}}
        done = await self._db.feed.update_one(other, {"$set": {"icon": digest, "icon_at": now, **waiting()}})
        if done.matched_count:
            await publish(self._engine)
        else:
            await self._db.feed.update_one({"_id": feed_id}, {"$set": {"icon_at": now}})

    async def icon(self, digest: str) -> Icon | None:
        stored = await self._db.icon.find_one({"_id": digest})
        return Icon(stored["_id"], stored["type"], stored["body"]) if stored else None
