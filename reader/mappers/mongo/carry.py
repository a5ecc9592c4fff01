"""What readers have of a feed goes over to the one it is merged into: see merge.py."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from pymongo import DeleteOne, UpdateOne
from pyroaring import BitMap

from reader.mappers.bitmaps import pack, unpack
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import PARTS, kept_key
from reader.mappers.mongo.flags import key as flag_key
from reader.mappers.mongo.readers import readers
from reader.mappers.mongo.shelf_documents import key, put_subscription, subscription_of, subscriptions
from reader.models.entry import twin

AT_ONCE = 500  # documents written in one round
READERS_AT_ONCE = 16
TRACE = {"seq": 1, "id": 1, "uid_hash": 1, "keys": 1}


class Same(NamedTuple):
    """An entry that both feeds have."""

    seq: int
    id: int
    new_seq: int
    new_id: int


async def carry_flags(engine: Engine, source: int, target: int) -> dict[int, int]:
    """Moves stars and read-later; returns seq in ``source`` → seq in ``target`` for entries that both have."""
    old, new = await asyncio.gather(_traces(engine, source), _traces(engine, target))
    ids = {trace["id"] for trace in old}
    same = _same(old, [trace for trace in new if trace["id"] not in ids])  # those were kept by a try before this one
    new_ids = {each.id: each.new_id for each in same}
    flags = [flag for at in range(0, len(old), AT_ONCE) for flag in await _flags(engine, old[at : at + AT_ONCE])]
    await _move_flags(engine, [flag for flag in flags if flag["entry_id"] in new_ids], new_ids)
    # What somebody flagged and the other feed does not have is kept outside all lists.
    await _keep(engine, source, target, sorted({flag["entry_id"] for flag in flags} - new_ids.keys()))
    return {each.seq: each.new_seq for each in same if each.seq > 0 and each.new_seq > 0}


async def _traces(engine: Engine, feed_id: int) -> list[Document]:
    return await engine.db.trace.find({"feed_id": feed_id}, TRACE, batch_size=ALL).to_list()


def _same(old: list[Document], new: list[Document]) -> list[Same]:
    """By uid; else by link and title (models: twin), where that is alone on both sides."""
    by_uid = {trace["uid_hash"]: trace for trace in new}
    pairs = [(trace, by_uid[trace["uid_hash"]]) for trace in old if trace["uid_hash"] in by_uid]
    known, taken = {one["id"] for one, _ in pairs}, {other["id"] for _, other in pairs}
    twins = _lone_twins(new)
    for twin_key, trace in _lone_twins(old).items():
        other = twins.get(twin_key)
        if other is not None and trace["id"] not in known and other["id"] not in taken:
            pairs.append((trace, other))
    return [Same(one["seq"], one["id"], other["seq"], other["id"]) for one, other in pairs]


def _lone_twins(traces: list[Document]) -> dict[bytes, Document]:
    found: dict[bytes, list[Document]] = defaultdict(list)
    for trace in traces:
        twin_key = twin(trace["keys"])
        if twin_key is not None:
            found[twin_key].append(trace)
    return {twin_key: some[0] for twin_key, some in found.items() if len(some) == 1}


async def _flags(engine: Engine, traces: list[Document]) -> list[Document]:
    return await engine.db.flag.find({"entry_id": {"$in": [trace["id"] for trace in traces]}}, batch_size=ALL).to_list()


async def _move_flags(engine: Engine, flags: list[Document], new_ids: dict[int, int]) -> None:
    """The new ones first; a flag that is there already keeps its time."""
    for at in range(0, len(flags), AT_ONCE):
        some = flags[at : at + AT_ONCE]
        puts = []
        for flag in some:
            entry_id = new_ids[flag["entry_id"]]
            where = {"_id": flag_key(flag["user_id"], flag["kind"], entry_id), "user_id": flag["user_id"]}
            fields = {name: flag[name] for name in flag if name not in ("_id", "user_id")} | {"entry_id": entry_id}
            puts.append(UpdateOne(where, {"$setOnInsert": fields}, upsert=True))
        await engine.db.flag.bulk_write(puts, ordered=False)
        drops = [DeleteOne({"_id": flag["_id"], "user_id": flag["user_id"]}) for flag in some]
        await engine.db.flag.bulk_write(drops, ordered=False)


async def _keep(engine: Engine, source: int, target: int, entry_ids: list[int]) -> None:
    """Copies entries to the target, outside all lists; the source's go with it."""
    for at in range(0, len(entry_ids), AT_ONCE):
        kept = {"feed_id": source, "id": {"$in": entry_ids[at : at + AT_ONCE]}}
        query = {"_id": {"$in": await engine.db.entry.distinct("_id", kept)}}
        for collection in PARTS:
            puts = []
            async for stored in engine.db[collection].find(query, batch_size=ALL):
                place = {"_id": kept_key(target, stored["id"]), "feed_id": target}
                fields = {**stored, "seq": 0}
                del fields["_id"], fields["feed_id"]
                puts.append(UpdateOne(place, {"$set": fields}, upsert=True))
            if puts:
                await engine.db[collection].bulk_write(puts, ordered=False)


async def carry_subscriptions(engine: Engine, source: int, target: int, seqs: dict[int, int] | None) -> None:
    """``seqs``: how numbers change; None: they stay. Until nobody reads the source any more."""
    gate = asyncio.Semaphore(READERS_AT_ONCE)

    async def one(user_id: int) -> None:
        async with gate:
            await change(engine, user_id, partial(_carry, engine, source, target, seqs))

    while some := await readers(engine, source, AT_ONCE):
        await asyncio.gather(*(one(user_id) for user_id in some))


async def _carry(engine: Engine, source: int, target: int, seqs: dict[int, int] | None, draft: Draft) -> None:
    """Where both are read, the place of the one that stays counts; what it lacks comes from the other."""
    mine = await subscriptions(engine, draft.user_id, [source, target])
    if source not in mine:
        return
    old = subscription_of(mine[source])
    read = unpack(old.read)
    if seqs is not None:
        read = BitMap([seqs[seq] for seq in read if seq in seqs])
    if target in mine:
        new = subscription_of(mine[target])
        fields = {
            "read": pack(read | unpack(new.read)), "rev": draft.rev,
            "title": old.title if new.title is None else new.title,
            "folder_id": old.folder_id if new.folder_id is None else new.folder_id,
        }  # fmt: skip
        draft.set("subscription", key(draft.user_id, target), fields)
    else:
        put_subscription(draft, replace(old, feed_id=target, read=pack(read), rev=draft.rev))
    draft.drop("subscription", key(draft.user_id, source))
    draft.shape = draft.restarts = True
