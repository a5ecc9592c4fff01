"""Namespaces that RSS and Atom share: media, itunes, syndication, Google Reader's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from reader.ingest.parse.names import short
from reader.ingest.parse.values import enclosure, text_of, web_url, whole_number
from reader.models.entry import Enclosure

if TYPE_CHECKING:
    from lxml.etree import _Element

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_MEDIUM = {"image": "image/*", "audio": "audio/*", "video": "video/*"}


def media_parts(element: _Element) -> Iterator[tuple[str, _Element]]:
    """All media elements below ``element``, those inside media:group and media:content too (Media RSS 1.5.1)."""
    for child in element:
        name = short(child.tag)
        if name.startswith("media:"):
            yield name, child
            if name in ("media:group", "media:content"):
                yield from media_parts(child)


def media_enclosures(parts: Sequence[tuple[str, _Element]], base: str) -> Iterator[Enclosure | None]:
    """media:content as enclosures."""
    for name, element in parts:
        if name == "media:content":
            kind = element.get("type") or _MEDIUM.get(element.get("medium") or "")
            yield enclosure(base, element.get("url"), kind, element.get("fileSize"))


def media_text(parts: Sequence[tuple[str, _Element]]) -> str | None:
    """media:description as HTML."""
    for name, element in parts:
        if name == "media:description" and (words := text_of(element).strip()):
            return words if element.get("type") == "html" else "<p>" + _lines(words) + "</p>"
    return None


def media_html(parts: Sequence[tuple[str, _Element]], base: str, embed: str | None) -> str | None:
    """What shows the media of an entry that has no text: a frame, else a picture, and the description.

    ``embed``: URL of a frame that shows the medium.
    """
    picture = next(
        (url for name, el in parts if name == "media:thumbnail" and (url := web_url(base, el.get("url")))), None
    )
    pieces = []
    if embed:
        pieces.append(f'<iframe src="{escape(embed)}"></iframe>')
    elif picture:
        pieces.append(f'<p><img src="{escape(picture)}" alt=""></p>')
    return "".join([*pieces, media_text(parts) or ""]) or None


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def update_seconds(found: Mapping[str, _Element]) -> int | None:
    """sy:updatePeriod over sy:updateFrequency (RSS 1.0 Syndication)."""
    period = found.get("sy:updatePeriod")
    frequency = found.get("sy:updateFrequency")
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
