# ruff: noqa: E501  # feeds as they are written
"""Feeds whose every field attacks: what a hostile publisher can put into RSS, Atom and JSON Feed."""

from __future__ import annotations

import json
import re
from html import escape

from tests.helpers.payloads import SPELLINGS, payloads

ENTRIES = 45
PER_ENTRY = 80  # payloads in the content of one entry; three feeds hold more than 10,000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _all() -> list[str]:
    return list(payloads())


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _url(number: int) -> str:
    return SPELLINGS[number % len(SPELLINGS)]


def _content(texts: list[str], number: int, feed: int) -> str:
    start = (feed * ENTRIES + number) * PER_ENTRY
    return "\n".join(f"<div>{texts[at % len(texts)]}</div>" for at in range(start, start + PER_ENTRY))


def rss() -> str:
    """RSS 2.0 with modules."""
    texts = _all()
    items = []
    for n in range(ENTRIES):
        items.append(
            f"<item><title>{_xml(texts[n * 37 % len(texts)])}</title><link>{_xml(_url(n))}</link>"
            f"<guid isPermaLink='true'>{_xml(_url(n))}-{n}</guid><author>{_xml(texts[n * 91 % len(texts)])}</author>"
            f"<dc:creator>{_xml(texts[n * 71 % len(texts)])}</dc:creator>"
            f"<category domain='{_xml(_url(n))}'>{_xml(texts[n * 53 % len(texts)])}</category>"
            f"<comments>{_xml(_url(n + 1))}</comments>"
            f"<enclosure url='{_xml(_url(n + 2))}' type='text/html&quot; onload=&quot;hit()' length='1&lt;b&gt;'/>"
            f"<media:content url='{_xml(_url(n + 3))}' type='{_xml(texts[n])}'/>"
            f"<media:thumbnail url='{_xml(_url(n + 4))}'/><itunes:image href='{_xml(_url(n + 5))}'/>"
            f"<source url='{_xml(_url(n))}'>{_xml(texts[n * 17 % len(texts)])}</source>"
            f"<description>{_xml(texts[n * 13 % len(texts)])}</description>"
            f"<content:encoded>{_xml(_content(texts, n, 0))}</content:encoded></item>"
        )
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:media='http://search.yahoo.com/mrss/' "
        "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:atom='http://www.w3.org/2005/Atom'><channel>"
        f"<title>{_xml('<script>hit()</script><img src=x onerror=hit()>Hostile &lt;script&gt;hit()&lt;/script&gt;')}</title>"
        "<link>javascript:hit()</link><atom:link rel='hub' href='javascript:hit()'/>"
        "<atom:link rel='self' href='javascript:hit()'/><language>en&quot; onload=&quot;hit()</language>"
        f"<description>{_xml(texts[-1])}</description><generator>{_xml(texts[1])}</generator>"
        "<image><url>javascript:hit()</url><link>javascript:hit()</link><title>&lt;script&gt;</title></image>"
        f"<itunes:image href='javascript:hit()'/>{''.join(items)}</channel></rss>"
    )


def atom() -> str:
    """Atom 1.0, with bases that lead astray."""
    texts = _all()
    entries = []
    for n in range(ENTRIES):
        entries.append(
            f"<entry xml:base='{_xml(_url(n))}' xml:lang='{_xml(_url(n))}'><id>{_xml(_url(n))}/{n}</id>"
            f"<title type='html'>{_xml(texts[n * 29 % len(texts)])}</title><updated>2026-01-01T00:00:00Z</updated>"
            f"<link href='{_xml(_url(n))}'/><link rel='enclosure' href='{_xml(_url(n + 1))}' type='{_xml(texts[n])}'/>"
            f"<link rel='replies' href='{_xml(_url(n + 2))}'/><author><name>{_xml(texts[n * 31 % len(texts)])}</name>"
            f"<uri>{_xml(_url(n))}</uri></author><category term='{_xml(texts[n * 7 % len(texts)])}' label='{_xml(_url(n))}'/>"
            f"<summary type='html'>{_xml(texts[n * 11 % len(texts)])}</summary>"
            f"<content type='html'>{_xml(_content(texts, n, 1))}</content></entry>"
        )
    return (
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>javascript:hit()</id>"
        "<title type='html'>&lt;svg onload=hit()&gt;&amp;lt;script&amp;gt;hit()&amp;lt;/script&amp;gt; Atom</title>"
        "<subtitle type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml' onclick='hit()'><script>hit()</script>x</div></subtitle>"
        "<link href='javascript:hit()'/><icon>javascript:hit()</icon><logo>data:text/html,hit()</logo>"
        f"<updated>2026-01-01T00:00:00Z</updated>{''.join(entries)}</feed>"
    )


def jsonfeed() -> str:
    """JSON Feed 1.1: nothing keeps control characters out of it."""
    texts = _all()
    items = [
        {
            "id": f"{_url(n)}{n}\u0000\u202e",
            "url": _url(n),
            "external_url": _url(n + 1),
            "title": texts[n * 19 % len(texts)] + "\r\n\u0000\u001b[31m\u202e",
            "content_html": _content(texts, n, 2),
            "summary": texts[n * 23 % len(texts)],
            "image": _url(n + 2),
            "banner_image": _url(n + 3),
            "language": _url(n),
            "authors": [{"name": texts[n * 41 % len(texts)] + "\r\nX: y", "url": _url(n), "avatar": _url(n)}],
            "tags": [texts[n * 43 % len(texts)], _url(n), "a\r\nb\u0000"],
            "attachments": [{"url": _url(n + 4), "mime_type": texts[n], "title": texts[n], "size_in_bytes": 1}],
        }
        for n in range(ENTRIES)
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "<script>hit()</script>JSON\r\nSet-Cookie: x=y\u0000\u202e",
        "home_page_url": "javascript:hit()",
        "feed_url": "javascript:hit()",
        "icon": "javascript:hit()",
        "favicon": "data:text/html,hit()",
        "description": texts[3],
        "items": items,
    }
    return json.dumps(feed)


def opml() -> str:
    """A list of feeds whose names, addresses and folders attack."""
    texts = _all()
    outlines = "".join(
        f"<outline text='{_xml(texts[n * 67 % len(texts)])}' title='{_xml(texts[n * 7 % len(texts)])}'>"
        f"<outline type='rss' text='{_xml(texts[n * 83 % len(texts)])}' xmlUrl='{_xml(_url(n))}' htmlUrl='{_xml(_url(n + 1))}'/>"
        f"<outline type='rss' text='\u202e{_xml(texts[n * 3 % len(texts)])}' xmlUrl='http://127.0.0.9:9/{n}?&lt;script&gt;hit()' "
        f"htmlUrl='javascript:hit()' description='{_xml(texts[n])}'/></outline>"
        for n in range(60)
    )
    return f"<?xml version='1.0'?><opml version='2.0'><head><title>&lt;script&gt;hit()</title></head><body>{outlines}</body></opml>"
