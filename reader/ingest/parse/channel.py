"""What RSS says of the feed itself, and how its elements are read: the channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reader.ingest.parse import modules
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.model import MAX_DESCRIPTION, ParsedFeed
from reader.ingest.parse.names import RDF, XML_BASE, XML_LANG, short
from reader.ingest.parse.values import line, rebase, text_of, title, web_url, whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element

_RESOURCE = f"{{{RDF}}}resource"
_HTML = ("text/html", "application/xhtml+xml")
_NO_PAGES = ("hub", "self")
_RELATIONS = "http://www.iana.org/assignments/relation/"


def read_channel(
    feed: ParsedFeed, channel: _Element, root: _Element, base: str
) -> tuple[dict[str, _Element], list[_Element]]:
    """Fill ``feed`` from the channel's elements; give them by name, the first of each, and the items."""
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    items: list[_Element] = []
    for child in channel:
        name = short(child.tag)
        if name == "item":
            items.append(child)
        elif name in ("atom:link", "link") and child.get("href"):
            links.append(child)
        elif name and name not in found and (len(child) or child.text or len(child.attrib)):
            found[name] = child
    feed.title = title(first_text(found, ("title", "dc:title", "atom:title", "itunes:title")))
    feed.site_url = (
        web_url(base, first_text(found, ("link",)))
        or link_of(links, base, "alternate")
        or web_url(base, channel.get("HREF") or channel.get("href"))
    )
    said = first_text(found, ("description", "dc:description", "atom:subtitle", "itunes:summary", "itunes:subtitle"))
    feed.description = line(
        said or first_text(found, ("googleplay:description", "tagline", "abstract")), MAX_DESCRIPTION
    )
    feed.language = line(
        first_text(found, ("language", "dc:language")) or channel.get(XML_LANG) or root.get(XML_LANG), 40
    )
    feed.self_url = link_of(links, base, "self")
    feed.hub = link_of(links, base, "hub")
    minutes = whole_number(first_text(found, ("ttl",)) or "", 1)
    feed.ttl_seconds = min(minutes, 525_600) * 60 if minutes else modules.update_seconds(found)
    if "skiphours" in found:
        hours = (whole_number(text_of(hour)) for hour in found["skiphours"])
        feed.skip_hours = tuple(sorted({hour % 24 for hour in hours if hour is not None and hour <= 24}))
    return found, items


def icon_of(found: Mapping[str, _Element], root: _Element, base: str) -> str | None:
    """atom:icon, the channel's image, itunes:image, atom:logo, in this order."""
    for name in ("atom:icon", "icon", "image", "itunes:image", "googleplay:image", "atom:logo", "logo"):
        element = found.get(name)
        if name == "image":
            picture = _image(element, root, base)
        elif element is not None:
            there = rebase(base, element.get(XML_BASE))
            picture = web_url(
                there, element.get("href") or element.get("HREF") or element.get("url") or text_of(element)
            )
        else:
            picture = None
        if picture:
            return picture
    return None


def _image(image: _Element | None, root: _Element, base: str) -> str | None:
    if image is None or len(image) == 0:  # RSS 1.0 refers to a sibling of the channel
        image = next((child for child in root if short(child.tag) == "image" and len(child)), image)
    if image is None:
        return None
    address = next((text_of(child) for child in image if short(child.tag) == "url" and text_of(child).strip()), None)
    return web_url(base, address or image.get(_RESOURCE) or (text_of(image) if len(image) == 0 else None))


def link_of(links: Iterable[_Element], base: str, rel: str) -> str | None:
    """The first link of a relation; of pages (alternate, replies, related) one that is HTML goes before other types
    (RFC 4287, 4.2.7)."""
    best = None
    for link in links:
        said = link.get("rel")
        if said is None:
            if rel != "alternate":
                continue
        elif said != rel and rel not in (said.strip().lower().replace(_RELATIONS, "") or "alternate").split():
            continue
        target = web_url(rebase(base, link.get(XML_BASE)), link.get("href") or link.text)
        if target and (
            rel in _NO_PAGES or (link.get("type") or "text/html").partition(";")[0].strip().lower() in _HTML
        ):
            return target
        best = best or target
    return best


def first_text(found: Mapping[str, _Element], names: Iterable[str]) -> str | None:
    """The text of the first of the named elements that has any."""
    for name in names:
        element = found.get(name)
        if element is not None:
            value = text_of(element)
            if value and not value.isspace():
                return value
    return None


def first_date(found: Mapping[str, _Element], names: Iterable[str]) -> float | None:
    """The time of the first of the named elements that can be read."""
    for name in names:
        element = found.get(name)
        if element is not None and (value := parse_date(text_of(element))) is not None:
            return value
    return None
