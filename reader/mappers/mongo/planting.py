"""From an import's items to feeds, folders and subscriptions.

Feeds first, then each item notes its feed, then folders and subscriptions come in one change of the user's, then the
items are ``planted``. Whoever dies on the way is gone over by the next call. The change looks whether the import still
runs; taking it back is a change of the same user too, so one of them comes first and the other sees it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from pymongo import UpdateOne
from pyroaring import BitMap

from reader.mappers.bitmaps import pack, span
from reader.mappers.keys import title_key
from reader.mappers.mongo import backlog
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.feed_making import Wanted, make_feeds
from reader.mappers.mongo.first import want_first
from reader.mappers.mongo.folders import put_folder
from reader.mappers.mongo.shape import read_first, take_back
from reader.mappers.mongo.shelf_documents import WHOLE, key, put_subscription, subscriptions
from reader.mappers.mongo.sight import hidden
from reader.models.subscription import Folder, ReadChange, Subscription

FEED = {**backlog.FEED, "title": 1, "last_pull_at": 1}
MARKED = {**WHOLE, "made_by": 1}


async def plant(engine: Engine, import_id: int, limit: int, unread: int, now: float, due_at: float) -> int:
    """See ImportMapper.plant."""
    job = await engine.db["import"].find_one({"_id": import_id, "state": "running"}, {"user_id": 1})
    if job is None:
        return 0
    waits = {"import_id": import_id, "state": "waiting", "planted": False}
    found = engine.db.import_item.find(waits, batch_size=limit + 1).sort("number", 1).limit(limit)
    items = await found.to_list()
    if not items:
        return 0
    feeds = await make_feeds(
        engine, [Wanted(each["url"], each["title"] or "", each["html_url"]) for each in items], now, due_at
    )
    for each in items:
        each["feed_id"] = feeds[each["url"]]
    await engine.db.import_item.bulk_write(
        [UpdateOne({"_id": i["_id"], "state": "waiting"}, {"$set": {"feed_id": i["feed_id"]}}) for i in items],
        ordered=False,
    )
    garden = await change(engine, job["user_id"], partial(_plant, engine, import_id, items, unread, now))
    if garden is None:
        return 0
    await _look_again(engine, garden, unread, now)
    if garden.folders:
        made = {"$addToSet": {"folders": {"$each": garden.folders}}}
        await engine.db["import"].update_one({"_id": import_id}, made)
    if not garden.done:
        return len(items)
    await engine.db.import_item.bulk_write(
        [
            UpdateOne(
                {"_id": each["_id"], "state": "waiting", "feed_id": each["feed_id"]},
                {"$set": {"planted": True, "made_rev": garden.revs.get(each["_id"], each["made_rev"])}},
            )
            for each in garden.done
        ],
        ordered=False,
    )
    return len(items)


class Garden:
    """Folders and subscriptions of one user while a change is planned."""

    def __init__(self, draft: Draft, import_id: int, folders: Sequence[Document]) -> None:
        self._draft = draft
        self._import_id = import_id
        self._ids = {title_key(each["title"], each["parent_id"]): each["_id"] for each in folders}
        self._position = max((each["position"] + 1 for each in folders), default=0)
        self.folders: list[int] = [each["_id"] for each in folders if each.get("made_by") == import_id]
        self.revs: dict[str, int] = {}
        """Items whose subscription this import made → its revision."""
        self.new: dict[int, tuple[Subscription, bool]] = {}
        """Feed → its new subscription, and whether it waits for the feed's first entries."""
        self.done: list[Document] = []

    def missing(self, path: Sequence[str]) -> bool:
        """Whether a folder of this path is still to be made."""
        parent: int | None = None
        for title in path:
            parent = self._ids.get(title_key(title, parent))
            if parent is None:
                return True
        return False

    def folder(self, path: Sequence[str], numbers: list[int]) -> int | None:
        """The folder at this path (without regard to case), made with those above it where there is none, under ids of
        ``numbers``."""
        parent: int | None = None
        for title in path:
            place = title_key(title, parent)
            if place not in self._ids:
                made = Folder(numbers.pop(), self._draft.user_id, title, self._position, parent_id=parent)
                put_folder(self._draft, made)
                self._draft.set("folder", made.id, {"made_by": self._import_id})
                self._draft.shape = True
                self._ids[place] = made.id
                self._position += 1
                self.folders.append(made.id)
            parent = self._ids[place]
        return parent

    def subscribe(self, item: Document, made: Subscription) -> None:
        put_subscription(self._draft, made)
        self._draft.set("subscription", key(made.user_id, made.feed_id), {"made_by": item["_id"]})
        self._draft.shape = True
        self.revs[item["_id"]] = made.created_rev


async def _plant(
    engine: Engine, import_id: int, items: Sequence[Document], unread: int, now: float, draft: Draft
) -> Garden | None:
    """None when the import does not run any more."""
    user_id, feed_ids = draft.user_id, [each["feed_id"] for each in items]
    job, folders, mine, last, feeds, unseen = await asyncio.gather(
        engine.db["import"].find_one({"_id": import_id, "state": "running"}, {"_id": 1}),
        engine.db.folder.find({"user_id": user_id, "position": {"$gte": 0}}, batch_size=ALL).to_list(),
        subscriptions(engine, user_id, feed_ids, MARKED),
        _last_positions(engine, user_id),
        _feeds(engine, feed_ids),
        hidden(engine, user_id, feed_ids),
    )
    if job is None:
        return None
    garden = Garden(draft, import_id, folders)
    depth = sum(len(each["folders"]) for each in items if garden.missing(each["folders"]))
    end = await engine.next_id("folder", depth) if depth else 0
    numbers = list(range(end, end - depth, -1))  # taken from the back: the outermost folder has the lowest id
    waits = {n: feed["seq"] == 0 and feed["kind"] == "site" for n, feed in feeds.items()}
    await asyncio.gather(*(want_first(engine, user_id, n, unread) for n in feeds if waits[n] and n not in mine))
    new = [feed for n, feed in feeds.items() if n not in mine and n not in unseen]
    read = await backlog.backlogs(engine, user_id, new, unread)
    for item in items:
        feed = feeds.get(item["feed_id"])
        if feed is None:  # merged into another in this moment: the next call finds that one
            continue
        garden.done.append(item)
        known = mine.get(feed["_id"])
        if known is not None:
            if known.get("made_by") == item["_id"]:  # by a process that died before it noted that
                garden.revs[item["_id"]] = known["created_rev"]
            continue
        if feed["_id"] in unseen:
            continue
        folder_id = garden.folder(item["folders"], numbers)
        position = last[folder_id] = last.get(folder_id, -1) + 1
        made = _subscription(item, feed, draft, folder_id, position, read[feed["_id"]], now)
        garden.subscribe(item, made)
        garden.new[feed["_id"]] = made, waits[feed["_id"]]
        mine[feed["_id"]] = {}
    return garden


def _subscription(
    item: Document, feed: Document, draft: Draft, folder_id: int | None, position: int, read: BitMap, now: float
) -> Subscription:
    title = item["title"]
    usual = feed["last_pull_at"] is not None and title == feed["title"]
    name = title if title and not usual else None
    return Subscription(draft.user_id, feed["_id"], folder_id, name, position, pack(read), draft.rev, draft.rev, now)


async def _last_positions(engine: Engine, user_id: int) -> dict[int | None, int]:
    """Folder → position of the last subscription in it. From the index alone."""
    grouped = await engine.db.subscription.aggregate(
        [
            {"$match": {"user_id": user_id}},
            {"$group": {"_id": "$folder_id", "last": {"$max": "$position"}}},
        ],
        batchSize=ALL,
    )
    return {each["_id"]: each["last"] async for each in grouped if each["last"] is not None}


async def _feeds(engine: Engine, feed_ids: Sequence[int]) -> dict[int, Document]:
    """Those that can be subscribed to."""
    which = {"_id": {"$in": [*feed_ids]}, "merge": None}
    return {feed["_id"]: feed async for feed in engine.db.feed.find(which, FEED, batch_size=len(feed_ids) + 1)}


async def _look_again(engine: Engine, garden: Garden, unread: int, now: float) -> None:
    """What happened to the feeds between the look at them and the subscriptions (see shape.subscribe)."""
    feeds = await _feeds(engine, [*garden.new])
    for feed_id, (made, waits) in garden.new.items():
        feed = feeds.get(feed_id)
        if feed is None:
            await change(engine, made.user_id, partial(take_back, engine, made))
            garden.done = [item for item in garden.done if item["feed_id"] != feed_id]
        elif waits and feed["seq"] > 0:
            read = span(feed["floor"], max(feed["floor"], feed["seq"] - unread))
            first = ReadChange(feed_id, read, span(0, 0))
            await change(engine, made.user_id, partial(read_first, engine, made, first, now))
