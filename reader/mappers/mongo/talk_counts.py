"""How many comments and likes of a share a viewer may count, on MongoDB. Two round trips, whatever is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.models.people_views import TalkCounts

LIKING = {"_id": 0, "share_id": 1, "user_id": 1}
SAID = {"share_id": 1, "user_id": 1, "parent_id": 1, "removed_at": 1}


class _Sight(NamedTuple):
    """Whom a viewer does not count. ``private``: people who did not approve the viewer; the owners of shares count
    those on their own."""

    viewer_id: int
    unseen: set[int]
    private: set[int]
    owners: dict[int, int | None]

    def hides(self, share_id: int, user_id: int | None) -> bool:
        if user_id is None:
            return False
        own = bool(self.viewer_id) and self.owners.get(share_id) == self.viewer_id
        return user_id in self.unseen or (user_id in self.private and user_id != self.viewer_id and not own)


async def counts(engine: Engine, viewer_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
    """See TalkMapper.counts."""
    db, on_these = engine.db, {"share_id": {"$in": [*share_ids]}}
    likings, comments, shares, unseen, approved = await asyncio.gather(
        db.liking.find(on_these, LIKING, batch_size=ALL).to_list(),
        db.comment.find(on_these, SAID, batch_size=ALL).to_list(),
        db.share.find({"_id": {"$in": [*share_ids]}}, {"user_id": 1}, batch_size=ALL).to_list(),
        out_of_sight(engine, viewer_id),
        approvers(engine, viewer_id),
    )
    made_by = {each["user_id"] for each in [*likings, *comments]} - {None}
    private: set[int] = set()
    async for user in db.user.find({"_id": {"$in": [*made_by]}}, {"private": 1, "leaving_at": 1}, batch_size=ALL):
        if user.get("leaving_at") is not None:
            unseen.add(user["_id"])
        elif user["private"] and user["_id"] not in approved:
            private.add(user["_id"])
    sight = _Sight(viewer_id, unseen, private, {share["_id"]: share["user_id"] for share in shares})
    likes = Counter(each["share_id"] for each in likings if not sight.hides(each["share_id"], each["user_id"]))
    liked = {each["share_id"] for each in likings if viewer_id and each["user_id"] == viewer_id}
    said = _said(sight, comments)
    return {n: TalkCounts(likes[n], said[n], n in liked) for n in {*likes, *said}}


def _said(sight: _Sight, comments: Sequence[Document]) -> Counter[int]:
    """Comments by share. An answer goes with what it answers."""
    hidden = {each["_id"] for each in comments if sight.hides(each["share_id"], each["user_id"])}
    return Counter(
        each["share_id"]
        for each in comments
        if each["removed_at"] is None and each["user_id"] is not None and not {each["_id"], each["parent_id"]} & hidden
    )


async def out_of_sight(engine: Engine, viewer_id: int) -> set[int]:
    """Whom a viewer (0: nobody) blocked or muted, and who blocked the viewer."""
    if not viewer_id:
        return set()
    by_viewer = {"user_id": viewer_id, "kind": {"$in": ["block", "mute"]}}
    of_viewer = {"other_id": viewer_id, "kind": "block"}
    theirs, others = await asyncio.gather(
        engine.db.relation.find(by_viewer, {"_id": 0, "other_id": 1}, batch_size=ALL).to_list(),
        engine.db.relation.find(of_viewer, {"_id": 0, "user_id": 1}, batch_size=ALL).to_list(),
    )
    return {each["other_id"] for each in theirs} | {each["user_id"] for each in others}


async def approvers(engine: Engine, viewer_id: int) -> set[int]:
    """Who approved a viewer (0: nobody did)."""
    if not viewer_id:
        return set()
    which = {"user_id": viewer_id, "state": "approved"}
    return {each["owner_id"] async for each in engine.db.approval.find(which, {"owner_id": 1}, batch_size=ALL)}
