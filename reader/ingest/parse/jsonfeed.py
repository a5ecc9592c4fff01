"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Every value is taken with suspicion: types are rarely what is promised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from reader.errors import Upstream
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.model import MAX_ENTRIES, ParsedEntry, ParsedFeed
from reader.ingest.parse.values import (
    content,
    enclosure,
    enclosures,
    line,
    plain_title,
    tags,
    uid,
    web_url,
)

NOT_A_FEED = "That address holds data (JSON), but no feed."


def parse_json(text: str, url: str) -> ParsedFeed:
    """Parse a JSON Feed that came from ``url``. Raises Upstream("not_a_feed")."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Upstream("not_a_feed", NOT_A_FEED) from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise Upstream("not_a_feed", NOT_A_FEED)
    version = str(document.get("version", ""))
    if "jsonfeed" not in version and not document.get("title"):
        raise Upstream("not_a_feed", NOT_A_FEED)
    feed = ParsedFeed(f"json {version.rpartition('/')[2][:8] or '1'}")
    feed.title = plain_title(_text(document.get("title")))
    feed.site_url = web_url(url, _text(document.get("home_page_url")))
    feed.self_url = web_url(url, _text(document.get("feed_url")))
    feed.description = line(_text(document.get("description")), 2000)
    feed.language = line(_text(document.get("language")), 40)
    feed.icon = web_url(url, _text(document.get("favicon")) or _text(document.get("icon")))
    feed.hub = _hub(document.get("hubs"), url)
    author = _author(document)
    items = [item for item in document["items"][:MAX_ENTRIES] if isinstance(item, dict)]
    feed.entries = [_entry(item, url, author) for item in items]
    return feed


def _entry(item: Mapping[str, object], url: str, feed_author: str | None) -> ParsedEntry:
    entry = ParsedEntry(uid=uid(_text(item.get("id"))), base=url)
    entry.url = web_url(url, _text(item.get("url"))) or web_url(url, _text(item.get("external_url")))
    entry.base = entry.url or url
    entry.title = plain_title(_text(item.get("title")))
    entry.author = _author(item) or feed_author
    text = _text(item.get("content_text"))
    html = _text(item.get("content_html")) or (_paragraphs(text) if text else None)
    summary = _text(item.get("summary"))
    entry.content_html = content(html)
    entry.summary_html = content(_paragraphs(summary)) if summary else None
    entry.published_at = parse_date(_text(item.get("date_published")))
    entry.updated_at = parse_date(_text(item.get("date_modified")))
    named = item.get("tags")
    entry.tags = tags(tag for tag in named if isinstance(tag, str)) if isinstance(named, list) else ()
    attached = item.get("attachments")
    if isinstance(attached, list):
        entry.enclosures = enclosures(
            enclosure(url, _text(file.get("url")), _text(file.get("mime_type")), file.get("size_in_bytes"))
            for file in attached[:100]
            if isinstance(file, dict)
        )
    return entry


def _text(value: object) -> str | None:
    """Strings as they are, numbers (ids, mostly) as text, nothing else."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 else None


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n")).replace("\n", "<br>")


def _author(holder: Mapping[str, object]) -> str | None:
    listed = holder.get("authors")
    people = listed if isinstance(listed, list) else [holder.get("author")]
    names = [line(_text(person.get("name")), 100) for person in people[:5] if isinstance(person, dict)]
    return ", ".join(name for name in names if name) or None


def _hub(hubs: object, url: str) -> str | None:
    if not isinstance(hubs, list):
        return None
    for hub in hubs[:5]:
        if isinstance(hub, dict) and str(hub.get("type", "")).lower() == "websub":
            return web_url(url, _text(hub.get("url")))
    return None
