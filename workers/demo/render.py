"""Documents of the demo's site: feeds in four formats, and pages that name them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape

from workers.demo.content import Feed, Format, Post

TYPES: dict[Format, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
    "rdf": "application/rdf+xml",
}
SOUND_TYPE = "audio/wav"

STYLE = (
    "body{font:18px/1.6 Georgia,serif;max-width:38rem;margin:3rem auto;padding:0 1rem;color:#2b2a28;background:#faf8f3}"
    "a{color:#3d6b73}small{color:#6d6a63}pre{overflow:auto;background:#efece4;padding:1em}"
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A post with its place on the site."""

    post: Post
    url: str
    at: float


def feed_document(feed: Feed, format: Format, base: str, posts: Sequence[Dated], sound_bytes: int) -> bytes:
    """The feed in one format; ``posts`` newest first."""
    if format == "json":
        text = _json(feed, base, posts)
    elif format == "atom":
        text = _atom(feed, base, posts)
    else:
        text = _rss(feed, base, posts, sound_bytes) if format == "rss" else _rdf(feed, base, posts)
    if feed.quirk == "broken":
        text = text.replace("&amp;amp;", "&").replace("&amp;", "&").replace("</channel>", "<nobr>&hearts;")
    return text.encode()


def _rss(feed: Feed, base: str, posts: Sequence[Dated], sound_bytes: int) -> str:
    items = []
    for dated in posts:
        sound = f'<enclosure url="{base}/sound.wav" length="{sound_bytes}" type="{SOUND_TYPE}"/>' * dated.post.sound
        tags = "".join(f"<category>{escape(tag)}</category>" for tag in dated.post.tags)
        items.append(
            f"<item><title>{escape(dated.post.title)}</title><link>{dated.url}</link><guid>{dated.url}</guid>"
            f"<pubDate>{formatdate(dated.at, usegmt=True)}</pubDate><dc:creator>{escape(feed.author)}</dc:creator>"
            f"{tags}{sound}<description>{escape(dated.post.html)}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(feed.title)}</title><link>{base}/{feed.name}/</link>"
        f"<description>{escape(feed.about)}</description>{''.join(items)}</channel></rss>"
    )


def _atom(feed: Feed, base: str, posts: Sequence[Dated]) -> str:
    entries = "".join(
        f"<entry><id>{dated.url}</id><title>{escape(dated.post.title)}</title><link href='{dated.url}'/>"
        f"<updated>{_iso(dated.at)}</updated><published>{_iso(dated.at)}</published>"
        + "".join(f"<category term='{escape(tag)}'/>" for tag in dated.post.tags)
        + f"<content type='html'>{escape(dated.post.html)}</content></entry>"
        for dated in posts
    )
    updated = _iso(posts[0].at if posts else 0)
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{base}/{feed.name}/</id><title>{escape(feed.title)}</title><subtitle>{escape(feed.about)}</subtitle>"
        f"<link href='{base}/{feed.name}/'/><updated>{updated}</updated>"
        f"<author><name>{escape(feed.author)}</name></author>"
        f"{entries}</feed>"
    )


def _rdf(feed: Feed, base: str, posts: Sequence[Dated]) -> str:
    listed = "".join(f"<rdf:li rdf:resource='{dated.url}'/>" for dated in posts)
    items = "".join(
        f"<item rdf:about='{dated.url}'><title>{escape(dated.post.title)}</title><link>{dated.url}</link>"
        f"<dc:date>{_iso(dated.at)}</dc:date><dc:creator>{escape(feed.author)}</dc:creator>"
        f"<content:encoded>{escape(dated.post.html)}</content:encoded></item>"
        for dated in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel rdf:about='{base}/{feed.name}/'><title>{escape(feed.title)}</title><link>{base}/{feed.name}/</link>"
        f"<description>{escape(feed.about)}</description><items><rdf:Seq>{listed}</rdf:Seq></items></channel>"
        f"{items}</rdf:RDF>"
    )


def _json(feed: Feed, base: str, posts: Sequence[Dated]) -> str:
    items = [
        {
            "id": dated.url,
            "url": dated.url,
            "title": dated.post.title,
            "content_html": dated.post.html,
            "date_published": _iso(dated.at),
            "tags": list(dated.post.tags),
            "authors": [{"name": feed.author}],
        }
        for dated in posts
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": feed.title, "description": feed.about}
    return json.dumps({**head, "home_page_url": f"{base}/{feed.name}/", "items": items}, ensure_ascii=False)


def page(title: str, body: str, *, feeds: Sequence[Feed] = (), icon: str = "") -> bytes:
    """A web page that names ``feeds`` in its head."""
    links = "".join(
        f'<link rel="alternate" type="{TYPES[format]}" title="{escape(feed.title)}" href="/{feed.name}/{format}">'
        for feed in feeds
        for format in feed.formats
    )
    icons = f'<link rel="icon" href="{icon}">' if icon else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{links}{icons}'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{body}</body></html>'
    ).encode()


def feed_page(feed: Feed, posts: Sequence[Dated], icon: str) -> bytes:
    items = "".join(
        f'<li><a href="{dated.url}">{escape(dated.post.title)}</a> <small>{_iso(dated.at)[:10]}</small></li>'
        for dated in posts
    )
    body = f"<h1>{escape(feed.title)}</h1><p>{escape(feed.about)}</p><ul>{items}</ul><p><a href='/'>All of them</a></p>"
    return page(feed.title, body, feeds=[feed], icon=icon)


def post_page(feed: Feed, dated: Dated, icon: str) -> bytes:
    body = (
        f"<p><a href='/{feed.name}/'>{escape(feed.title)}</a></p><h1>{escape(dated.post.title)}</h1>{dated.post.html}"
    )
    return page(dated.post.title, body, feeds=[feed], icon=icon)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
