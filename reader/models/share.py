"""Sharing: streams, shares and the chains they make (decision 0013). Times are UTC seconds since 1970."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import NamedTuple

NOTE_MOST = 500  # characters of a note
DEFAULT_STREAM = "shared"  # the name of everybody's first stream
DEFAULT_TITLE = "Shared items"


def stream_url(user_id: int, name: str) -> str:
    """What a stream's feed is stored under. Nobody fetches it; outputs show the public address."""
    return f"evantr:/u/{user_id}/{name}"


def is_stream_url(url: str) -> bool:
    return url.startswith("evantr:")


def stream_path(user_name: str, name: str) -> str:
    """Path of the public page of a stream."""
    return f"/u/{user_name}/{name}"


def person_path(user_name: str) -> str:
    """Path of somebody's profile."""
    return f"/u/{user_name}"


def followed_title(title: str, path: str) -> str:
    """A stream as its followers list it: by its owner's name; "ada: Links" for another than the first one."""
    owner = path.removeprefix("/u/").partition("/")[0]
    return owner if title == DEFAULT_TITLE else f"{owner}: {title}"


def own_story(entry_id: int) -> bytes:
    """The story key of an entry that cannot be told from others by its link. 16 bytes."""
    return blake2b(b"entry %d" % entry_id, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Stream:
    """A public stream of a user. Its shares are the entries of a feed of kind "stream" (DESIGN 3)."""

    id: int
    user_id: int
    feed_id: int
    name: str  # in addresses: /u/NAME/STREAM; [a-z0-9-], unique for the user
    title: str
    description: str
    position: int  # 0: the default one, which one key shares into
    created_at: float


@dataclass(frozen=True, slots=True)
class Link:
    """One who passed an entry on, as another instance's feed tells it. Text is plain."""

    id: str  # the share's own global id (atom:id there)
    name: str
    url: str | None
    note: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the shared entry was first: its feed, as it was called then."""

    title: str
    url: str | None
    site_url: str | None
    feed_id: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """An entry's way before it came here, as its feed tells it: ``links`` are those who passed it on, the first of them
    first; ``source`` is the feed where it was first, ``published_at`` when it was new there."""

    links: tuple[Link, ...] = ()
    source: Source | None = None
    published_at: float | None = None


def pack_chain(chain: Chain | None) -> str | None:
    """For the column entry.chain."""
    if chain is None:
        return None
    source = astuple(chain.source) if chain.source else None
    value = {"links": [astuple(link) for link in chain.links], "source": source, "at": chain.published_at}
    return json.dumps(value, ensure_ascii=False)


def unpack_chain(stored: str | None) -> Chain | None:
    """The reverse of pack_chain."""
    if stored is None:
        return None
    value = json.loads(stored)
    source = Source(*value["source"]) if value["source"] else None
    return Chain(tuple(Link(*link) for link in value["links"]), source, value["at"])


@dataclass(frozen=True, slots=True)
class Share:
    """``id`` is that of its entry in the stream's feed.

    ``parent_id`` and ``root_id`` name shares of this instance; a root names itself and has no parent. ``user_id``
    None: a removed account. ``removed_at``: taken back; the row stays as a tombstone without note.
    """

    id: int
    user_id: int | None
    stream_id: int | None
    feed_id: int
    seq: int
    story: bytes
    source_id: int  # entry that was shared first; it may be purged since
    source: Source
    parent_id: int | None
    root_id: int
    depth: int
    note: str
    created_at: float
    noted_at: float | None
    removed_at: float | None
    credit: int  # live shares that came from this one, at any depth; recountable

    @property
    def live(self) -> bool:
        return self.removed_at is None and self.user_id is not None


class Copy(NamedTuple):
    """One place where a shared story stands."""

    story: bytes
    entry_id: int
    feed_id: int
    seq: int
