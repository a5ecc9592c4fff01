"""Judges of published feeds, written from the specifications: RFC 4287, RFC 4685, RFC 5005, RSS 2.0, JSON Feed 1.1.

Each raises AssertionError with the rule that is broken.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
THR = "{http://purl.org/syndication/thread/1.0}"
EV = "{urn:evantr:feed}"
FH = "{http://purl.org/syndication/history/1.0}"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
TYPE = re.compile(r"[^/\s]+/[^/\s]+")
ONCE_FEED = ("generator", "icon", "id", "logo", "rights", "subtitle", "title", "updated")
ONCE_ENTRY = ("content", "id", "published", "rights", "source", "summary", "title", "updated")
DATES = ("updated", "published")
Node = Any


def root_of(body: bytes) -> Node:
    """Well-formed, in the encoding it declares."""
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


# ---- Atom


def judge_atom(body: bytes) -> Node:
    feed = root_of(body)
    assert feed.tag == ATOM + "feed", "4.1.1: the root is atom:feed"
    _once(feed, ONCE_FEED)
    for name in ("id", "title", "updated"):
        assert feed.find(ATOM + name) is not None, f"4.1.1: a feed must have one {name}"
    entries = feed.findall(ATOM + "entry")
    if feed.find(ATOM + "author") is None:
        assert all(entry.find(ATOM + "author") is not None for entry in entries), "4.1.1: authors"
    assert any(link.get("rel") == "self" for link in feed.findall(ATOM + "link")), "4.1.1: a feed should link to itself"
    _common(feed)
    seen = set()
    for entry in entries:
        judge_entry(entry)
        key = (entry.findtext(ATOM + "id"), entry.findtext(ATOM + "updated"))
        assert key not in seen, "4.1.1: entries of one id differ in updated"
        seen.add(key)
    _paging({link.get("rel") for link in feed.findall(ATOM + "link")}, feed.find(FH + "archive") is not None)
    return feed


def judge_entry(entry: Node) -> None:
    _once(entry, ONCE_ENTRY)
    for name in ("id", "title", "updated"):
        assert entry.find(ATOM + name) is not None, f"4.1.2: an entry must have one {name}"
    content = entry.find(ATOM + "content")
    links = entry.findall(ATOM + "link")
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    assert content is not None or alternates, "4.1.2: content or an alternate link"
    pairs = [(link.get("type"), link.get("hreflang")) for link in alternates]
    assert len(pairs) == len(set(pairs)), "4.1.2: one alternate for each type and language"
    if content is not None and (content.get("src") is not None or "/" in content.get("type", "")):
        assert entry.find(ATOM + "summary") is not None, "4.1.2: content that lies elsewhere wants a summary"
    source = entry.find(ATOM + "source")
    if source is not None:
        _once(source, ONCE_FEED)
        for name in ("id", "title", "updated"):
            assert source.find(ATOM + name) is not None, f"4.2.11: a source should keep {name}"
        _common(source)
    _common(entry)
    for answer in entry.findall(THR + "in-reply-to"):
        assert IRI.fullmatch(answer.get("ref", "")), "RFC 4685, 3: ref is an IRI"
    for total in entry.findall(THR + "total"):
        assert (total.text or "").isdigit(), "RFC 4685, 5: total is a number"


def _common(holder: Node) -> None:
    for child in holder:
        assert isinstance(child.tag, str)
        if not child.tag.startswith(ATOM):
            assert child.tag.startswith("{"), "6.4: elements of no namespace have no place"
            continue
        name = child.tag.removeprefix(ATOM)
        if name in DATES:
            assert DATE.fullmatch(child.text or ""), f"3.3: {name} is a date of RFC 3339"
        elif name == "id":
            assert IRI.fullmatch(child.text or ""), "4.2.6: an id is an IRI"
        elif name in ("author", "contributor"):
            names = child.findall(ATOM + "name")
            assert len(names) == 1 and (names[0].text or "").strip(), "3.2.1: a person has one name"
            assert len(child.findall(ATOM + "uri")) <= 1, "3.2.2"
            for uri in child.findall(ATOM + "uri"):
                assert IRI.fullmatch(uri.text or ""), "3.2.2: uri is an IRI"
        elif name in ("title", "subtitle", "summary", "rights"):
            assert child.get("type", "text") in ("text", "html", "xhtml"), f"3.1.1: type of {name}"
            assert len(child) == 0 or child.get("type") == "xhtml", "3.1.1.1: text holds no elements"
        elif name == "link":
            assert IRI.fullmatch(child.get("href", "")), "4.2.7.1: href is an IRI"
            assert child.get("rel", "alternate") != "", "4.2.7.2: rel is not empty"
            assert TYPE.fullmatch(child.get("type", "a/b")), "4.2.7.3: type is a media type"
            assert child.get("length", "1").isdigit(), "4.2.7.6"
        elif name == "category":
            assert child.get("term") is not None, "4.2.2.1: a category must have a term"
        elif name == "content":
            assert child.get("type") == "html" and len(child) == 0, "4.1.3.3: escaped HTML"
        elif name in ("icon", "logo"):
            assert IRI.fullmatch(child.text or ""), f"4.2.5: {name} is an IRI"
        else:
            assert name in ("generator", "entry", "source"), f"unknown: atom:{name}"


def _once(holder: Node, names: tuple[str, ...]) -> None:
    for name in names:
        assert len(holder.findall(ATOM + name)) <= 1, f"4.1: more than one {name}"


def _paging(rels: set[str | None], archive: bool) -> None:
    if archive:
        assert {"current", "self"} <= rels, "RFC 5005, 4: an archive should link to the current document"
    else:
        assert "next-archive" not in rels, "RFC 5005, 4: the current document has nothing newer"


# ---- RSS


def judge_rss(body: bytes) -> Node:
    root = root_of(body)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    (channel,) = root.findall("channel")
    for name in ("title", "link", "description"):
        assert len(channel.findall(name)) == 1 and (channel.findtext(name) or "").strip(), f"channel: {name}"
    assert parsedate_to_datetime(channel.findtext("lastBuildDate") or "")
    rels = {link.get("rel") for link in channel.findall(ATOM + "link")}
    assert "self" in rels, "profile: a channel links to itself"
    _paging(rels, channel.find(FH + "archive") is not None)
    seen = set()
    for item in channel.findall("item"):
        _judge_item(item)
        guid = item.findtext("guid")
        assert guid not in seen, "guids are unique"
        seen.add(guid)
    return root


def _judge_item(item: Node) -> None:
    for name in ("title", "link", "guid", "pubDate", "description", "comments", "source"):
        assert len(item.findall(name)) <= 1, f"profile: one {name}"
    assert item.find("title") is not None or item.find("description") is not None, "an item has title or description"
    guid = item.find("guid")
    assert guid is not None and guid.get("isPermaLink") == "false", "a guid that is no address says so"
    assert parsedate_to_datetime(item.findtext("pubDate") or ""), "pubDate is a date of RFC 822"
    files = item.findall("enclosure")
    assert len(files) <= 1, "profile: one enclosure"
    for file in files:
        assert file.get("length", "").isdigit() and TYPE.fullmatch(file.get("type", "")) and file.get("url")
    for source in item.findall("source"):
        assert IRI.fullmatch(source.get("url", "")), "source has a url"


# ---- JSON Feed

TEXTS = (
    "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon", "language",
)  # fmt: skip
ITEM_TEXTS = (
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
    "language",
)  # fmt: skip


def judge_json_feed(body: bytes) -> dict[str, Any]:
    feed: dict[str, Any] = json.loads(body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    assert isinstance(feed["items"], list)
    for key, value in feed.items():
        if key in TEXTS:
            assert isinstance(value, str), key
            assert not key.endswith("url") or IRI.fullmatch(value), key
        elif key == "authors":
            _authors(value)
        elif key == "hubs":
            assert all(isinstance(hub["type"], str) and IRI.fullmatch(hub["url"]) for hub in value)
        else:
            assert key in ("version", "items", "expired") or key.startswith("_"), f"unknown: {key}"
    assert feed.get("next_url") != feed["feed_url"], "next_url is another page"
    ids = [_judge_json_item(item) for item in feed["items"]]
    assert len(ids) == len(set(ids)), "ids are unique"
    return feed


def _judge_json_item(item: dict[str, Any]) -> str:
    assert "content_html" in item or "content_text" in item, "one of the contents must be there"
    for key, value in item.items():
        if key in ITEM_TEXTS:
            assert isinstance(value, str), key
            assert not key.endswith("url") or IRI.fullmatch(value), key
        elif key in ("date_published", "date_modified"):
            assert DATE.fullmatch(value), key
        elif key == "authors":
            _authors(value)
        elif key == "tags":
            assert all(isinstance(tag, str) for tag in value)
        elif key == "attachments":
            assert all(IRI.fullmatch(file["url"]) and TYPE.fullmatch(file["mime_type"]) for file in value)
        else:
            assert key.startswith("_") and isinstance(value, dict), f"unknown: {key}"
    identity: str = item["id"]
    return identity


def _authors(listed: list[dict[str, str]]) -> None:
    assert listed and all(author.keys() & {"name", "url", "avatar"} for author in listed)
