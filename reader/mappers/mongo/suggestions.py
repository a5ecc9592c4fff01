"""Whom one might want to follow, on MongoDB: whom those follow whom one follows, and who shared lately what stands in
one's own feeds. What is looked at is bounded; the number of round trips does not grow with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.followers import owners_of, persons, read_by
from reader.models.people import Candidate, Person

NAMED = 3  # of those through whom somebody is suggested
RECENT_SHARES = 2000  # looked at for a suggestion
FOLLOWED_MOST = 200
TIES_MOST = 20_000
AT_ONCE = 500  # candidates


async def suggestions(engine: Engine, user_id: int, limit: int) -> list[Candidate]:
    """See PeopleMapper.suggestions."""
    feeds, recent = await asyncio.gather(read_by(engine, user_id), _recent(engine))
    stories = [*{each["story"] for each in recent}]
    owners, copies = await asyncio.gather(owners_of(engine, feeds), _copies(engine, stories, feeds))
    mine = {*owners.values()} - {user_id}
    reads, sites = await asyncio.gather(_reads(engine, mine), _sites(engine, copies))
    met = {each["story"] for each in copies if each["feed_id"] in sites}
    shares = Counter(each["user_id"] for each in recent if each["story"] in met)
    via = await _via(engine, reads)
    points = Counter({each: len(by) for each, by in via.items()})
    points.update(shares)
    likely = sorted(points.keys() - mine - {user_id}, key=lambda each: (-points[each], each))
    chosen: list[Person] = []
    for at in range(0, len(likely), AT_ONCE):
        some = likely[at : at + AT_ONCE]
        wanted = await _wanted(engine, user_id, some)
        chosen += [wanted[each] for each in some if each in wanted]
        if len(chosen) >= limit:
            break
    chosen = chosen[:limit]
    names = await persons(engine, [*set().union(*(via.get(person.id, ()) for person in chosen))])
    return [
        Candidate(
            person,
            tuple(names[each].name for each in sorted(via.get(person.id, ())) if each in names)[:NAMED],
            len(via.get(person.id, ())),
            shares[person.id],
        )
        for person in chosen
    ]


async def _recent(engine: Engine) -> list[Document]:
    """The latest shares that were not taken back."""
    fields = {"story": 1, "user_id": 1, "removed_at": 1}
    latest = engine.db.share.find({}, fields, batch_size=ALL).sort("_id", -1).limit(RECENT_SHARES)
    return [each async for each in latest if each["removed_at"] is None and each["user_id"] is not None]


async def _copies(engine: Engine, stories: Sequence[bytes], feed_ids: Sequence[int]) -> list[Document]:
    """Places of stories in some feeds."""
    which = {"story": {"$in": [*stories]}, "feed_id": {"$in": [*feed_ids]}}
    return await engine.db.copy.find(which, {"_id": 0, "story": 1, "feed_id": 1}, batch_size=ALL).to_list()


async def _sites(engine: Engine, copies: Sequence[Document]) -> set[int]:
    """Those of the feeds that are no streams."""
    ids = {"_id": {"$in": [*{each["feed_id"] for each in copies}]}}
    return {
        each["_id"] async for each in engine.db.feed.find(ids, {"kind": 1}, batch_size=ALL) if each["kind"] == "site"
    }


async def _reads(engine: Engine, mine: set[int]) -> list[Document]:
    """What the followed read."""
    which = {"user_id": {"$in": sorted(mine, reverse=True)[:FOLLOWED_MOST]}, "rev": {"$gte": 0}}
    found = engine.db.subscription.find(which, {"_id": 0, "user_id": 1, "feed_id": 1}, batch_size=ALL)
    return await found.limit(TIES_MOST).to_list()


async def _via(engine: Engine, reads: Sequence[Document]) -> dict[int, set[int]]:
    """Person → those of the followed who follow them."""
    owners = await owners_of(engine, [*{each["feed_id"] for each in reads}])
    via: dict[int, set[int]] = {}
    for each in reads:
        if each["feed_id"] in owners:
            via.setdefault(owners[each["feed_id"]], set()).add(each["user_id"])
    return via


async def _wanted(engine: Engine, user_id: int, user_ids: Sequence[int]) -> dict[int, Person]:
    """Public people of whom nothing keeps the user."""
    theirs = {"$in": [*user_ids]}
    known, related, blocked, asked = await asyncio.gather(
        persons(engine, user_ids),
        engine.db.relation.find(
            {"user_id": user_id, "kind": {"$in": ["block", "mute"]}, "other_id": theirs},
            {"other_id": 1},
            batch_size=ALL,
        ).to_list(),
        engine.db.relation.find({"other_id": user_id, "kind": "block"}, {"user_id": 1}, batch_size=ALL).to_list(),
        engine.db.approval.find(
            {"user_id": user_id, "state": {"$in": ["asked", "approved"]}}, {"owner_id": 1}, batch_size=ALL
        ).to_list(),
    )
    apart = {each["other_id"] for each in related} | {each["user_id"] for each in blocked}
    apart |= {each["owner_id"] for each in asked}
    return {n: person for n, person in known.items() if n not in apart and not person.private}
