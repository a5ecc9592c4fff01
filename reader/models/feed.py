"""Feeds: their identity, their schedule, what happened at each pull. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

FeedState = Literal["new", "active", "failing", "gone"]
FeedKind = Literal["site", "stream"]

Criterion = Literal["id", "link", "link_date", "content"]
"""What tells the entries of a feed apart: their ids; their links; link and date; title and content."""


def host_of(url: str) -> str:
    """The host that answers for a canonical URL, with its port if it names one. Pauses are kept by it."""
    return urlsplit(url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, whoever reads it. ``seq`` is the highest visible entry number, ``floor`` the highest purged one.

    ``rev`` rises, over all feeds of the store, each time a feed's seq or floor moves.
    """

    id: int
    url: str
    title: str
    site_url: str | None
    description: str | None
    language: str | None
    icon: str | None  # digest of an icon (hex)
    format: str | None  # "rss 2.0", "atom 1.0", "json 1.1" …
    kind: FeedKind
    state: FeedState
    seq: int
    floor: int
    rev: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the updater knows about a feed."""

    feed_id: int
    next_pull_at: float
    last_pull_at: float | None
    last_ok_at: float | None
    errors: int  # consecutive failures
    reason: str  # why the next pull is when it is, as ingest.reasons packs it
    error: str | None  # what went wrong last, in words; None while all is well
    etag: str | None
    last_modified: str | None
    body_digest: bytes | None  # of the last body, so that an unchanged one is not parsed
    rhythm: bytes  # ingest.ttl.Rhythm packed; empty for a new feed
    hint_seconds: int | None  # longest wish of the server (Cache-Control, ttl), None without one
    lease_token: int  # fence: rises with every lease
    lease_until: float
    moved_to: str | None = None  # target of a permanent redirect that is being watched
    moved_count: int = 0  # consecutive pulls that were redirected there
    moved_since: float | None = None  # when the first of them was
    move_refused: str | None = None  # a target that a person took back: it counts no more
    criterion: Criterion = "id"
    criterion_note: str = ""  # why it is that one, one sentence; empty for "id"
    renewals: int = 0  # consecutive changed documents in which known entries had other ids
    host: str = ""
    paused_until: float | None = None  # the host asked to be left alone until then; it may be past
    pause_reason: str | None = None
    lost: int = 0  # pulls that ended with their process, not by themselves, since the last one that did


@dataclass(frozen=True, slots=True)
class FeedMove:
    """A feed's address was changed because its server said so. ``undone_at``: a person took it back."""

    feed_id: int
    at: float
    from_url: str
    to_url: str
    undone_at: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """How the entries of a feed are told apart, decided by ingest.identity; see Schedule."""

    criterion: Criterion = "id"
    note: str = ""
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull of a feed, kept for its health page."""

    feed_id: int
    at: float
    status: int | None  # HTTP status; None when no answer came
    bytes: int
    milliseconds: int
    new: int
    updated: int
    error: str | None  # in words


@dataclass(frozen=True, slots=True)
class Icon:
    digest: str  # SHA-256 of the bytes, hex
    type: str  # MIME type found by looking at the bytes
    body: bytes
