"""Who may read a stream. It is asked while the change is planned that subscribes; whoever blocks or refuses makes a
change of the reader's too, after the block is written. So one of them comes first, and the other sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.mappers.mongo.engine import ALL, Engine
from reader.mappers.mongo.person import HERE, approval_key, relation_key


async def hidden(engine: Engine, user_id: int, feed_ids: Sequence[int]) -> set[int]:
    """Those of the feeds that are streams which the user may not read (models.people: Standing.visible)."""
    found = engine.db.stream.find({"feed_id": {"$in": [*feed_ids]}}, {"feed_id": 1, "user_id": 1}, batch_size=ALL)
    owners = {each["feed_id"]: each["user_id"] for each in await found.to_list() if each["user_id"] != user_id}
    if not owners:
        return set()
    seen = await _seen(engine, user_id, sorted(set(owners.values())))
    return {feed_id for feed_id, owner_id in owners.items() if owner_id not in seen}


async def _seen(engine: Engine, user_id: int, owner_ids: Sequence[int]) -> set[int]:
    """Those of the people whom the user may see."""
    approvals = [approval_key(owner_id, user_id) for owner_id in owner_ids]
    blocks = [relation_key(user_id, owner_id, "block") for owner_id in owner_ids]
    blocks += [relation_key(owner_id, user_id, "block") for owner_id in owner_ids]
    people, approved, blocked = await asyncio.gather(
        engine.db.user.find({"_id": {"$in": [*owner_ids]}, **HERE}, {"private": 1}, batch_size=ALL).to_list(),
        engine.db.approval.find(
            {"_id": {"$in": approvals}, "state": "approved"}, {"owner_id": 1}, batch_size=ALL
        ).to_list(),
        engine.db.relation.find({"_id": {"$in": blocks}}, {"user_id": 1, "other_id": 1}, batch_size=ALL).to_list(),
    )
    known = {each["owner_id"] for each in approved}
    apart = {each["user_id"] for each in blocked} | {each["other_id"] for each in blocked}
    return {p["_id"] for p in people if p["_id"] not in apart and (not p["private"] or p["_id"] in known)}
