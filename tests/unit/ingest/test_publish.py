"""Streams as other readers take them: by the rules of each format, good to look at, and read back without loss."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.ingest.parse import ParsedEntry, ParsedFeed, parse
from reader.ingest.publish import FORMATS, TYPES, Document, Format, Item, Pages, write
from reader.ingest.publish.model import share_urn, stream_urn
from reader.models.entry import Enclosure, SafeHtml
from reader.models.share import Chain, Link, Source
from tests.helpers.formats import ATOM, EV, THR, judge_atom, judge_json_feed, judge_rss

AT = 1_767_225_600.0
HERE = "https://two.example/u/bob/shared"
ADA = Link("urn:uuid:11111111-1111-1111-1111-111111111111", "ada", "https://one.example/u/ada", "Read <this>!", AT - 60)
KAI = Link("https://kai.example/", "Kai & Lou", "https://kai.example/")
BOB = Link(share_urn(7, AT), "bob", HERE, "Two lines,\n& more", AT)
GAZETTE = Source("The Gazette", "https://g.example/feed", "https://g.example/")
FILES = (Enclosure("https://g.example/a.mp3", "audio/mpeg", 123), Enclosure("https://g.example/b", None, None))
ITEM = Item(
    step=BOB,
    page="https://two.example/shares/7",
    url="https://g.example/story?a=1&b=2",
    title="AT&T said: a < b",
    author="Ann Author",
    summary="In short: 1 < 2",
    content=SafeHtml('<p>Text &amp; <a href="https://g.example/x">more</a></p><blockquote>kept</blockquote>'),
    shared_at=AT,
    updated_at=AT + 5,
    published_at=AT - 3600,
    tags=("harbour", "ü & ä"),
    enclosures=FILES,
    before=(KAI, ADA),
    source=GAZETTE,
    comments=3,
)
BARE = Item(
    step=Link(share_urn(8, AT + 1), "bob", HERE, "", AT + 1),
    page="https://two.example/shares/8",
    url=None,
    title="",
    author=None,
    summary="",
    content=SafeHtml(""),
    shared_at=AT + 1,
    updated_at=AT + 1,
    story=bytes(range(16)),
)
STREAM = Document(
    id=stream_urn(3, AT),
    url="https://two.example/u/bob/shared.atom",
    page=HERE,
    title="Shared items of bob",
    description="What bob likes",
    owner="bob",
    owner_url="https://two.example/u/bob",
    updated_at=AT + 5,
    pages=Pages("https://two.example/u/bob/shared.atom", older="https://two.example/u/bob/shared.atom?archive=2"),
    hub="https://two.example/hub",
    icon="https://two.example/static/icon.png",
    items=(BARE, ITEM),
)
JUDGES: dict[Format, Any] = {"atom": judge_atom, "rss": judge_rss, "json": judge_json_feed}


def read(format: Format, document: Document = STREAM) -> ParsedFeed:
    body = write(format, document)
    JUDGES[format](body)
    feed = parse(body, url=document.url, content_type=TYPES[format])
    assert not feed.repaired
    return feed


def read_item(format: Format, item: Item) -> ParsedEntry:
    (entry,) = read(format, replace(STREAM, items=(item,))).entries
    return entry


@pytest.mark.parametrize("format", FORMATS)
def test_the_stream_is_read_back(format: Format) -> None:
    feed = read(format)
    assert feed.title == STREAM.title
    assert feed.description == STREAM.description
    assert feed.site_url == STREAM.page
    assert feed.self_url == STREAM.url
    assert feed.hub == STREAM.hub
    assert feed.icon == STREAM.icon
    assert [entry.uid for entry in feed.entries] == [BARE.step.id, ITEM.step.id]


@pytest.mark.parametrize("format", FORMATS)
def test_everything_of_a_share_is_read_back(format: Format) -> None:
    entry = read_item(format, ITEM)
    assert (entry.url, entry.title, entry.author) == (ITEM.url, ITEM.title, ITEM.author)
    assert (entry.content_html or "").strip() == ITEM.content
    assert entry.summary_html is not None and "In short: 1 &lt; 2" in entry.summary_html
    assert (entry.published_at, entry.updated_at) == (ITEM.shared_at, ITEM.updated_at)
    assert entry.tags == ITEM.tags
    assert [file.url for file in entry.enclosures] == [file.url for file in FILES]
    assert entry.enclosures[0] == FILES[0]
    assert entry.chain == Chain((KAI, ADA, BOB), GAZETTE, ITEM.published_at)
    if format != "json":
        assert entry.comments_url == ITEM.page + "#comments"


@pytest.mark.parametrize("format", FORMATS)
def test_a_share_of_what_has_no_link_is_read_back(format: Format) -> None:
    entry = read_item(format, BARE)
    assert entry.story == BARE.story
    assert entry.url == (None if format == "json" else BARE.page)
    assert not (entry.content_html or "").strip()
    assert entry.chain == Chain((BARE.step,))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "title",
    ["<b>bold</b> is a tag", "&amp; is written &amp;amp;", "Vec<T>", "a  b", "R&D", "<script>", "I ❤ \U0001f600"],
)
def test_titles_that_look_like_markup(format: Format, title: str) -> None:
    assert read_item(format, replace(ITEM, title=title)).title == " ".join(title.split())


@pytest.mark.parametrize("format", FORMATS)
def test_the_writer_is_never_who_shares(format: Format) -> None:
    """Without an author the source stands in for other readers; an Evantr knows that nobody is known."""
    unknown = replace(ITEM, author=None)
    shown = feedparser.parse(write(format, replace(STREAM, items=(unknown,)))) if format != "json" else None
    if shown is not None:
        assert shown.entries[0].author == "The Gazette"
    assert read_item(format, unknown).author is None
    assert read_item(format, ITEM).author == "Ann Author"


@pytest.mark.parametrize("source", [Source("G", None, "https://g.example/"), Source("G", "https://g.example/f", None),
                                    Source("G", None, None)], ids=str)  # fmt: skip
@pytest.mark.parametrize("format", FORMATS)
def test_sources_with_less(format: Format, source: Source) -> None:
    chain = read_item(format, replace(ITEM, source=source)).chain
    assert chain is not None
    assert chain.source == source


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_what_another_reader_shows(format: Format) -> None:
    """By a library that many readers use."""
    shown = feedparser.parse(write(format, STREAM))
    assert not shown.bozo
    assert shown.feed.title == STREAM.title
    entry = shown.entries[1]
    assert (unescape(entry.title), entry.link, entry.author) == (ITEM.title, ITEM.url, ITEM.author)
    body = entry.content[-1].value
    assert "<b>bob:</b> Two lines,<br" in body
    assert body.index("Two lines") < body.index("Text &amp;") < body.index("From <a")
    assert ">The Gazette</a>, passed on by " in body
    assert ">Kai &amp; Lou</a> and <a" in body
    assert [(link.title, link.href) for link in entry.links if link.rel == "via"] == [
        ("Kai & Lou", "https://kai.example/"), ("ada", "https://one.example/u/ada"),
    ]  # fmt: skip
    assert entry.source.title == "The Gazette"


def test_the_chain_in_standard_elements() -> None:
    feed = judge_atom(write("atom", STREAM))
    bare, entry = feed.findall(ATOM + "entry")
    source = entry.find(ATOM + "source")
    assert source.findtext(ATOM + "id") == GAZETTE.url
    assert {link.get("rel"): link.get("href") for link in source.findall(ATOM + "link")} == {
        "self": GAZETTE.url,
        "alternate": GAZETTE.site_url,
    }
    answer = entry.find(THR + "in-reply-to")
    assert (answer.get("ref"), answer.get("href")) == (ADA.id, ADA.url)
    assert entry.findtext(THR + "total") == "3"
    (replies,) = [link for link in entry.findall(ATOM + "link") if link.get("rel") == "replies"]
    assert (replies.get("href"), replies.get(THR + "count")) == (ITEM.page + "#comments", "3")
    assert entry.findtext(f"{ATOM}contributor/{ATOM}name") == "bob"
    assert entry.find(EV + "share").text == BOB.note
    assert bare.find(THR + "in-reply-to") is None
    told = judge_json_feed(write("json", STREAM))["items"][1]
    assert told["external_url"] == ITEM.url
    assert told["url"] == ITEM.page
    assert [step["name"] for step in told["_evantr"]["chain"]] == ["Kai & Lou", "ada", "bob"]
    assert told["_evantr"]["source"]["title"] == "The Gazette"


ARCHIVE = replace(
    STREAM,
    url="https://two.example/u/bob/shared.atom?archive=2",
    pages=Pages(
        STREAM.url, older=STREAM.url + "?archive=1", newer=STREAM.url + "?archive=3", archive=True
    ),
)  # fmt: skip


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_archives_are_linked_as_rfc_5005_wants(format: Format) -> None:
    def rels(document: Document) -> dict[str, str]:
        links = JUDGES[format](write(format, document)).iter(ATOM + "link")
        return {link.get("rel"): link.get("href") for link in links if "archive" in link.get("href")}

    assert rels(STREAM) == dict.fromkeys(("prev-archive", "next"), STREAM.url + "?archive=2")
    assert rels(ARCHIVE) == {
        "self": ARCHIVE.url,
        "prev-archive": STREAM.url + "?archive=1",
        "next": STREAM.url + "?archive=1",
        "next-archive": STREAM.url + "?archive=3",
        "previous": STREAM.url + "?archive=3",
    }
    newest = replace(ARCHIVE, pages=replace(ARCHIVE.pages, newer=None))
    assert "next-archive" not in rels(newest)


def test_json_has_the_next_page() -> None:
    feed = json.loads(write("json", STREAM))
    assert feed["next_url"] == STREAM.url + "?archive=2"
    last = json.loads(write("json", replace(STREAM, pages=Pages(STREAM.url))))
    assert "next_url" not in last


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_values_give_the_same_bytes(format: Format) -> None:
    assert write(format, STREAM) == write(format, STREAM)


def test_ids_are_stable_and_tell_instances_apart() -> None:
    assert share_urn(7, 1767225600.25) == "urn:uuid:" + share_urn(7, 1767225600.25)[9:]
    assert share_urn(7, AT) == share_urn(7, AT) != share_urn(7, AT + 1e-6)
    assert share_urn(7, AT) != stream_urn(7, AT)


@pytest.mark.parametrize("format", FORMATS)
def test_an_enclosure_of_no_type(format: Format) -> None:
    odd = (Enclosure("https://g.example/a", "mp3", 5), Enclosure("https://g.example/b", "audio/*", None))
    assert [file.url for file in read_item(format, replace(ITEM, enclosures=odd)).enclosures] == [
        "https://g.example/a", "https://g.example/b",
    ]  # fmt: skip


TEXT = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() != "")


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(FORMATS))
def test_any_text_is_written_by_the_rules(title: str, note: str, name: str, content: str, format: Format) -> None:
    """Names and notes pass through whole, but for white space and what nobody can see."""
    step = replace(BOB, note=note)
    item = replace(ITEM, title=title, step=step, before=(replace(ADA, name="x" + name),), content=SafeHtml(content))
    body = write(format, replace(STREAM, items=(item,), title="t" + title))
    JUDGES[format](body)
    (entry,) = parse(body, url=STREAM.url).entries
    assert entry.chain is not None
    assert [link.id for link in entry.chain.links] == [ADA.id, BOB.id]
