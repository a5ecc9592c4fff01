"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Every value is taken with suspicion: types are rarely what is promised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape, unescape

import orjson

from reader.errors import Upstream
from reader.ingest.parse.chain import read_item
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.limits import check_entries, too_large
from reader.ingest.parse.model import MAX_DESCRIPTION, ParsedEntry, ParsedFeed
from reader.ingest.parse.values import content, enclosure, enclosures, line, people, plain_title, tags, uid, web_url
from reader.models.entry import Enclosure

NOT_A_FEED = "That address holds data (JSON), but no feed."
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_TRAILING = re.compile(r",(\s*[\]}])")


def parse_json(text: str, url: str) -> ParsedFeed:
    """Parse a JSON Feed that came from ``url``. Raises Upstream("not_a_feed") or "too_large"."""
    document, repaired = _document(text)
    items = document.get("items")
    version = _text(document.get("version")) or ""
    if not isinstance(items, list) or (
        "jsonfeed" not in version and not document.get("title") and not _like_items(items)
    ):
        raise Upstream("not_a_feed", NOT_A_FEED)
    check_entries(len(items))
    feed = ParsedFeed(f"json {_version(version)}", repaired=repaired)
    feed.title = _title(document.get("title"))
    feed.site_url = _address(url, document.get("home_page_url"))
    feed.self_url = _address(url, document.get("feed_url"))
    feed.description = line(_text(document.get("description")), MAX_DESCRIPTION)
    feed.language = line(_text(document.get("language")), 40)
    feed.icon = _address(url, document.get("favicon")) or _address(url, document.get("icon"))
    feed.hub = _hub(document.get("hubs"), url)
    author = _author(document)
    feed.entries = [_entry(item, url, author) for item in items if isinstance(item, Mapping)]
    return feed


def _document(text: str) -> tuple[Mapping[str, object], bool]:
    """The outermost object, and whether the text had to be mended (stray commas, controls, an end too soon)."""
    try:
        document, repaired = orjson.loads(text), False
    except (ValueError, UnicodeError):
        document, repaired = _mended(text), True
    if isinstance(document, list) and document and isinstance(document[0], Mapping) and "items" in document[0]:
        document = document[0]
    if not isinstance(document, Mapping):
        raise Upstream("not_a_feed", NOT_A_FEED)
    return document, repaired


def _mended(text: str) -> object:
    decoder = json.JSONDecoder(strict=False)
    for attempt in (text, _TRAILING.sub(r"\1", text)):
        try:
            return decoder.raw_decode(attempt)[0]
        except RecursionError:
            raise too_large("Its values nest too deep.") from None
        except ValueError:
            pass
    found = _ITEMS.search(text)
    if found is None:
        raise Upstream("not_a_feed", NOT_A_FEED)
    head: dict[str, object] = {}
    try:
        head = decoder.decode(text[: found.start()].rstrip().rstrip(",") + "}")
    except (ValueError, RecursionError):
        head = {"version": "jsonfeed" if "jsonfeed.org/version" in text else ""}
    return {**head, "items": list(_items(decoder, text, found.end()))}


def _items(decoder: json.JSONDecoder, text: str, at: int) -> Iterator[object]:
    """The items of a list that does not end as it should: as many as are whole."""
    while (at := text.find("{", at)) >= 0:
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield item


def _like_items(items: list[object]) -> bool:
    keys = {"content_html", "content_text", "date_published"}
    return bool(items) and isinstance(items[0], Mapping) and bool(keys & items[0].keys())


def _version(written: str) -> str:
    number = written.rstrip("/").rpartition("/")[2][:8] if "version/" in written else ""
    return {"": "1.1", "1": "1.0"}.get(number, number)


def _entry(item: Mapping[str, object], url: str, feed_author: str | None) -> ParsedEntry:
    entry = ParsedEntry(uid=uid(_text(item.get("id"))), base=url)
    told = item.get("_evantr")
    entry.url = _address(url, item.get("external_url"))
    if told is None:  # else ``url`` is the page of a share, and what is shared may have none
        entry.url = _address(url, item.get("url")) or entry.url
    entry.base = entry.url or url
    entry.title = _title(item.get("title")) if told is None else plain_title(_text(item.get("title")))
    entry.author = _author(item) or feed_author
    text = _text(item.get("content_text"))
    entry.content_html = content(_text(item.get("content_html"))) or content(_paragraphs(text) if text else None)
    summary = _text(item.get("summary"))
    entry.summary_html = content(_paragraphs(summary)) if summary and summary.strip() else None
    entry.published_at = parse_date(_text(item.get("date_published")))
    entry.updated_at = parse_date(_text(item.get("date_modified")))
    named = item.get("tags")
    listed = named.split(",") if isinstance(named, str) else named if isinstance(named, list) else []
    entry.tags = tags(_text(tag) for tag in listed[:1000])
    entry.enclosures = enclosures(_attachments(item.get("attachments"), url))
    if entry.content_html is None and entry.summary_html is None:
        entry.media_html = _picture(item, url)
    if told is not None:
        read_item(entry, told, url)
    return entry


def _attachments(listed: object, url: str) -> Iterator[Enclosure | None]:
    for file in listed[:1000] if isinstance(listed, list) else [listed]:
        if isinstance(file, Mapping):
            yield enclosure(
                url, _address(url, file.get("url")), _text(file.get("mime_type")), file.get("size_in_bytes")
            )


def _picture(item: Mapping[str, object], url: str) -> str | None:
    picture = _address(url, item.get("image")) or _address(url, item.get("banner_image"))
    return f'<p><img src="{escape(picture)}" alt=""></p>' if picture else None


def _text(value: object) -> str | None:
    """Strings as they are, numbers (ids, mostly) as text, nothing else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _title(value: object) -> str:
    """Plain text by the specification, yet so many publish it escaped that entities are read as entities, as in Atom's
    titles of type text."""
    written = _text(value) or ""
    return plain_title(unescape(written) if "&" in written else written)


def _address(url: str, value: object) -> str | None:
    return web_url(url, value) if isinstance(value, str) else None


def _paragraphs(text: str) -> str:
    parts = (part.strip() for part in text.replace("\r\n", "\n").split("\n\n"))
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in parts if part).replace("\n", "<br>")


def _author(holder: Mapping[str, object]) -> str | None:
    listed = holder.get("authors")
    found = listed if isinstance(listed, list) and listed else [listed or holder.get("author")]
    return people(_person(person) for person in found[:100]) or people([_person(holder.get("author"))])


def _person(person: object) -> str | None:
    if isinstance(person, Mapping):
        return line(_text(person.get("name")) or _text(person.get("url")), 200)
    return line(_text(person), 200)


def _hub(hubs: object, url: str) -> str | None:
    """The first hub that speaks WebSub."""
    for hub in hubs[:100] if isinstance(hubs, list) else [hubs]:
        if isinstance(hub, Mapping) and (_text(hub.get("type")) or "WebSub").lower() in ("websub", "pubsubhubbub"):
            address = _address(url, hub.get("url"))
            if address:
                return address
    return None
