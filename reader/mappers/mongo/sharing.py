"""Writing shares on MongoDB: sharing, taking back, bringing back, notes, emptying. Each is one change of the owner's
(changes.py): the entry, its words and the share first, then the feed, by which followers see it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pyroaring import BitMap

from reader.errors import NotFound
from reader.mappers.mongo.changes import Draft, bump, change
from reader.mappers.mongo.copies import bounds, spread
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import key, placed, seen, traced
from reader.mappers.mongo.flags import KINDS
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.search import document
from reader.mappers.mongo.share_documents import (
    DEEPEST,
    HIDES,
    copy_key,
    pack_withdrawn,
    share_fields,
    share_of,
    withdrawn_of,
)
from reader.mappers.shares import NewShare
from reader.models.entry import NewEntry, Position
from reader.models.share import Copy, Share

FEED = {"seq": 1, "floor": 1, "withdrawn": 1}
WITHDRAWN = "withdrawn "
EMPTY: Document = {
    "digest": b"", "url": None, "title": "", "author": None, "published_at": None, "updated_at": None, "summary": "",
    "content": "", "tags": [], "enclosures": [], "comments_url": None, "guid": None, "story": None, "chain": None,
}  # fmt: skip


async def add(engine: Engine, new: NewShare, now: float) -> tuple[Share, bool]:
    """See ShareMapper.add. Feeds that tell the story are looked for again once the share is there: an entry that came
    in this moment may not have seen it."""
    share, made = await change(engine, new.user_id, partial(_add, engine, new, now))
    if made:
        await spread(engine, new.story)
        await publish(engine)
    return share, made


async def _add(engine: Engine, new: NewShare, now: float, draft: Draft) -> tuple[Share, bool]:
    stream, known = await asyncio.gather(
        engine.db.stream.find_one({"_id": new.stream_id, "user_id": new.user_id}),
        engine.db.share.find_one({"stream_id": new.stream_id, "story": new.story, "removed_at": None}),
    )
    if stream is None or "name" not in stream:
        raise NotFound("There is no such stream.")
    if known is not None:
        return share_of(known), False
    feed_id = stream["feed_id"]
    feed, path, met, gone = await asyncio.gather(
        engine.db.feed.find_one({"_id": feed_id}, FEED),
        _path(engine, new.parent_id),
        _met(engine, new),
        engine.db.share.find_one({"_id": new.met_id, "removed_at": {"$gt": 0}}, {"_id": 1}),
    )
    if feed is None or gone is not None:
        raise NotFound("There is no such stream." if feed is None else "There is no such entry.")
    seq = feed["seq"] + 1
    before, share_id = await asyncio.gather(
        engine.db.trace.find_one({"_id": key(feed_id, seq - 1)}, {"sort_at": 1}), engine.next_id("entry")
    )
    at = Position(seq, max(now, before["sort_at"]) if before else now, share_id)
    _put_entry(draft, feed_id, at, replace(new.entry, uid=f"share/{share_id}", story=new.story), now)
    share = Share(
        share_id, new.user_id, new.stream_id, feed_id, seq, new.story, new.source_id, new.source, new.parent_id,
        share_id if new.root_id is None else new.root_id, new.depth, new.note, now, now if new.note else None, None, 0,
    )  # fmt: skip
    draft.put("share", share_id, share_fields(share) | {"path": path}, feed_id)
    put_copy(draft, share)
    await spread(engine, new.story, met)
    draft.last("feed", feed_id, {"seq": seq, **waiting()}, {"size": 1, "copies_rev": 1})
    return share, True


def _put_entry(draft: Draft, feed_id: int, at: Position, entry: NewEntry, now: float) -> None:
    place = key(feed_id, at.seq)
    there = {"id": at.id, "feed_id": feed_id, "seq": at.seq, "token": 0}
    draft.put("entry_words", place, {**document(entry.title, entry.author, entry.tags, entry.content), **there})
    draft.put("entry", place, {**seen(entry, 0), **placed(feed_id, at, now)})
    draft.put("trace", place, {**traced(entry, 0), **placed(feed_id, at, now)})


def put_copy(draft: Draft, share: Share) -> None:
    own = Copy(share.story, share.id, share.feed_id, share.seq)
    draft.put("copy", copy_key(own), own._asdict(), share.feed_id)


def drop_copy(draft: Draft, share: Share) -> None:
    draft.delete("copy", copy_key(Copy(share.story, share.id, share.feed_id, share.seq)), share.feed_id)


async def _path(engine: Engine, parent_id: int | None) -> list[int]:
    """The shares above one whose parent this is."""
    if parent_id is None:
        return []
    parent = await engine.db.share.find_one({"_id": parent_id}, {"path": 1})
    return [*(parent.get("path", []) if parent else []), parent_id][-DEEPEST:]


async def _met(engine: Engine, new: NewShare) -> list[Copy]:
    """The entry that was shared, if it stands in a site's feed: its copy. (Shares have theirs already.)"""
    entry = await engine.db.entry.find_one({"id": new.met_id}, {"feed_id": 1, "seq": 1})
    feed = (await bounds(engine, [entry["feed_id"]])).get(entry["feed_id"]) if entry else None
    if entry is None or feed is None or feed["kind"] != "site" or not feed["floor"] < entry["seq"] <= feed["seq"]:
        return []
    return [Copy(new.story, new.met_id, entry["feed_id"], entry["seq"])]


async def live(engine: Engine, user_id: int, share_id: int) -> Share | None:
    stored = await engine.db.share.find_one({"_id": share_id, "user_id": user_id, "removed_at": None})
    return share_of(stored) if stored else None


async def withdraw(
    engine: Engine, draft: Draft, feed_id: int, *, add: Iterable[int] = (), remove: Iterable[int] = ()
) -> Document:
    """Fields and counts for the feed of which that is taken back, or brought back. Copies change with it."""
    feed = await engine.db.feed.find_one({"_id": feed_id}, FEED)
    if feed is None:
        return {}
    seqs = withdrawn_of(feed["withdrawn"])
    seqs |= BitMap(add)
    seqs -= BitMap(remove)
    return {"withdrawn": pack_withdrawn(seqs, feed["floor"]), **waiting()}


async def remove(engine: Engine, user_id: int, share_id: int, now: float) -> Share | None:
    """See ShareMapper.remove."""
    share = await change(engine, user_id, partial(_remove, engine, share_id, now))
    if share is not None:
        await hide_flags(engine, [share_id])
        await publish(engine)
    return share


async def _remove(engine: Engine, share_id: int, now: float, draft: Draft) -> Share | None:
    share = await live(engine, draft.user_id, share_id)
    if share is None:
        return None
    fields = {"removed_at": now, "note": "", "noted_at": None, HIDES: True}
    draft.set("share", share_id, fields, share.feed_id)
    drop_copy(draft, share)
    fields = await withdraw(engine, draft, share.feed_id, add=[share.seq])
    draft.last("feed", share.feed_id, fields, {"copies_rev": 1})
    return share


async def restore(engine: Engine, user_id: int, share_id: int, note: str, noted_at: float | None) -> bool:
    """See ShareMapper.restore."""
    done = await change(engine, user_id, partial(_restore, engine, share_id, note, noted_at))
    if done:
        await settle_flags(engine, {"_id": share_id})
        await publish(engine)
    return done


async def _restore(engine: Engine, share_id: int, note: str, noted_at: float | None, draft: Draft) -> bool:
    stored = await engine.db.share.find_one(
        {"_id": share_id, "user_id": draft.user_id, "removed_at": {"$gt": 0}, "wiped": False}
    )
    if stored is None:
        return False
    share = share_of(stored)
    stream, feed, again = await asyncio.gather(
        engine.db.stream.find_one({"_id": share.stream_id, "user_id": draft.user_id}, {"name": 1}),
        engine.db.feed.find_one({"_id": share.feed_id}, {"floor": 1}),
        engine.db.share.find_one({"stream_id": share.stream_id, "story": share.story, "removed_at": None}, {"_id": 1}),
    )
    if stream is None or "name" not in stream or feed is None or feed["floor"] >= share.seq or again is not None:
        return False
    draft.set("share", share_id, {"removed_at": None, "note": note, "noted_at": noted_at}, share.feed_id)
    put_copy(draft, share)
    fields = await withdraw(engine, draft, share.feed_id, remove=[share.seq])
    draft.last("feed", share.feed_id, fields, {"copies_rev": 1})
    return True


async def note(engine: Engine, user_id: int, share_id: int, text: str, now: float) -> Share | None:
    """See ShareMapper.note."""
    share = await change(engine, user_id, partial(_note, engine, share_id, text, now))
    await publish(engine)
    return share


async def _note(engine: Engine, share_id: int, text: str, now: float, draft: Draft) -> Share | None:
    share = await live(engine, draft.user_id, share_id)
    if share is None or share.note == text:
        return share
    noted_at = now if text else None
    draft.set("share", share_id, {"note": text, "noted_at": noted_at}, share.feed_id)
    draft.last("feed", share.feed_id, waiting())
    return replace(share, note=text, noted_at=noted_at)


async def wipe(engine: Engine, before: float, limit: int) -> int:
    """See ShareMapper.wipe. Stars go first: a second try finds the share again."""
    await settle_flags(engine, {})
    due = {"wiped": False, "removed_at": {"$gt": 0, "$lt": before}}
    found = engine.db.share.find(due, {"user_id": 1, "feed_id": 1, "seq": 1}, batch_size=limit + 1)
    shares = await found.sort("removed_at", 1).limit(limit).to_list()
    await drop_flags(engine, [share["_id"] for share in shares])
    for share in shares:
        await change(engine, share["user_id"], partial(_wipe, share))
    return len(shares)


async def _wipe(share: Document, draft: Draft) -> None:
    place = key(share["feed_id"], share["seq"])
    draft.set("entry", place, EMPTY)
    draft.set("trace", place, {"digest": b"", "published_at": None, "updated_at": None})
    there = {"id": share["_id"], "feed_id": share["feed_id"], "seq": share["seq"], "token": 0}
    # Put, not set: words that are just being indexed anew may not be there, and are not to come afterwards.
    draft.put("entry_words", place, {**document("", None, (), ""), **there})
    draft.last("share", share["_id"], {"wiped": True, "note": "", "noted_at": None}, feed_id=share["feed_id"])


async def hide_flags(engine: Engine, entry_ids: list[int]) -> None:
    """Flags of what was taken back wait under other names; what restores it gives them theirs again."""
    if entry_ids:
        await _rename_flags(engine, entry_ids, {kind: f"{WITHDRAWN}{kind}" for kind in KINDS})


async def settle_flags(engine: Engine, which: Document) -> None:
    """Gives flags of what was brought back their names again, and ends what a crash left undone: of those shares of
    ``which`` that hide flags. These are few at any time."""
    fields = {"feed_id": 1, "removed_at": 1, "wiped": 1}
    found = await engine.db.share.find({**which, HIDES: True}, fields, batch_size=ALL).to_list()
    back = [share["_id"] for share in found if share["removed_at"] is None]
    if back:
        await _rename_flags(engine, back, {f"{WITHDRAWN}{kind}": kind for kind in KINDS})
    await hide_flags(engine, [share["_id"] for share in found if share["removed_at"] is not None])
    feeds = [*{share["feed_id"] for share in found}]
    done = {"_id": {"$in": [share["_id"] for share in found]}, "feed_id": {"$in": feeds}}
    for over in ({"removed_at": None}, {"wiped": True}):
        if found:
            await engine.db.share.update_many({**done, **over}, {"$unset": {HIDES: ""}})


async def _rename_flags(engine: Engine, entry_ids: list[int], names: dict[str, str]) -> None:
    users: set[int] = set()
    for old, new in names.items():
        which = {"entry_id": {"$in": entry_ids}, "kind": old}
        users |= set(await engine.db.flag.distinct("user_id", which))
        if users:
            await engine.db.flag.update_many(which, {"$set": {"kind": new}})
    await asyncio.gather(*(bump(engine, user_id) for user_id in users))


async def drop_flags(engine: Engine, entry_ids: list[int]) -> None:
    """Stars and read-later marks on these entries go."""
    which = {"entry_id": {"$in": entry_ids}}
    users = await engine.db.flag.distinct("user_id", which)
    if users:
        await engine.db.flag.delete_many(which)
        await asyncio.gather(*(bump(engine, user_id) for user_id in users))
