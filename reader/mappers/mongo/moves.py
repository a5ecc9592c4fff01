"""A feed moves to another URL. Where another feed stands there already, the two become one (merge.py)."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.feed_documents import find
from reader.mappers.mongo.feed_search import set_words
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.merge import merge
from reader.mappers.mongo.revisions import publish, waiting
from reader.models.feed import FeedMove, host_of

INDEXES = (Index("feed_move", (("feed_id", 1), ("at", 1))),)
FIELDS = {"url": 1, "title": 1, "site_url": 1, "move_refused": 1}
MOST = 20  # moves looked at for one that can be taken back


async def claim(engine: Engine, url: str, feed_id: int) -> int:
    """Whose the URL is: this feed's from now on if it was nobody's."""
    try:
        await engine.db.feed_alias.insert_one({"_id": url, "feed_id": feed_id})
    except DuplicateKeyError:
        return await find(engine, url) or await claim(engine, url, feed_id)
    return feed_id


async def move(engine: Engine, feed_id: int, token: int, url: str, now: float) -> int | None:
    """See FeedMapper.move.

    The new URL is claimed first and the move noted, then the feed changes, under its token. A crash in between leaves
    an address more, which leads to the feed as its server says, and a move that can only be taken back to where the
    feed is; the next pull moves it again.
    """
    held = {"_id": feed_id, "lease_token": token}
    feed = await engine.db.feed.find_one(held, FIELDS)
    if feed is None:
        return None
    owner = await claim(engine, url, feed_id)
    if owner != feed_id and await engine.db.feed.find_one({"_id": owner}, {"_id": 1}) is not None:
        return await merge(engine, feed_id, token, url)
    if owner != feed_id:  # somebody died while making a feed there
        await engine.db.feed_alias.update_one({"_id": url, "feed_id": owner}, {"$set": {"feed_id": feed_id}})
    if feed["url"] == url:
        return feed_id
    note = {"feed_id": feed_id, "at": now, "from_url": feed["url"], "to_url": url, "undone_at": None}
    key = {"_id": f"{feed_id}:{float(now)!r}", "feed_id": feed_id}
    await engine.db.feed_move.replace_one(key, note, upsert=True)
    if await _rename(engine, held, feed, url, {}):
        return feed_id
    await engine.db.feed_move.delete_one(key)
    return None


async def _rename(engine: Engine, which: Document, feed: Document, url: str, more: Document) -> bool:
    """False when the feed is not as ``which`` says any more. ``more``: operators of the same write."""
    await set_words(engine, feed["_id"], feed["title"], url, feed["site_url"])
    fields = {
        "url": url, "host": host_of(url), "moved_to": None, "moved_count": 0, "moved_since": None, **waiting(),
        **more.get("$set", {}),
    }  # fmt: skip
    done = await engine.db.feed.update_one(which, {**more, "$set": fields})
    if done.matched_count:
        await publish(engine)
    return done.matched_count > 0


async def moves(engine: Engine, feed_id: int, limit: int) -> list[FeedMove]:
    """See FeedMapper.moves."""
    found = engine.db.feed_move.find({"feed_id": feed_id}, batch_size=ALL).sort("at", -1).limit(limit)
    rows = await found.to_list() if limit else []
    return [FeedMove(row["feed_id"], row["at"], row["from_url"], row["to_url"], row["undone_at"]) for row in rows]


async def undo_move(engine: Engine, feed_id: int, now: float) -> str | None:
    """See FeedMapper.undo_move. The feed first, then the note of it: a second try finds the feed where it was and
    completes the note."""
    feed = await engine.db.feed.find_one({"_id": feed_id}, FIELDS)
    if feed is None:
        return None
    found = engine.db.feed_move.find({"feed_id": feed_id}, batch_size=ALL).sort("at", -1).limit(MOST)
    for row in await found.to_list():
        if row["undone_at"] is not None:
            continue
        old_url: str = row["from_url"]
        back = feed["url"] == old_url
        if back and feed["move_refused"] != row["to_url"]:
            continue  # it was noted, and never made
        if not back:
            if await find(engine, old_url) not in (None, feed_id):
                return None
            await claim(engine, old_url, feed_id)
            refused = {"$set": {"move_refused": row["to_url"]}, "$min": {"next_pull_at": now}}
            if not await _rename(engine, {"_id": feed_id, "url": feed["url"]}, feed, old_url, refused):
                return None
        # Some may have been noted twice: by one who died, and by the pull after.
        same = {"feed_id": feed_id, "from_url": old_url, "to_url": row["to_url"], "undone_at": None}
        await engine.db.feed_move.update_many(same, {"$set": {"undone_at": now}})
        return old_url
    return None
