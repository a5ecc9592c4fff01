"""Streams, shares and copies as documents (decision 0013).

``share`` has the id of its entry, and lies with its feed; ``path`` are the shares above it, the root first, DEEPEST at
most: a chain never changes, so what is above is found at once; ``passed``: there are any. A stream, its feed, its
shares and their entries are children of the user's document: they change by changes.py alone, and bear ``user_id`` and
``written``. ``copy`` ("feed:story:entry") follows from entries and shares, and a recount puts it right.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from pyroaring import BitMap

from reader.mappers.bitmaps import pack, unpack
from reader.mappers.mongo.engine import Document
from reader.mappers.mongo.indexes import Index
from reader.models.share import Copy, Share, Source, Stream

INDEXES = (
    Index("stream", (("user_id", 1), ("position", 1), ("_id", 1))),
    Index("stream", (("user_id", 1), ("name", 1))),
    Index("stream", (("feed_id", 1),)),
    Index("stream_source", (("feed_id", 1),)),
    Index("stream_source", (("stream_id", 1), ("feed_id", 1))),
    Index("share", (("stream_id", 1), ("story", 1), ("removed_at", 1))),
    Index("share", (("stream_id", 1), ("removed_at", 1))),
    Index("share", (("root_id", 1), ("_id", 1))),
    Index("share", (("parent_id", 1), ("_id", 1))),
    Index("share", (("user_id", 1), ("removed_at", 1), ("_id", 1))),
    Index("share", (("user_id", 1), ("root_id", 1))),
    Index("share", (("story", 1), ("feed_id", 1), ("removed_at", 1))),
    Index("share", (("story", 1), ("removed_at", 1))),
    Index("share", (("feed_id", 1), ("removed_at", 1), ("seq", 1))),
    Index("share", (("wiped", 1), ("removed_at", 1))),
    Index("share", (("hides", 1), ("stream_id", 1)), sparse=True),
    Index("share", (("passed", 1), ("created_at", 1), ("_id", 1))),
    Index("share", (("passed", 1), ("wiped", 1), ("removed_at", 1), ("_id", 1))),
    Index("copy", (("feed_id", 1), ("seq", 1), ("entry_id", 1))),
    Index("copy", (("story", 1), ("feed_id", 1))),
    Index("entry", (("story", 1), ("feed_id", 1), ("seq", 1))),
)
STREAM = ("user_id", "feed_id", "name", "title", "description", "position", "created_at")
SHARE = (
    "user_id", "stream_id", "feed_id", "seq", "story", "source_id", "source", "parent_id", "root_id", "depth", "note",
    "created_at", "noted_at", "removed_at", "credit",
)  # fmt: skip
SOURCE = 6
COPY = ("story", "entry_id", "feed_id", "seq")
HIDES = "hides"  # true while flags of a share are hidden, or may be
DEEPEST = 100  # shares above one that cards and trees look at


def stream_of(stored: Document) -> Stream:
    return Stream(stored["_id"], *[stored[name] for name in STREAM])


def share_of(stored: Document) -> Share:
    values: list[Any] = [stored[name] for name in SHARE]
    values[SOURCE] = Source(*values[SOURCE])
    return Share(stored["_id"], *values)


def share_fields(share: Share) -> Document:
    fields = {name: getattr(share, name) for name in SHARE}
    source = list(astuple(share.source))
    return fields | {"source": source, "wiped": False, "passed": share.parent_id is not None}


def copy_of(stored: Document) -> Copy:
    return Copy(*[stored[name] for name in COPY])


def copy_key(copy: Copy) -> str:
    return f"{copy.feed_id}:{copy.story.hex()}:{copy.entry_id}"


def withdrawn_of(stored: bytes) -> BitMap:
    return unpack(stored) if stored else BitMap()


def pack_withdrawn(seqs: BitMap, floor: int) -> bytes:
    """What is purged need not be known as taken back."""
    kept = seqs.copy()
    kept.remove_range(0, floor + 1)
    return pack(kept) if kept else b""
