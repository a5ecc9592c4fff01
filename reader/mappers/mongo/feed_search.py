"""Finding feeds by parts of words, as the contract wants it: any part, not beginnings only.

``feed_words`` holds of each feed its case-folded title and addresses, and the set of all runs of three characters in
them, which an index serves. A run of three narrows the search; whether the whole word is in there is looked at after.
The text ends in two line ends, so that every character begins a run, and a word of one or two is a beginning of runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.feed_documents import ONLY_FEED, feed_of
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.readers import count_readers
from reader.models.feed import Feed

INDEXES = (Index("feed_words", (("grams", 1),)),)
RUN = 3
MOST_WORDS = 20
MOST_TEXT = 1000  # characters by which a feed can be found
CANDIDATES = 500  # matches looked at before the most read come first


async def set_words(engine: Engine, feed_id: int, title: str, url: str, site_url: str | None) -> None:
    """Renews what a feed is found by, after title or addresses changed. Before the feed itself is written."""
    await engine.db.feed_words.update_one({"_id": feed_id}, {"$set": words_of(title, url, site_url)}, upsert=True)


def words_of(title: str, url: str, site_url: str | None) -> Document:
    """Fields of ``feed_words``."""
    text = "\n".join((title[:MOST_TEXT], url[:MOST_TEXT], (site_url or "")[:MOST_TEXT])).casefold() + "\n" * (RUN - 1)
    return {"words": text, "grams": sorted(_runs(text))}


def _runs(text: str) -> set[str]:
    return {text[at : at + RUN] for at in range(len(text) - RUN + 1)}


def _holds(word: str) -> Document:
    """Documents whose text holds the word."""
    exactly = {"words": {"$regex": re.escape(word)}}
    if len(word) >= RUN:
        return {"grams": {"$all": sorted(_runs(word))}, **exactly}
    return {"grams": {"$elemMatch": {"$gte": word, "$lt": word + "\U0010ffff"}}, **exactly}


async def search(engine: Engine, words: Sequence[str], limit: int) -> list[Feed]:
    """Feeds that hold all of these words, the most read first among the CANDIDATES found first. Three round trips."""
    wanted = sorted({word[:MOST_TEXT] for word in words[:MOST_WORDS]}, key=len, reverse=True)
    if not wanted:
        return []
    query = {"$and": [_holds(word) for word in wanted]}
    found = await engine.db.feed_words.find(query, {"_id": 1}, batch_size=ALL).limit(CANDIDATES).to_list()
    ids = [each["_id"] for each in found]
    if not ids:
        return []
    readers = await count_readers(engine, ids)
    best = sorted(ids, key=lambda feed_id: (-readers.get(feed_id, 0), feed_id))
    # A feed that was merged into another may have left its words behind for a moment: some more than asked for.
    stored = await engine.db.feed.find({"_id": {"$in": best[: 2 * limit + 8]}}, ONLY_FEED, batch_size=ALL).to_list()
    feeds = {each["_id"]: feed_of(each) for each in stored}
    return [feeds[feed_id] for feed_id in best if feed_id in feeds][:limit]
