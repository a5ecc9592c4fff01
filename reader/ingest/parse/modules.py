"""Namespaces that RSS and Atom share: media, itunes, syndication, Google Reader's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from reader.ingest.parse.names import short
from reader.ingest.parse.values import enclosure, text_of, web_url, whole_number
from reader.models.entry import Enclosure

if TYPE_CHECKING:
    from lxml.etree import _Element

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_MEDIUM = {"image": "image/*", "audio": "audio/*", "video": "video/*"}
_LISTED = ("itunes:keywords", "media:keywords")
MAX_PARTS = 500

Parts = Sequence[tuple[str, "_Element"]]


def media_parts(element: _Element, depth: int = 0) -> Iterator[tuple[str, _Element]]:
    """All media elements below ``element``, those inside media:group and media:content too (Media RSS 1.5.1)."""
    for child in element:
        name = short(child.tag)
        if name.startswith("media:"):
            yield name, child
            if name in ("media:group", "media:content") and depth < 4:
                yield from media_parts(child, depth + 1)


def media_enclosures(parts: Parts, base: str) -> Iterator[Enclosure | None]:
    """media:content as enclosures; one that only has a player is a page, no file."""
    for name, element in parts:
        if name == "media:content":
            kind = element.get("type") or _MEDIUM.get((element.get("medium") or "").strip().lower())
            yield enclosure(base, element.get("url"), kind, element.get("fileSize"))


def media_title(parts: Parts) -> str | None:
    """The first media:title."""
    return next((text_of(element) for name, element in parts if name == "media:title"), None)


def media_text(parts: Parts) -> str | None:
    """media:description as HTML."""
    for name, element in parts:
        if name == "media:description" and (words := text_of(element).strip()):
            rich = (element.get("type") or "").lower() in ("html", "text/html")
            return words if rich else "<p>" + escape(words, quote=False).replace("\n", "<br>") + "</p>"
    return None


def media_html(parts: Parts, base: str, embed: str | None) -> str | None:
    """What shows the media of an entry that has no text: a frame, else a picture, and the description.

    ``embed``: URL of a frame that shows the medium; without one a media:player is taken.
    """
    picture = _first_url(parts, "media:thumbnail", base)
    embed = embed or _first_url(parts, "media:player", base)
    pieces = []
    if embed:
        pieces.append(f'<iframe src="{escape(embed)}"></iframe>')
    elif picture:
        pieces.append(f'<p><img src="{escape(picture)}" alt=""></p>')
    return "".join([*pieces, media_text(parts) or ""]) or None


def _first_url(parts: Parts, wanted: str, base: str) -> str | None:
    found = (web_url(base, el.get("url") or text_of(el)) for name, el in parts if name == wanted)
    return next((url for url in found if url), None)


def labels(elements: Iterable[_Element]) -> Iterator[str | None]:
    """The names in elements that tag an entry: category, dc:subject, keywords of itunes and media."""
    for element in elements:
        name = short(element.tag)
        if name in _LISTED:
            yield from text_of(element).split(",")
        elif name == "itunes:category":
            yield element.get("text")
            yield from labels(element)
        elif name == "media:category":
            yield element.get("label") or text_of(element)
        elif name in ("category", "atom:category", "dc:subject"):
            yield element.get("label") or text_of(element).strip() or element.get("term")


def update_seconds(found: Mapping[str, _Element]) -> int | None:
    """sy:updatePeriod over sy:updateFrequency (RSS 1.0 Syndication)."""
    period = found.get("sy:updateperiod")
    frequency = found.get("sy:updatefrequency")
    if period is None:
        return None
    seconds = _PERIODS.get(text_of(period).strip().lower())
    times = whole_number(text_of(frequency), 1) if frequency is not None else 1
    return seconds // (times or 1) if seconds else None


def crawl_time(element: _Element) -> float | None:
    """gr:crawl-timestamp-msec: when Google Reader (or one who speaks its dialect) met the entry."""
    for name, value in element.attrib.items():
        if short(name) == "gr:crawl-timestamp-msec":
            number = whole_number(value, 1)
            return number / 1000 if number else None
    return None
