"""JSON Feed 1.1 (jsonfeed.org/version/1.1). The chain is in the extension object ``_evantr`` (docs/sharing.md)."""

from __future__ import annotations

from typing import Any

import orjson

from reader.ingest.publish.model import Document, Item, media_type
from reader.ingest.publish.words import with_words
from reader.ingest.publish.xml import rfc3339
from reader.models.entry import Enclosure
from reader.models.share import Link

VERSION = "https://jsonfeed.org/version/1.1"


def write_json(stream: Document) -> bytes:
    """The whole document."""
    out: dict[str, Any] = {
        "version": VERSION,
        "title": stream.title,
        "home_page_url": stream.page,
        "feed_url": stream.url,
        "description": stream.description or None,
        "next_url": stream.pages.older,
        "icon": stream.icon,
        "authors": [{"name": stream.owner, "url": stream.owner_url}],
        "hubs": [{"type": "WebSub", "url": stream.hub}] if stream.hub else None,
        "_evantr": {"id": stream.id, "archive": stream.pages.archive, "current_url": stream.pages.current},
        "items": [_item(item) for item in stream.items],
    }
    return orjson.dumps(_said(out))


def _item(item: Item) -> dict[str, Any]:
    source = item.source
    return _said(
        {
            "id": item.step.id,
            "url": item.page,
            "external_url": item.url,
            "title": item.title,
            "content_html": with_words(item),
            "summary": item.summary or None,
            "date_published": rfc3339(item.shared_at),
            "date_modified": rfc3339(item.updated_at),
            "authors": [{"name": item.writer}] if item.writer else None,
            "tags": list(item.tags) or None,
            "attachments": [_file(file) for file in item.enclosures] or None,
            "_evantr": _said(
                {
                    "chain": [_step(link) for link in (*item.before, item.step)],
                    "source": _said({"title": source.title, "url": source.url, "home_page_url": source.site_url})
                    if source
                    else None,
                    "published": None if item.published_at is None else rfc3339(item.published_at),
                    "comments": item.comments,
                    "story": item.story.hex() if item.story is not None and item.url is None else None,
                }
            ),
        }
    )


def _file(file: Enclosure) -> dict[str, Any]:
    kind = media_type(file) or "application/octet-stream"
    return _said({"url": file.url, "mime_type": kind, "size_in_bytes": file.length})


def _step(link: Link) -> dict[str, Any]:
    at = None if link.at is None else rfc3339(link.at)
    return _said({"id": link.id, "name": link.name, "url": link.url, "note": link.note or None, "at": at})


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known: the specification has no null."""
    return {key: value for key, value in values.items() if value is not None}
