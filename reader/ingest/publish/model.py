"""What goes out: a part of a stream. All text but ``content`` is plain, addresses are absolute, times UTC seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from reader.models.entry import Enclosure, SafeHtml
from reader.models.share import Link, Source

Format = Literal["atom", "rss", "json"]
FORMATS: tuple[Format, ...] = ("atom", "rss", "json")

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+", re.ASCII)
_SPACE = UUID("4f2e1f5e-6d0a-5c1c-9a53-6f3b8f3b7a10")  # drawn once; ids rest on it


def stream_urn(stream_id: int, created_at: float) -> str:
    """The global id of a stream, the same wherever its instance moves to. Rows are kept for good, so it is stable; the
    time it was made, to the microsecond, tells instances apart."""
    return uuid5(_SPACE, f"stream {stream_id} {created_at!r}").urn


def share_urn(share_id: int, created_at: float) -> str:
    """The global id of a share, likewise."""
    return uuid5(_SPACE, f"share {share_id} {created_at!r}").urn


def media_type(file: Enclosure) -> str | None:
    """The type of an enclosure, if it reads like one."""
    return file.type if file.type and _MEDIA_TYPE.fullmatch(file.type) else None


@dataclass(frozen=True, slots=True)
class Item:
    """A share. ``step`` is who shares it here, with global id, time and note; ``before`` are those who passed it on
    before, the first of them first; ``source`` is where it was first, ``published_at`` when. ``page`` shows the share
    on this instance; ``story`` is given only for what has no ``url``."""

    step: Link
    page: str
    url: str | None
    title: str
    author: str | None
    summary: str
    content: SafeHtml
    shared_at: float
    updated_at: float
    published_at: float | None = None
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    before: tuple[Link, ...] = ()
    source: Source | None = None
    comments: int = 0
    story: bytes | None = None

    @property
    def link(self) -> str:
        """What a click on the title opens."""
        return self.url or self.page

    @property
    def writer(self) -> str | None:
        """Who wrote it, else where it was: never who shares it."""
        return self.author or (self.source.title if self.source else None)


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the other parts of the stream are (RFC 5005): ``older`` and ``newer`` archives, ``current`` the newest
    part. ``archive``: this is an archive, which does not grow any more."""

    current: str
    older: str | None = None
    newer: str | None = None
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """``url`` is this document's own address, ``page`` that of the stream for people, ``owner_url`` its owner's."""

    id: str
    url: str
    page: str
    title: str
    description: str
    owner: str
    owner_url: str
    updated_at: float
    pages: Pages
    hub: str | None = None
    icon: str | None = None
    items: tuple[Item, ...] = ()
