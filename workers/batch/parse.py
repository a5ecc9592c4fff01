"""parse: a feed document → its feed and its entries, in document order; docs/batch.md describes the fields."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from workers.batch.date import rfc3339
from workers.batch.task import Task

if TYPE_CHECKING:
    from reader.ingest.parse import ParsedEntry, ParsedFeed
    from reader.models.entry import Enclosure
    from reader.models.share import Chain


def one(task: Task) -> dict[str, object]:
    from reader.ingest.parse import parse

    parsed = parse(task.body(), url=task.url, content_type=task.content_type, now=time.time())
    return {
        "format": parsed.format,
        "encoding": parsed.encoding,
        "repaired": parsed.repaired,
        "feed": _feed(parsed),
        "entries": [_entry(entry, task.url) for entry in parsed.entries],
    }


def _feed(parsed: ParsedFeed) -> dict[str, object]:
    return {
        "title": parsed.title or None,
        "link": parsed.site_url,
        "description": parsed.description,
        "language": parsed.language,
        "icon": parsed.icon,
        "hub": parsed.hub,
        "self": parsed.self_url,
    }


def _entry(entry: ParsedEntry, url: str) -> dict[str, object]:
    return {
        "uid": entry.uid,
        "url": entry.url,
        "title": entry.title or None,
        "author": entry.author,
        "summary": _html(entry.summary_html, entry.base or url),
        "content": _html(entry.content_html, entry.base or url),
        "published": rfc3339(entry.published_at),
        "updated": rfc3339(entry.updated_at),
        "tags": list(entry.tags),
        "enclosures": [_enclosure(file) for file in entry.enclosures],
        "comments": entry.comments_url,
        **({"chain": _chain(entry.chain)} if entry.chain else {}),
    }


def _chain(chain: Chain) -> dict[str, object]:
    source = chain.source
    return {
        "links": [
            {"id": link.id, "name": link.name, "url": link.url, "note": link.note, "at": rfc3339(link.at)}
            for link in chain.links
        ],
        "source": {"title": source.title, "url": source.url, "site_url": source.site_url} if source else None,
        "published": rfc3339(chain.published_at),
    }


def _html(html: str | None, base: str) -> str | None:
    from reader.ingest.clean import clean

    return (clean(html, base=base) or None) if html else None


def _enclosure(file: Enclosure) -> dict[str, object]:
    said = file.type if file.type and not file.type.endswith("/*") else None  # of a medium only the kind is known
    return {"url": file.url, "type": said, "length": file.length}
