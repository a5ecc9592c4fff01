"""Entries as documents, three each.

``entry`` holds what a reader sees; ``trace``, small, what pulls and limits look at by the thousand: identity, digest,
dates and place, without the text; ``entry_words`` is search's. All have the ``_id`` "feed:seq", so a place is held
once, and two pullers cannot fill it twice; ``token`` is the lease under which it was written last. What is above
feed.seq is invisible, wherever it comes from. Seq 0: kept by a flag alone after its feed was merged into another
("feed:0:id").
"""

from __future__ import annotations

from itertools import starmap

from reader.mappers.keys import uid_hash
from reader.mappers.mongo.engine import Document
from reader.mappers.mongo.indexes import Index
from reader.models.entry import Enclosure, Entry, Known, NewEntry, Position
from reader.models.share import pack_chain, unpack_chain

INDEXES = (
    Index("entry", (("feed_id", 1), ("seq", 1), ("sort_at", 1), ("id", 1))),
    Index("entry", (("id", 1),)),
    Index("trace", (("feed_id", 1), ("seq", 1), ("sort_at", 1))),
    Index("trace", (("feed_id", 1), ("uid_hash", 1))),
    Index("tombstone", (("feed_id", 1),)),
)
ENTRY = (
    "id", "feed_id", "seq", "uid", "digest", "url", "title", "author", "published_at", "updated_at", "arrived_at",
    "sort_at", "summary", "content", "tags", "enclosures", "comments_url", "guid", "story", "chain",
)  # fmt: skip
PARTS = ("entry_words", "entry", "trace")
TAGS, ENCLOSURES, CHAIN = 14, 15, 19
WHOLE = dict.fromkeys(ENTRY, 1)
PLACE = {"_id": 0, "feed_id": 1, "seq": 1, "sort_at": 1, "id": 1}


def key(feed_id: int, seq: int) -> str:
    """The ``_id`` of the entry at a place, in entry and in trace."""
    return f"{feed_id}:{seq}"


def kept_key(feed_id: int, entry_id: int) -> str:
    """The ``_id`` of an entry outside all lists."""
    return f"{feed_id}:0:{entry_id}"


def tombstone_key(feed_id: int, hashed: bytes) -> bytes:
    return feed_id.to_bytes(8, "big") + hashed


def entry_of(stored: Document) -> Entry:
    values = [stored[name] for name in ENTRY]
    values[TAGS] = tuple(values[TAGS])
    values[ENCLOSURES] = tuple(starmap(Enclosure, values[ENCLOSURES]))
    values[CHAIN] = unpack_chain(values[CHAIN])
    return Entry(*values)


def position_of(stored: Document) -> Position:
    return Position(stored["seq"], stored["sort_at"], stored["id"])


def known_of(trace: Document) -> Known:
    return Known(trace["digest"], trace["keys"], trace["published_at"], trace["updated_at"], trace["changes"])


def seen(entry: NewEntry, token: int) -> Document:
    """What a pull brought, for ``entry``; the same for a new one and for a change in place."""
    return {
        "uid": entry.uid, "digest": entry.digest, "url": entry.url, "title": entry.title, "author": entry.author,
        "published_at": entry.published_at, "updated_at": entry.updated_at, "summary": entry.summary,
        "content": entry.content, "tags": list(entry.tags),
        "enclosures": [[each.url, each.type, each.length] for each in entry.enclosures],
        "comments_url": entry.comments_url, "guid": entry.guid, "story": entry.story,
        "chain": pack_chain(entry.chain), "token": token,
    }  # fmt: skip


def traced(entry: NewEntry, token: int) -> Document:
    """The same for ``trace``."""
    return {
        "uid": entry.uid, "uid_hash": uid_hash(entry.uid), "digest": entry.digest, "keys": entry.keys,
        "changes": entry.changes, "published_at": entry.published_at, "updated_at": entry.updated_at, "token": token,
    }  # fmt: skip


def placed(feed_id: int, at: Position, now: float) -> Document:
    """Where a new entry stands, for both."""
    return {"feed_id": feed_id, "seq": at.seq, "sort_at": at.sort_at, "id": at.id, "arrived_at": now}
