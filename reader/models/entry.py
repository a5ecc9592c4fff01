"""Entries. Times are UTC seconds since 1970 (float)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, NewType

from reader.models.share import Chain

FlagKind = Literal["starred", "later"]

SafeHtml = NewType("SafeHtml", str)
"""HTML that ingest/clean produced. Nothing else may make one; templates print it unescaped."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    url: str
    type: str | None
    length: int | None


class Position(NamedTuple):
    """Where an entry stands: enough to merge and to page."""

    seq: int
    sort_at: float
    id: int


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that is about to be stored. ``uid`` is its identity inside its feed (ingest/identify)."""

    uid: str
    digest: bytes  # of what a reader sees; another digest under the same uid is an update
    url: str | None
    title: str
    author: str | None
    published_at: float | None
    updated_at: float | None
    summary: str  # plain text, at most 300 characters
    content: SafeHtml
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    comments_url: str | None = None
    guid: str | None = None  # the id as written, where ``uid`` is another
    story: bytes | None = None  # what it is about, across feeds: key of its link, else of its origin
    keys: bytes = b""  # recognise it under another uid: see Known
    changes: int = 0  # how often it was changed in place since its ``updated_at`` last moved on
    chain: Chain | None = None  # who passed it on before it came here, if its feed tells

    def __reduce__(self) -> tuple[type[NewEntry], tuple[object, ...]]:
        """By position: thousands cross from the CPU pool, and what dataclasses do by themselves takes four times as
        long."""
        return NewEntry, (
            self.uid, self.digest, self.url, self.title, self.author, self.published_at, self.updated_at, self.summary,
            self.content, self.tags, self.enclosures, self.comments_url, self.guid, self.story, self.keys, self.changes,
            self.chain,
        )  # fmt: skip


class Known(NamedTuple):
    """What is compared of a stored entry with those of a document.

    ``keys`` holds digests of 8 bytes each, zero where there is nothing: of the id, the link, the title, the link's
    path, title and content together (ingest/identity). Link and title, bytes 8 to 24, are what a purged entry is known
    by beside its uid. Empty for entries that were stored without.
    """

    digest: bytes
    keys: bytes = b""
    published_at: float | None = None
    updated_at: float | None = None
    changes: int = 0


def twin(keys: bytes) -> bytes | None:
    """Link and title of ``keys`` together, None unless both are there."""
    link, title = keys[8:16], keys[16:24]
    return link + title if link.strip(b"\0") and title.strip(b"\0") else None


class Entry(NamedTuple):
    """A stored entry: a tuple, because lists make hundreds and a frozen dataclass takes six times as long.

    ``id`` is global and rises with arrival (below 10^15); (feed_id, seq) is unique.
    """

    id: int
    feed_id: int
    seq: int
    uid: str
    digest: bytes
    url: str | None
    title: str
    author: str | None
    published_at: float | None
    updated_at: float | None
    arrived_at: float
    sort_at: float
    summary: str
    content: SafeHtml
    tags: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    comments_url: str | None
    guid: str | None = None
    story: bytes | None = None
    chain: Chain | None = None


@dataclass(frozen=True, slots=True)
class Flags:
    """What one user did to one entry besides reading it; the times are when, None: not."""

    entry_id: int
    starred_at: float | None = None
    later_at: float | None = None


def sort_times(published: list[float | None], now: float, previous: float) -> list[float]:
    """sort_at for new entries in order of seq: published, but never in the future and never below the one before.

    ``previous`` is the sort_at of the highest seq so far (0 without one). The result never falls, so that order by
    sort_at and order by seq agree inside a feed whatever dates a publisher writes.
    """
    out: list[float] = []
    for when in published:
        previous = max(previous, min(now if when is None else when, now))
        out.append(previous)
    return out
