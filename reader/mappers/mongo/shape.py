"""The shape of the left column: subscriptions and their order. Each function is one change of changes.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from reader.errors import NotFound
from reader.mappers.bitmaps import pack, span, unpack
from reader.mappers.mongo.backlog import FEED, backlogs
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.feed_documents import bounds
from reader.mappers.mongo.first import want_first
from reader.mappers.mongo.readers import readers
from reader.mappers.mongo.shelf_documents import (
    WHOLE,
    key,
    put_subscription,
    subscription,
    subscription_of,
    subscriptions,
    write_journal,
)
from reader.mappers.mongo.sight import hidden
from reader.models.subscription import ReadChange, Subscription

PLACE = {"_id": 0, "feed_id": 1, "folder_id": 1, "position": 1}


async def require_folder(engine: Engine, user_id: int, folder_id: int | None) -> None:
    """None is the place outside all folders."""
    if folder_id is not None and not await _folder_ids(engine, user_id, [folder_id]):
        raise NotFound("There is no such folder.")


async def _folder_ids(engine: Engine, user_id: int, ids: Sequence[int]) -> set[int]:
    """Those of the folders that the user has."""
    query = {"_id": {"$in": list(ids)}, "user_id": user_id}
    return {
        each["_id"]
        for each in await engine.db.folder.find(query, {"title": 1}, batch_size=ALL).to_list()
        if "title" in each
    }


async def _last(engine: Engine, user_id: int, folder_id: int | None) -> int:
    """The position behind all subscriptions of a folder."""
    query = {"user_id": user_id, "folder_id": folder_id, "position": {"$gte": 0}}
    last = await engine.db.subscription.find(query, PLACE, batch_size=ALL).sort("position", -1).limit(1).to_list()
    return last[0]["position"] + 1 if last else 0


async def subscribe(
    engine: Engine, user_id: int, feed_id: int, folder_id: int | None, title: str | None, unread: int, now: float
) -> tuple[Subscription, bool]:
    """See SubscriptionMapper.subscribe.

    The wish for the first entries is noted before the subscription. Afterwards another look at the feed: if its first
    entries came in between, whoever brought them may not have seen the subscription, and its read set is put right
    here; if it was merged into another, its readers may have been carried over already, and the subscription goes.
    """
    made, new, waits = await change(
        engine, user_id, partial(_subscribe, engine, feed_id, folder_id, title, unread, now)
    )
    if not new:
        return made, False
    feed = await _feed(engine, feed_id)
    if feed is None:
        await change(engine, user_id, partial(take_back, engine, made))
        raise NotFound("There is no such feed.")
    if waits and feed["seq"] > 0:
        read = (await backlogs(engine, user_id, [feed], unread))[feed_id]
        first = ReadChange(feed_id, read, span(0, 0))
        made = await change(engine, user_id, partial(read_first, engine, made, first, now))
    return made, True


async def _feed(engine: Engine, feed_id: int) -> Document | None:
    """A feed that can be subscribed to."""
    return await engine.db.feed.find_one({"_id": feed_id, "merge": None}, FEED)


async def _subscribe(
    engine: Engine,
    feed_id: int,
    folder_id: int | None,
    title: str | None,
    unread: int,
    now: float,
    draft: Draft,
) -> tuple[Subscription, bool, bool]:
    """(the subscription, whether it is new, whether it waits for the first entries of the feed)."""
    user_id = draft.user_id
    known, feed, position, unseen = await asyncio.gather(
        subscription(engine, user_id, feed_id),
        _feed(engine, feed_id),
        _last(engine, user_id, folder_id),
        hidden(engine, user_id, [feed_id]),
    )
    if feed is None or unseen:
        raise NotFound("There is no such feed.")
    if known is not None:
        return known, False, False
    await require_folder(engine, user_id, folder_id)
    waits = feed["seq"] == 0 and feed["kind"] == "site"  # a stream's shares come one by one
    if waits:
        await want_first(engine, user_id, feed_id, unread)
    read = pack((await backlogs(engine, user_id, [feed], unread))[feed_id])
    made = Subscription(user_id, feed_id, folder_id, title, position, read, draft.rev, draft.rev, now)
    put_subscription(draft, made)
    draft.shape = True
    return made, True, waits


async def take_back(engine: Engine, made: Subscription, draft: Draft) -> None:
    """Removes a subscription again, unless somebody made it anew."""
    stored = await subscription(engine, draft.user_id, made.feed_id)
    if stored is not None and stored.created_rev == made.created_rev:
        draft.drop("subscription", key(draft.user_id, made.feed_id))
        draft.shape = True


async def read_first(engine: Engine, made: Subscription, first: ReadChange, now: float, draft: Draft) -> Subscription:
    """Marks the first entries read, unless somebody did, or the subscription was touched meanwhile."""
    stored = await subscription(engine, draft.user_id, made.feed_id)
    if stored is None or stored.rev != made.rev or not first.add:
        return stored or made
    done = replace(stored, read=pack(unpack(stored.read) | first.add), rev=draft.rev)
    draft.set("subscription", key(made.user_id, made.feed_id), {"read": done.read, "rev": done.rev})
    write_journal(draft, [first], now)
    return done


async def unsubscribe(engine: Engine, user_id: int, feed_ids: Sequence[int]) -> list[Subscription]:
    """See SubscriptionMapper.unsubscribe."""
    return await change(engine, user_id, partial(_unsubscribe, engine, feed_ids))


async def _unsubscribe(engine: Engine, feed_ids: Sequence[int], draft: Draft) -> list[Subscription]:
    found = await subscriptions(engine, draft.user_id, feed_ids, WHOLE)
    for feed_id in found:
        draft.drop("subscription", key(draft.user_id, feed_id))
        draft.shape = True
    return sorted(map(subscription_of, found.values()), key=lambda each: (each.position, each.feed_id))


async def restore(engine: Engine, given: Sequence[Subscription]) -> int:
    """See SubscriptionMapper.restore. One change for each user."""
    restored = 0
    for user_id in dict.fromkeys(each.user_id for each in given):
        if await engine.db.user.find_one({"_id": user_id}, {"_id": 1}) is not None:
            mine = [each for each in given if each.user_id == user_id]
            restored += await change(engine, user_id, partial(_restore, engine, mine))
    return restored


async def _restore(engine: Engine, given: Sequence[Subscription], draft: Draft) -> int:
    feed_ids = [each.feed_id for each in given]
    folder_ids = [each.folder_id for each in given if each.folder_id is not None]
    feeds, there, folders, unseen = await asyncio.gather(
        bounds(engine, feed_ids),
        subscriptions(engine, draft.user_id, feed_ids, PLACE),
        _folder_ids(engine, draft.user_id, folder_ids),
        hidden(engine, draft.user_id, feed_ids),
    )
    can_be = feeds.keys() - there.keys() - unseen
    again = {each.feed_id: each for each in given if each.feed_id in can_be}
    for each in again.values():
        folder_id = each.folder_id if each.folder_id in folders else None
        put_subscription(draft, replace(each, folder_id=folder_id, rev=draft.rev))
        draft.shape = True
    return len(again)


async def rename(engine: Engine, user_id: int, feed_id: int, title: str | None) -> None:
    """See SubscriptionMapper.rename."""
    await change(engine, user_id, partial(_rename, engine, feed_id, title))


async def _rename(engine: Engine, feed_id: int, title: str | None, draft: Draft) -> None:
    known = await subscription(engine, draft.user_id, feed_id)
    if known is None:
        raise NotFound("There is no such subscription.")
    if known.title != title:
        draft.set("subscription", key(draft.user_id, feed_id), {"title": title})
        draft.shape = True


async def mute(engine: Engine, user_id: int, feed_id: int, on: bool) -> bool:
    """See SubscriptionMapper.mute."""
    return await change(engine, user_id, partial(_mute, engine, feed_id, on))


async def _mute(engine: Engine, feed_id: int, on: bool, draft: Draft) -> bool:
    known = await subscription(engine, draft.user_id, feed_id)
    if known is None:
        raise NotFound("There is no such subscription.")
    if known.muted == on:
        return False
    draft.set("subscription", key(draft.user_id, feed_id), {"muted": on})
    draft.shape = True
    return True


async def move(
    engine: Engine, user_id: int, feed_ids: Sequence[int], folder_id: int | None, before: int | None
) -> None:
    """See SubscriptionMapper.move."""
    await change(engine, user_id, partial(_move, engine, feed_ids, folder_id, before))


async def _move(
    engine: Engine, feed_ids: Sequence[int], folder_id: int | None, before: int | None, draft: Draft
) -> None:
    await require_folder(engine, draft.user_id, folder_id)
    mine, there = await asyncio.gather(
        subscriptions(engine, draft.user_id, feed_ids, PLACE), in_folder(engine, draft.user_id, folder_id)
    )
    moving = [mine[feed_id] for feed_id in dict.fromkeys(feed_ids) if feed_id in mine]
    if not moving:
        return
    staying = [each for each in there if each["feed_id"] not in mine]
    ids = [each["feed_id"] for each in staying]
    at = ids.index(before) if before in ids else len(ids)
    place(draft, folder_id, staying[:at] + moving + staying[at:])
    draft.shape = True


async def in_folder(engine: Engine, user_id: int, folder_id: int | None) -> list[Document]:
    """Places of the subscriptions in a folder, in their order."""
    query = {"user_id": user_id, "folder_id": folder_id, "position": {"$gte": 0}}
    found = await engine.db.subscription.find(query, PLACE, batch_size=ALL).to_list()
    return sorted(found, key=lambda each: (each["position"], each["feed_id"]))


def place(draft: Draft, folder_id: int | None, there: Sequence[Document]) -> None:
    """Puts subscriptions into the folder in this order; those that stand right are not written."""
    for at, each in enumerate(there):
        if (each["folder_id"], each["position"]) != (folder_id, at):
            fields = {"folder_id": folder_id, "position": at}
            draft.set("subscription", key(draft.user_id, each["feed_id"]), fields)


async def subscribers(engine: Engine, feed_id: int) -> list[int]:
    """See SubscriptionMapper.subscribers."""
    return await readers(engine, feed_id)


async def counts(engine: Engine) -> dict[int, int]:
    """See SubscriptionMapper.counts. From the index alone."""
    counted = await engine.db.subscription.aggregate(
        [
            {"$match": {"user_id": {"$gt": 0}, "rev": {"$gte": 0}}},
            {"$group": {"_id": "$user_id", "count": {"$sum": 1}}},
        ],
        batchSize=ALL,
    )
    return {each["_id"]: each["count"] async for each in counted}
