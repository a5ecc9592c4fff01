"""Feeds: their identity, their schedule, what happened at each pull. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FeedState = Literal["new", "active", "failing", "gone"]


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
    kind: Literal["site", "stream"]
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
    reason: str  # why the next pull is when it is, one sentence
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
