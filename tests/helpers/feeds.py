"""Feeds written by hand, so that tests do not depend on the code they test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

FeedFormat = Literal["rss", "atom", "json", "rdf"]

TYPES: dict[FeedFormat, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
    "rdf": "application/rdf+xml; charset=utf-8",
}


@dataclass
class FeedItem:
    """One entry as a publisher has it; ``at`` is in seconds since 1970, None: no date."""

    id: str
    url: str
    title: str
    content: str
    at: float | None
    author: str | None = None
    tags: Sequence[str] = ()
    enclosure: tuple[str, str, int] | None = None
    extra: str = field(default="")  # raw XML inside the item


def render(format: FeedFormat, title: str, site_url: str, url: str, items: Sequence[FeedItem]) -> str:
    """The document of a feed with ``items``, newest first."""
    if format == "json":
        return _json(title, site_url, url, items)
    return {"rss": _rss, "atom": _atom, "rdf": _rdf}[format](title, site_url, url, items)


def _rss(title: str, site_url: str, url: str, items: Sequence[FeedItem]) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(title)}</title><link>{escape(site_url)}</link><description>About {escape(title)}</description>"
        + "\n".join(_rss_item(item) for item in items)
        + "</channel></rss>\n"
    )


def _rss_item(item: FeedItem) -> str:
    parts = [
        f"<title>{escape(item.title)}</title>",
        f"<link>{escape(item.url)}</link>",
        f'<guid isPermaLink="false">{escape(item.id)}</guid>',
        f"<description>{escape(item.content)}</description>",
    ]
    if item.at is not None:
        parts.append(f"<pubDate>{formatdate(item.at, usegmt=True)}</pubDate>")
    if item.author:
        parts.append(f"<dc:creator>{escape(item.author)}</dc:creator>")
    parts.extend(f"<category>{escape(tag)}</category>" for tag in item.tags)
    if item.enclosure:
        url, kind, length = item.enclosure
        parts.append(f'<enclosure url={quoteattr(url)} type={quoteattr(kind)} length="{length}"/>')
    return "<item>" + "".join(parts) + item.extra + "</item>"


def _atom(title: str, site_url: str, url: str, items: Sequence[FeedItem]) -> str:
    newest = max((item.at for item in items if item.at is not None), default=0.0)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{escape(url)}</id><title>{escape(title)}</title><updated>{_iso(newest)}</updated>"
        f'<link rel="self" href={quoteattr(url)}/><link rel="alternate" href={quoteattr(site_url)}/>'
        + "\n".join(_atom_item(item) for item in items)
        + "</feed>\n"
    )


def _atom_item(item: FeedItem) -> str:
    date = _iso(item.at or 0.0)
    parts = [
        f"<id>{escape(item.id)}</id><title>{escape(item.title)}</title><updated>{date}</updated>",
        f'<link rel="alternate" href={quoteattr(item.url)}/>',
        f'<content type="html">{escape(item.content)}</content>',
    ]
    if item.at is not None:
        parts.append(f"<published>{date}</published>")
    if item.author:
        parts.append(f"<author><name>{escape(item.author)}</name></author>")
    parts.extend(f"<category term={quoteattr(tag)}/>" for tag in item.tags)
    if item.enclosure:
        url, kind, length = item.enclosure
        parts.append(f'<link rel="enclosure" href={quoteattr(url)} type={quoteattr(kind)} length="{length}"/>')
    return "<entry>" + "".join(parts) + item.extra + "</entry>"


def _rdf(title: str, site_url: str, url: str, items: Sequence[FeedItem]) -> str:
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(item.url)}/>" for item in items)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel rdf:about={quoteattr(url)}><title>{escape(title)}</title><link>{escape(site_url)}</link>"
        f"<description>About {escape(title)}</description><items><rdf:Seq>{listed}</rdf:Seq></items></channel>"
        + "\n".join(_rdf_item(item) for item in items)
        + "</rdf:RDF>\n"
    )


def _rdf_item(item: FeedItem) -> str:
    date = f"<dc:date>{_iso(item.at)}</dc:date>" if item.at is not None else ""
    author = f"<dc:creator>{escape(item.author)}</dc:creator>" if item.author else ""
    return (
        f"<item rdf:about={quoteattr(item.id)}><title>{escape(item.title)}</title><link>{escape(item.url)}</link>"
        f"{date}{author}<content:encoded>{escape(item.content)}</content:encoded>{item.extra}</item>"
    )


def _json(title: str, site_url: str, url: str, items: Sequence[FeedItem]) -> str:
    listed = []
    for item in items:
        entry: dict[str, object] = {
            "id": item.id, "url": item.url, "title": item.title, "content_html": item.content, "tags": list(item.tags),
        }  # fmt: skip
        if item.at is not None:
            entry["date_published"] = _iso(item.at)
        if item.author:
            entry["authors"] = [{"name": item.author}]
        if item.enclosure:
            where, kind, length = item.enclosure
            entry["attachments"] = [{"url": where, "mime_type": kind, "size_in_bytes": length}]
        listed.append(entry)
    version = "https://jsonfeed.org/version/1.1"
    document = {"version": version, "title": title, "home_page_url": site_url, "feed_url": url, "items": listed}
    return json.dumps(document)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
