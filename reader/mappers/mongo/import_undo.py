"""Taking back what an import made, as long as nobody made it anew since. Each is one change of the user's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.import_documents import item_key
from reader.mappers.mongo.shelf_documents import key, subscriptions

MARKS = {"_id": 0, "feed_id": 1, "created_rev": 1, "made_by": 1, "title": 1}
ITEM = {"feed_id": 1, "made_rev": 1}


def _made(item: Document, mine: dict[int, Document]) -> bool:
    """Whether the subscription to the item's feed still is the one that the import made."""
    known = mine.get(item["feed_id"])
    if known is None:
        return False
    return bool(known.get("made_by") == item["_id"] or known["created_rev"] == item["made_rev"])


async def take_back(engine: Engine, import_id: int, waiting_only: bool) -> tuple[int, int]:
    """See ImportMapper.take_back. The change is made even if there is nothing to remove: one that plants at the same
    time then finds that the revision is not the one it planned on, and looks at the import's state again."""
    job = await engine.db["import"].find_one({"_id": import_id}, {"user_id": 1})
    if job is None:
        return 0, 0
    waits = {"import_id": import_id, "state": "waiting"}
    which = waits | {"planted": {"$in": [True, False]}} if waiting_only else {"import_id": import_id}
    removed = await change(engine, job["user_id"], partial(_take_back, engine, import_id, which))
    if waiting_only:
        reason = "The import was cancelled before its turn."
        over = {"state": "skipped", "settled": True, "reason": reason}
        await engine.db.import_item.update_many(waits, {"$set": over})
    return removed


async def _take_back(engine: Engine, import_id: int, which: Document, draft: Draft) -> tuple[int, int]:
    job, items, folders = await asyncio.gather(
        engine.db["import"].find_one({"_id": import_id}, {"folders": 1}),
        engine.db.import_item.find(which, ITEM, batch_size=ALL).to_list(),
        engine.db.folder.find({"user_id": draft.user_id, "position": {"$gte": 0}}, batch_size=ALL).to_list(),
    )
    draft.shape = True
    gone = await _drop(engine, draft, [item for item in items if item["feed_id"] is not None])
    made = {each["_id"] for each in folders if each.get("made_by") == import_id} | set(job["folders"] if job else [])
    there = await engine.db.subscription.find(
        {"user_id": draft.user_id}, {"_id": 0, "feed_id": 1, "folder_id": 1}, batch_size=ALL
    ).to_list()
    filled = {each["folder_id"] for each in there if "feed_id" in each and each["feed_id"] not in gone}
    return len(gone), _drop_empty(draft, folders, made, filled)


async def _drop(engine: Engine, draft: Draft, items: Sequence[Document]) -> set[int]:
    """Drops the subscriptions that these items made; returns their feeds."""
    mine = await subscriptions(engine, draft.user_id, [*{item["feed_id"] for item in items}], MARKS)
    gone = {item["feed_id"] for item in items if _made(item, mine)}
    for feed_id in gone:
        draft.drop("subscription", key(draft.user_id, feed_id))
    return gone


def _drop_empty(draft: Draft, folders: Sequence[Document], made: set[int], filled: set[int | None]) -> int:
    """Drops those of the folders that the import made which nothing is in. Innermost first: what was made last stands
    deepest."""
    left = {each["_id"]: each["parent_id"] for each in folders}
    dropped = 0
    for folder_id in sorted(made & left.keys(), reverse=True):
        if folder_id not in filled and folder_id not in left.values():
            draft.drop("folder", folder_id)
            del left[folder_id]
            dropped += 1
    return dropped


async def put_back(engine: Engine, import_id: int, number: int, url: str | None) -> bool:
    """See ImportMapper.put_back. The subscription goes first."""
    which = {"_id": item_key(import_id, number), "state": {"$in": ["failed", "need"]}}
    item = await engine.db.import_item.find_one(which, {**ITEM, "import_id": 1})
    if item is None:
        return False
    fields: Document = {"state": "waiting", "reason": None, "looking": None, "found": []}
    if url is not None:
        job = await engine.db["import"].find_one({"_id": import_id}, {"user_id": 1})
        if job is not None and item["feed_id"] is not None:
            await change(engine, job["user_id"], partial(_put_back, engine, item))
        fields |= {"url": url, "feed_id": None, "planted": False, "made_rev": None}
    return (await engine.db.import_item.update_one(which, {"$set": fields})).matched_count > 0


async def _put_back(engine: Engine, item: Document, draft: Draft) -> None:
    if await _drop(engine, draft, [item]):
        draft.shape = True


async def drop_usual_titles(engine: Engine, import_id: int) -> None:
    """A name in the file that turned out to be the publisher's is no name of one's own. At the end, in one change: it
    makes every open page read the whole left column anew."""
    job = await engine.db["import"].find_one({"_id": import_id}, {"user_id": 1})
    if job is not None:
        await change(engine, job["user_id"], partial(_drop_titles, engine, import_id))


async def _drop_titles(engine: Engine, import_id: int, draft: Draft) -> None:
    done = {"import_id": import_id, "state": "done", "planted": True}
    items = await engine.db.import_item.find(done, ITEM, batch_size=ALL).to_list()
    feed_ids = [item["feed_id"] for item in items if item["made_rev"] is not None]
    feeds, mine = await asyncio.gather(
        engine.db.feed.find({"_id": {"$in": feed_ids}}, {"title": 1}, batch_size=ALL).to_list(),
        subscriptions(engine, draft.user_id, feed_ids, MARKS),
    )
    for feed in feeds:
        known = mine.get(feed["_id"])
        if known is not None and known["title"] == feed["title"]:
            draft.set("subscription", key(draft.user_id, feed["_id"]), {"title": None})
            draft.shape = True
