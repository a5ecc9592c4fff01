"""Documents that are not well-formed and do not mend: feedparser reads what can be read."""

from __future__ import annotations

import io
import logging
import time
from calendar import timegm
from typing import Any

import feedparser

from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.limits import check_entries
from reader.ingest.parse.model import MAX_DESCRIPTION, ParsedEntry, ParsedFeed
from reader.ingest.parse.values import content, enclosure, enclosures, line, tags, title, uid, web_url, whole_number

_log = logging.getLogger(__name__)
_FORMATS = {
    "rss": "rss 2.0",
    "rss10": "rdf 1.0",
    "rss090": "rdf 0.90",
    "atom10": "atom 1.0",
    "atom": "atom 1.0",
    "atom03": "atom 0.3",
}
_VERSIONS = {
    "rss20": "rss 2.0",
    "rss091u": "rss 0.91",
    "rss091n": "rss 0.91",
    "rss092": "rss 0.92",
    "rss094": "rss 0.94",
}


def parse_loose(text: str, url: str) -> ParsedFeed | None:
    """Read ``text`` (repaired before) as feedparser does; None when that finds no feed in it, or fails."""
    # Bytes in a stream: given a str, feedparser might take it for an address or a file name.
    try:
        document: Any = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        )
    except Exception:  # on hostile input it raises what happens to come up: KeyError, ValueError, OverflowError …
        _log.warning("feedparser failed on %s", url, exc_info=True)
        return None
    version = document.get("version") or ""
    if not version and not document.entries:
        return None
    channel = document.feed
    feed = ParsedFeed(_FORMATS.get(version) or _VERSIONS.get(version) or "rss 2.0", repaired=True)
    feed.title = title(_said(channel, "title"))
    feed.site_url = web_url(url, _said(channel, "link"))
    feed.description = line(_said(channel, "subtitle") or _said(channel, "description"), MAX_DESCRIPTION)
    feed.language = line(_said(channel, "language"), 40)
    image = channel.get("image")
    feed.icon = web_url(url, _said(channel, "icon") or (_said(image, "href") if isinstance(image, dict) else None))
    for link in channel.get("links", ()):
        if link.get("rel") == "hub":
            feed.hub = feed.hub or web_url(url, _said(link, "href"))
        elif link.get("rel") == "self":
            feed.self_url = feed.self_url or web_url(url, _said(link, "href"))
    minutes = whole_number(channel.get("ttl", ""), 1)
    feed.ttl_seconds = min(minutes, 525_600) * 60 if minutes else None
    check_entries(len(document.entries))
    feed.entries = [_entry(entry, url, rss=not feed.format.startswith("atom")) for entry in document.entries]
    return feed


def _entry(item: Any, url: str, *, rss: bool) -> ParsedEntry:
    entry = ParsedEntry(uid=uid(_said(item, "id")), url=web_url(url, _said(item, "link")))
    entry.base = entry.url or url
    entry.title = title(_said(item, "title"))
    entry.author = line(_said(item, "author"), 200)
    bodies = [content(_said(part, "value")) for part in item.get("content", ())]
    full = next((body for body in bodies if body), None)
    summary = content(_said(item, "summary"))
    entry.content_html = full or summary
    entry.summary_html = summary if full and summary != full else None
    entry.published_at = _time(item, "published") or _time(item, "created")
    entry.updated_at = _time(item, "updated")
    if rss and entry.published_at is None:  # there dc:date is called "updated"
        entry.published_at, entry.updated_at = entry.updated_at, None
    entry.tags = tags(_said(tag, "label") or _said(tag, "term") for tag in item.get("tags", ()))
    entry.comments_url = web_url(url, _said(item, "comments"))
    entry.enclosures = enclosures(
        enclosure(
            url,
            _said(file, "href") or _said(file, "url"),
            _said(file, "type"),
            file.get("length") or file.get("filesize"),
        )
        for file in [*item.get("enclosures", ()), *item.get("media_content", ())]
    )
    return entry


def _said(holder: Any, name: str) -> str | None:
    """A text. Where an element of another namespace has the name, feedparser may hold an object there."""
    value = holder.get(name)
    return value if isinstance(value, str) else None


def _time(item: Any, name: str) -> float | None:
    # Past feedparser's own get(), which answers "updated" with "published" and warns about it.
    written, known = dict.get(item, name), dict.get(item, f"{name}_parsed")
    seconds = parse_date(written) if isinstance(written, str) else None
    if seconds is None and isinstance(known, time.struct_time):
        seconds = float(timegm(known))
    return seconds
