"""The index of words on MongoDB: a document beside each entry, found by feed and word.

``entry_words`` has the ``_id`` of the entry (its place). ``words`` is the set of what it can be found by: each word,
the beginnings of words up to three characters ("lat*"), and both once more for the title (":lathe", ":lat*"). An
index over (feed_id, words, id) thus finds words, titles and beginnings among the feeds of a reader, newest first,
whatever the rest of the store holds. ``title`` and ``body`` are the words in order: phrases and longer beginnings are
looked for in them, among what the index found. A text index would ask every shard and know no phrases of the
beginning of a word.

The writer of an entry writes its words before it, in the same bulk of its feed: see document().
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from reader.mappers.bitmaps import unpack
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.text import plain, words
from reader.models.search import Hits, Query, Term

INDEXES = (
    Index("entry_words", (("feed_id", 1), ("words", 1), ("id", -1))),
    Index("entry_words", (("feed_id", 1), ("seq", 1))),
    Index("entry_words", (("id", 1),)),
)
FEEDS_AT_ONCE = 150  # the server merges up to 200 ranges of an index in order; above that it would sort
BEGINNING = 3  # characters
LONGEST_WORD = 100
MOST_WORDS = 20_000  # entries of the index for one document
STATE = "state"
SOURCE = dict.fromkeys(("id", "feed_id", "seq", "token", "user_id", "written", "title", "author", "tags", "content"), 1)
DUPLICATE = 11000


def document(title: str, author: str | None, tags: Sequence[str], content: str) -> Document:
    """Fields of ``entry_words`` for an entry; its place (feed_id, seq, id) and its fence (token) come besides."""
    head = _words(title)
    body = _words(f"{plain(content)} {author or ''} {' '.join(tags)}")
    found = dict.fromkeys(f":{key}" for word in head for key in _keys(word))
    found |= dict.fromkeys(key for word in (*head, *body) for key in _keys(word))
    return {"words": list(found)[:MOST_WORDS], "title": _text(head), "body": _text(body)}


def _words(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in words(text)]


def _text(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def _keys(word: str) -> Iterator[str]:
    yield word
    for length in range(1, min(len(word), BEGINNING) + 1):
        yield f"{word[:length]}*"


def _query(query: Query) -> Document | None:
    """The filter for a query, without feeds; None when nothing can match."""
    wanted: dict[str, None] = {}
    unwanted: list[str] = []
    texts: list[Document] = []
    not_texts: list[Document] = []
    for term in query.terms:
        parts = _words(term.text)
        if not parts:
            continue
        keys = _term_keys(term, parts)
        looked_for = _in_text(term, parts)
        if term.wanted:
            wanted |= dict.fromkeys(keys)
            texts += [{"$or": looked_for}] if looked_for else []
        elif looked_for:
            not_texts += looked_for
        else:
            unwanted += keys
    if not wanted:
        return None
    found: Document = {"words": {"$all": sorted(wanted, key=len, reverse=True)}}  # long words are rare words
    if unwanted:
        found["words"]["$nin"] = unwanted
    if texts:
        found["$and"] = texts
    if not_texts:
        found["$nor"] = not_texts
    return found


def _term_keys(term: Term, parts: Sequence[str]) -> list[str]:
    """What must be among ``words``."""
    last = f"{parts[-1][:BEGINNING]}*" if term.prefix else parts[-1]
    return [f"{':' if term.title else ''}{key}" for key in (*parts[:-1], last)]


def _in_text(term: Term, parts: Sequence[str]) -> list[dict[str, Any]]:
    """What must be in the text besides, as alternatives; none where ``words`` says it all. Words are letters and
    digits: nothing in them means anything in a regular expression."""
    if len(parts) == 1 and (not term.prefix or len(parts[0]) <= BEGINNING):
        return []
    phrase = {"$regex": f" {' '.join(parts)}{'' if term.prefix else ' '}"}
    return [{"title": phrase}] if term.title else [{"title": phrase}, {"body": phrase}]


@guarded
class MongoSearch:
    """SearchMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def find(self, query: Query, feed_ids: Sequence[int], *, before: int | None, limit: int) -> Hits:
        wanted = _query(query)
        if wanted is None or not feed_ids:
            return Hits((), None)
        if before is not None:
            wanted["id"] = {"$lt": before}
        parts = [feed_ids[n : n + FEEDS_AT_ONCE] for n in range(0, len(feed_ids), FEEDS_AT_ONCE)]
        feeds, *found = await asyncio.gather(self._bounds(feed_ids), *(self._part(wanted, p, limit) for p in parts))
        hits = sorted((hit for part in found for hit in part), key=lambda hit: -hit["id"])
        ids = tuple(hit["id"] for hit in hits[:limit] if _visible(feeds.get(hit["feed_id"]), hit["seq"]))
        return Hits(ids, hits[limit - 1]["id"] if len(hits) > limit else None)

    async def _bounds(self, feed_ids: Sequence[int]) -> Any:
        """What tells which entries of these feeds are visible."""
        fields = {"floor": 1, "seq": 1, "withdrawn": 1}
        asked = self._db.feed.find({"_id": {"$in": [*feed_ids]}}, fields, batch_size=max(len(feed_ids), 2))
        return {feed["_id"]: feed async for feed in asked}

    async def _part(self, wanted: Document, feed_ids: Sequence[int], limit: int) -> Any:
        """One more than asked for tells that there are more."""
        found = self._db.entry_words.find(
            {"feed_id": {"$in": [*feed_ids]}, **wanted},
            {"_id": 0, "id": 1, "feed_id": 1, "seq": 1},
            batch_size=limit + 2,
        )
        return await found.sort("id", -1).limit(limit + 1).to_list()

    async def fill(self, limit: int) -> int:
        state = await self._db.search_fill.find_one({"_id": STATE})
        if state is None or state["left"] == 0:
            return 0
        await self._clear(state)
        asked = self._db.entry.find({"id": {"$lte": state["left"]}}, SOURCE, batch_size=limit + 1)
        entries = await asked.sort("id", -1).limit(limit).to_list()
        await self._write(entries, state["number"])
        left = entries[-1]["id"] - 1 if len(entries) == limit else 0
        await self._db.search_fill.update_one({"_id": STATE, "number": state["number"]}, {"$min": {"left": left}})
        return len(entries)

    async def restart(self) -> None:
        """What comes from here on has an id above ``left``."""
        last = await self._db.counter.find_one({"_id": "entry"})
        await self._db.search_fill.update_one(
            {"_id": STATE},
            {"$set": {"left": last["value"] if last else 0, "cleared": False}, "$inc": {"number": 1}},
            upsert=True,
        )
        state = await self._db.search_fill.find_one({"_id": STATE})
        if state is not None:
            await self._clear(state)

    async def _clear(self, state: Document) -> None:
        """Removes the words that are to be made anew. Those that fill() made since have the number of its restart, so
        that a process that is slow at this harms nothing."""
        if state["cleared"]:
            return
        number = state["number"]
        await self._db.entry_words.delete_many({"id": {"$lte": state["left"]}, "filled": {"$ne": number}})
        await self._db.search_fill.update_one({"_id": STATE, "number": number}, {"$set": {"cleared": True}})

    async def _write(self, entries: Sequence[Document], number: int) -> None:
        """Where the words of a later pull are there already, they stay."""
        if not entries:
            return
        writes = await asyncio.to_thread(lambda: [_write(each, number) for each in entries])
        try:
            await self._db.entry_words.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
                raise


def _visible(feed: Document | None, seq: int) -> bool:
    if feed is None or not feed["floor"] < seq <= feed["seq"]:
        return False
    return not feed["withdrawn"] or seq not in unpack(feed["withdrawn"])


def _write(entry: Document, number: int) -> UpdateOne:
    """A shared entry is its owner's (changes.py), and so are its words: the owner's later change of them stays."""
    place = {name: entry[name] for name in ("id", "feed_id", "seq", "token")}
    found = document(entry["title"], entry["author"], entry["tags"], entry["content"])
    which = {"_id": entry["_id"], "feed_id": entry["feed_id"], "token": {"$not": {"$gt": entry["token"]}}}
    if "user_id" in entry:
        which["written"] = {"$not": {"$gt": entry["written"]}}
        place |= {"user_id": entry["user_id"], "written": entry["written"]}
    return UpdateOne(which, {"$set": {**found, **place, "filled": number}}, upsert=True)
