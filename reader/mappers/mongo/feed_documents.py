"""Feeds as documents.

``pullable``: of kind "site" and not "gone"; kept right by every write of ``state``, so that an index can begin with it.
``size``: seq - floor, moved by the writes that move those. ``pending``: see revisions.py. ``merge``: see merge.py.
Addresses: feed_alias holds every URL of a feed, the canonical one too, with the URL as its ``_id``: that is what makes
a URL one feed, on any shard.
"""

from __future__ import annotations

from reader.mappers.feeds import FeedMark
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.models.feed import Feed, Pull, Schedule, host_of

INDEXES = (
    Index("feed_alias", (("feed_id", 1),)),
    Index("feed", (("state", 1), ("_id", 1))),
    Index("feed", (("pullable", 1), ("next_pull_at", 1), ("_id", 1), ("lease_until", 1))),
    Index("feed", (("pullable", 1), ("lease_until", 1), ("next_pull_at", 1))),
    Index("feed", (("pullable", 1), ("host", 1), ("next_pull_at", 1))),
    Index("feed", (("size", -1), ("_id", 1))),
)
FEED = (
    "url", "title", "site_url", "description", "language", "icon", "format", "kind", "state", "seq", "floor", "rev",
    "created_at",
)  # fmt: skip
MARK = (
    "rev", "seq", "floor", "title", "url", "site_url", "icon", "state", "error", "format", "kind", "withdrawn",
    "copies_rev",
)  # fmt: skip
SCHEDULE = (
    "next_pull_at", "last_pull_at", "last_ok_at", "errors", "reason", "error", "etag", "last_modified", "body_digest",
    "rhythm", "hint_seconds", "lease_token", "lease_until", "moved_to", "moved_count", "moved_since", "move_refused",
    "criterion", "criterion_note", "renewals", "host",
)  # fmt: skip
PULL = ("feed_id", "at", "status", "bytes", "milliseconds", "new", "updated", "error")
ONLY_FEED = dict.fromkeys(FEED, 1)
ONLY_MARK = dict.fromkeys(MARK, 1)
WHOLE = dict.fromkeys((*FEED, *SCHEDULE, "lost"), 1)
BLANK: Document = {
    "language": None, "icon": None, "icon_at": None, "kind": "site", "state": "new", "pullable": True, "seq": 0,
    "floor": 0, "size": 0, "rev": 0, "last_pull_at": None, "last_ok_at": None, "errors": 0, "error": None,
    "reason": "It is new.", "etag": None, "last_modified": None, "body_digest": None, "rhythm": b"",
    "hint_seconds": None, "lease_token": 0, "lease_until": 0.0, "lease_holder": "", "lost": 0, "moved_to": None,
    "moved_count": 0, "moved_since": None, "move_refused": None, "criterion": "id", "criterion_note": "",
    "renewals": 0, "withdrawn": b"", "copies_rev": 0,
}  # fmt: skip


def blank(url: str, title: str, now: float) -> Document:
    """A new feed, due at once; what is known besides is for the caller to add."""
    return {**BLANK, "url": url, "host": host_of(url), "title": title, "created_at": now, "next_pull_at": now}


def feed_of(stored: Document) -> Feed:
    return Feed(stored["_id"], *[stored[name] for name in FEED])


def mark_of(stored: Document) -> FeedMark:
    return FeedMark(stored["_id"], *[stored[name] for name in MARK])


def schedule_of(stored: Document, pause: Document | None) -> Schedule:
    """``pause``: of its host, from host_pause."""
    paused = [pause["until"], pause["reason"]] if pause else [None, None]
    return Schedule(*[stored["_id"], *[stored[name] for name in SCHEDULE], *paused, stored["lost"]])


def pull_of(stored: Document) -> Pull:
    return Pull(*[stored[name] for name in PULL])


async def pauses(engine: Engine, hosts: set[str]) -> dict[str, Document]:
    """host_pause of these hosts. One round trip."""
    found = await engine.db.host_pause.find({"_id": {"$in": sorted(hosts)}}, batch_size=ALL).to_list()
    return {each["_id"]: each for each in found}


async def find(engine: Engine, url: str) -> int | None:
    """Id of the feed at a canonical URL or an alias."""
    stored = await engine.db.feed_alias.find_one({"_id": url})
    return stored["feed_id"] if stored else None


async def bounds(engine: Engine, feed_ids: list[int]) -> dict[int, tuple[int, int]]:
    """(floor, seq) of those that are there. One round trip."""
    found = await engine.db.feed.find({"_id": {"$in": feed_ids}}, {"floor": 1, "seq": 1}, batch_size=ALL).to_list()
    return {each["_id"]: (each["floor"], each["seq"]) for each in found}
