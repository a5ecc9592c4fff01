"""Making many feeds at once, as imports do: the same steps as FeedMapper.create, each for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.feed_documents import blank
from reader.mappers.mongo.feed_search import words_of
from reader.mappers.mongo.revisions import publish, waiting

DUPLICATE = 11000


@dataclass(frozen=True, slots=True)
class Wanted:
    url: str
    title: str
    site_url: str | None


async def find_all(engine: Engine, urls: Sequence[str]) -> dict[str, int]:
    """Canonical URL or alias → id of the feed. One round trip."""
    found = engine.db.feed_alias.find({"_id": {"$in": [*urls]}}, batch_size=len(urls) + 1)
    return {each["_id"]: each["feed_id"] async for each in found}


async def make_feeds(engine: Engine, wanted: Sequence[Wanted], now: float, due_at: float) -> dict[str, int]:
    """URL → feed, those made that were not there. A constant number of round trips. Idempotent."""
    by_url = {each.url: each for each in wanted}
    known = await find_all(engine, [*by_url])
    if missing := [url for url in by_url if url not in known]:
        last = await engine.next_id("feed", len(missing))
        claims = [{"_id": url, "feed_id": last - len(missing) + n} for n, url in enumerate(missing, 1)]
        await _insert_new(engine, [InsertOne(claim) for claim in claims])
        known |= await find_all(engine, missing)
    ids = [*set(known.values())]
    there = engine.db.feed.find({"_id": {"$in": ids}}, {"_id": 1}, batch_size=len(ids) + 1)
    stored = {each["_id"] async for each in there}
    new = {feed_id: by_url[url] for url, feed_id in known.items() if feed_id not in stored}
    if new:
        await asyncio.gather(
            engine.db.feed_words.bulk_write(
                [UpdateOne({"_id": n}, {"$set": words_of(each.title, each.url, each.site_url)}, upsert=True)
                 for n, each in new.items()],
                ordered=False,
            ),
            engine.db.feed.bulk_write(
                [UpdateOne({"_id": n}, {"$setOnInsert": _fields(each, now, due_at)}, upsert=True)
                 for n, each in new.items()],
                ordered=False,
            ),
        )  # fmt: skip
        await publish(engine)
    return known


def _fields(wanted: Wanted, now: float, due_at: float) -> dict[str, object]:
    return {
        **blank(wanted.url, wanted.title, now), "site_url": wanted.site_url, "description": None, "format": None,
        "next_pull_at": due_at, **waiting(),
    }  # fmt: skip


async def _insert_new(engine: Engine, claims: list[InsertOne[dict[str, object]]]) -> None:
    """A URL that somebody else claimed in this moment stays theirs."""
    try:
        await engine.db.feed_alias.bulk_write(claims, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
            raise
