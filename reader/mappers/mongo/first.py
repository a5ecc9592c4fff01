"""How many of the first entries of a feed stay unread for those who subscribed before it had any.

``first_unread`` ("feed:user") is written before the subscription and goes after the entries are visible: a row that is
left over at a feed with entries says nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from pyroaring import BitMap

from reader.mappers.bitmaps import pack, span, unpack
from reader.mappers.mongo.backlog import elsewhere
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.shelf_documents import key, subscription, write_journal
from reader.models.subscription import ReadChange

AT_ONCE = 16  # readers whose read sets are written at the same time


def first_key(feed_id: int, user_id: int) -> str:
    return f"{feed_id}:{user_id}"


async def want_first(engine: Engine, user_id: int, feed_id: int, unread: int) -> None:
    """Notes the wish of somebody who is about to subscribe."""
    row = {"_id": first_key(feed_id, user_id), "feed_id": feed_id}
    await engine.db.first_unread.update_one(row, {"$set": {"user_id": user_id, "unread": unread}}, upsert=True)


async def mark_first(
    engine: Engine, feed_id: int, seq: int, now: float, *, floor: int = 0, restarts: bool = False
) -> list[str]:
    """The entries floor+1 … seq are about to become visible as the first ones: marks all but the newest read for those
    who subscribed before. Returns the keys of their rows, for forget_first().

    Sets each read set to what it has to be, so a second try, perhaps with other entries, puts right the first one.
    ``restarts``: their journals begin anew, since numbers changed their meaning.
    """
    rows = await engine.db.first_unread.find({"feed_id": feed_id}, batch_size=ALL).to_list()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: Document) -> None:
        wanted = (floor, max(floor, seq - row["unread"]))
        async with gate:
            await change(engine, row["user_id"], partial(_mark, engine, feed_id, wanted, now, restarts))

    await asyncio.gather(*(one(row) for row in rows))
    return [row["_id"] for row in rows]


async def _mark(
    engine: Engine, feed_id: int, wanted: tuple[int, int], now: float, restarts: bool, draft: Draft
) -> None:
    known = await subscription(engine, draft.user_id, feed_id)
    if known is None:
        return
    spared = (await elsewhere(engine, draft.user_id, [feed_id])).get(feed_id, BitMap())
    before, after = unpack(known.read), span(*wanted) - spared
    if before == after:
        return
    draft.set("subscription", key(draft.user_id, feed_id), {"read": pack(after), "rev": draft.rev})
    if restarts:
        draft.restarts = True
    else:
        write_journal(draft, [ReadChange(feed_id, after - before, before - after)], now)


async def forget_first(engine: Engine, feed_id: int, keys: Sequence[str]) -> None:
    await engine.db.first_unread.delete_many({"feed_id": feed_id, "_id": {"$in": list(keys)}})
