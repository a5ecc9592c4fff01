"""What is assumed about feeds, readers and machines. Everything else is measured."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True)
class FeedClass:
    """``part`` of all feeds; ``kind``: that of docs/updater.md whose pulls it is given."""

    name: str
    part: float
    entries: float  # a day
    kind: str


CLASSES = (
    FeedClass("silent", 0.45, 0.01, "rare"),
    FeedClass("now and then", 0.30, 0.3, "rare"),
    FeedClass("once a day", 0.15, 1.0, "once a day"),
    FeedClass("office hours", 0.09, 9.0, "office hours"),
    FeedClass("news", 0.01, 200.0, "news"),
)


def _said(default: float, says: str) -> float:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True)
class Assumptions:
    """One system. The texts are those of the table in docs/scaling.md."""

    feeds: float = _said(10_000_000, "feeds")
    users: float = _said(1_000_000, "accounts")
    subscriptions: float = _said(100, "subscriptions of an account")
    read_feeds: float = _said(0.5, "part of the feeds that somebody reads; the others are pulled a sixth as often")
    daily: float = _said(0.2, "part of the accounts that come on a day")
    online: float = _said(0.3, "of these, part with a page open in the busiest hour")
    pages: float = _said(10, "pages a day, drawn as HTML, of one who comes")
    lists: float = _said(30, "lists a day that scripts ask for")
    counters: float = _said(80, "looks at counters and the left column a day")
    marks: float = _said(60, "marks a day")
    stars: float = _said(1, "stars a day")
    shares: float = _said(0.5, "shares a day")
    new_subscriptions: float = _said(0.1, "new subscriptions a day")
    sessions: float = _said(2, "sessions that an account keeps")
    between: float = _said(60, "seconds between two looks of one who reads")
    days: float = _said(365, "days of entries in the store; of a feed at most what the setting feed_keep says")
    at_first: float = _said(20, "entries that a feed has when it comes")
    together: float = _said(1.5, "new entries in a pull that brings any")
    bodies: float = _said(0.3, "part of the pulls that are answered with a document; the others with a 304")
    small: float = _said(600, "bytes of a request and a 304, with headers")
    page_bytes: float = _said(12_000, "bytes of an answer to a reader, compressed, on average")
    pictures: float = _said(60, "pictures a day that come through Evantr, of one who comes")
    picture_bytes: float = _said(100_000, "bytes of a picture")
    peak_people: float = _said(2.5, "busiest hour of the readers, times the mean")
    peak_pulls: float = _said(1.3, "busiest minutes of pulls, times the mean")
    busy: float = _said(0.5, "part of a core that may be used on average")
    web_base: float = _said(80e6, "bytes of a web process before anybody reads")
    worker_base: float = _said(200e6, "bytes of a worker with its CPU process")
    compressed: float = _said(0.45, "size of documents in MongoDB's files, compressed (snappy; not measured here)")
    prefixed: float = _said(0.5, "size of keys in its index files, prefixes left out (not measured here)")
    copies: float = _said(3, "members of a replica set")
    trip_ms: float = _said(5, "milliseconds of a write that a majority has in its journals")


LARGE = Assumptions()
SMALL = replace(LARGE, users=1000, feeds=20_000, read_feeds=1.0)
"""Per 1,000 accounts: five readers a feed."""


def rows(assumed: Assumptions) -> list[tuple[str, float]]:
    return [(str(each.metadata["says"]), getattr(assumed, each.name)) for each in fields(assumed)]
