"""The way of an entry before it came here: who passed it on, and where it was first.

Standard elements first: link rel="via" (RFC 4287, 7.1) for each step, atom:source and RSS's source for the origin.
Another Evantr adds to them, in its own namespace, what no standard has a place for: id, time and note of a step, and
who shares it here (docs/sharing.md). What other software writes gives steps too, with a name and an address alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reader.ingest.parse.channel import link_of
from reader.ingest.parse.constructs import title_of
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.model import MAX_LINKS, ParsedEntry
from reader.ingest.parse.names import PREFERRED, XML_BASE, short
from reader.ingest.parse.values import line, plain_title, rebase, text_of, uid, web_url
from reader.ingest.text import squeeze
from reader.models.share import NOTE_MOST, Chain, Link, Source

if TYPE_CHECKING:
    from lxml.etree import _Element

NAME_MOST = 200
_OWN = f"{{{PREFERRED['evantr']}}}"
_STORY = re.compile(r"[0-9a-f]{32}")
# What ingest/publish puts around the content, for readers that know nothing of chains.
NOTE = ('<blockquote class="evantr-note">', "</blockquote>")
WAY = ('<p class="evantr-way">', "</p>")


def read_chain(entry: ParsedEntry, found: Mapping[str, _Element], links: Iterable[_Element], base: str) -> None:
    """Fill chain and story of an entry of RSS or Atom, and take out of its content what only repeats them."""
    steps = [step for link in links if _is_via(link) and (step := _step(link, base))][:MAX_LINKS]
    share = found.get("evantr:share")
    published = None
    if share is not None:
        steps.append(_own_step(entry, share))
        published = parse_date(share.get("published"))
        take_story(entry, share.get("story"), share.get("href"))
    written = found.get("atom:source", found.get("source"))
    source = _source(written, base) if written is not None else None
    set_chain(entry, steps, source, published, ours=share is not None)


def read_item(entry: ParsedEntry, told: object, url: str) -> None:
    """The same for an item of a JSON Feed; ``told`` is its extension object ``_evantr``."""
    if not isinstance(told, Mapping):
        return
    listed = told.get("chain")
    steps = [step for one in (listed if isinstance(listed, list) else [])[: MAX_LINKS + 1] if (step := _told(one, url))]
    origin = told.get("source")
    source = None
    if isinstance(origin, Mapping):
        address, site = _text(origin.get("url")), _text(origin.get("home_page_url"))
        title = plain_title(_text(origin.get("title")))
        source = _named(title, web_url(url, address), web_url(url, site))
    take_story(entry, _text(told.get("story")), None)
    published = parse_date(_text(told.get("published")))
    set_chain(entry, steps, source, published, ours=True)


def set_chain(
    entry: ParsedEntry, steps: list[Link], source: Source | None, published: float | None, *, ours: bool
) -> None:
    """``ours``: written by an Evantr."""
    if not steps and source is None:
        return
    entry.chain = Chain(tuple(steps), source, published)
    if ours:
        _strip(entry)
        if source is not None and entry.author == source.title:
            entry.author = None  # stood in for one that nobody knows


def take_story(entry: ParsedEntry, written: str | None, page: str | None) -> None:
    """Only for what has no link, or none but the ``page`` of the share's own instance: a link to what was shared says
    by itself what an entry is about."""
    if written and _STORY.fullmatch(written) and (entry.url is None or _host(entry.url) == _host(page)):
        entry.story = bytes.fromhex(written)


def _is_via(link: _Element) -> bool:
    rel = link.get("rel")
    return rel is not None and (rel == "via" or "via" in rel.lower().split())


def _step(link: _Element, base: str) -> Link | None:
    url = web_url(rebase(base, link.get(XML_BASE)), link.get("href"))
    known = uid(link.get(f"{_OWN}id"))
    if url is None and known is None:
        return None
    name = squeeze(link.get("title") or "", limit=NAME_MOST) or _host(url)
    note = next((child for child in link if short(child.tag) == "evantr:note"), None)
    words = _note(text_of(note)) if note is not None else ""
    return Link(known or url or "", name, url, words, parse_date(link.get(f"{_OWN}at")))


def _own_step(entry: ParsedEntry, share: _Element) -> Link:
    url = web_url(entry.base, share.get("href"))
    name = squeeze(share.get("by") or "", limit=NAME_MOST) or _host(url)
    return Link(entry.uid or url or "", name, url, _note(text_of(share)), entry.dated_at)


def _told(one: object, url: str) -> Link | None:
    if not isinstance(one, Mapping):
        return None
    address, known = web_url(url, _text(one.get("url"))), uid(_text(one.get("id")))
    if address is None and known is None:
        return None
    name = squeeze(_text(one.get("name")) or "", limit=NAME_MOST) or _host(address)
    note, at = _note(_text(one.get("note")) or ""), parse_date(_text(one.get("at")))
    return Link(known or address or "", name, address, note, at)


def _source(element: _Element, base: str) -> Source | None:
    """atom:source (RFC 4287, 4.2.11), or RSS's source: a title and the address of the feed."""
    if len(element) == 0:
        return _named(line(text_of(element), NAME_MOST) or "", web_url(base, element.get("url")), None)
    there = rebase(base, element.get(XML_BASE))
    links = [child for child in element if short(child.tag) == "atom:link"]
    parts = {short(child.tag): child for child in reversed(element)}
    title = title_of(parts["atom:title"]) if "atom:title" in parts else ""
    url, site = link_of(links, there, "self"), link_of(links, there, "alternate")
    if url is None and "atom:id" in parts:
        url = web_url("", text_of(parts["atom:id"]).strip())
    return _named(title, url if url != site else None, site)


def _named(title: str, url: str | None, site_url: str | None) -> Source | None:
    title = title[:NAME_MOST] or _host(site_url or url)
    return Source(title, url, site_url) if title else None


def _strip(entry: ParsedEntry) -> None:
    html = (entry.content_html or "").strip()
    if html.startswith(NOTE[0]) and (end := html.find(NOTE[1])) > 0:
        html = html[end + len(NOTE[1]) :]
    start = html.rfind(WAY[0])
    if start >= 0 and html.endswith(WAY[1]) and html.find("<p", start + 1) < 0:
        html = html[:start]
    entry.content_html = html.strip() or None


def _host(url: str | None) -> str:
    return urlsplit(url).hostname or "" if url else ""


def _note(text: str) -> str:
    lines = [squeeze(each) for each in text[: NOTE_MOST * 10].strip().splitlines()]
    return "\n".join(lines)[:NOTE_MOST]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
