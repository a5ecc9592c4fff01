"""The way of an entry as feeds of other software, and of another Evantr, tell it."""

from __future__ import annotations

import json

import pytest

from reader.ingest.identify import finish, identify, raw_digest
from reader.ingest.parse import ParsedEntry, parse
from reader.models.share import Chain, Link, Source, pack_chain, unpack_chain

URL = "https://links.example/feed"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:ev="urn:evantr:feed"><id>f</id><title>F</title>{}</feed>'
RSS = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:ev="urn:evantr:feed"><channel><title>F</title>'
    '<atom:link rel="self" href="https://links.example/self.rss"/>{}</channel></rss>'
)


def entry_of(document: str) -> ParsedEntry:
    (entry,) = parse(document.encode(), url=URL).entries
    return entry


def atom(inner: str) -> ParsedEntry:
    return entry_of(ATOM.format(f"<entry><id>1</id><title>T</title>{inner}</entry>"))


def rss(inner: str) -> ParsedEntry:
    return entry_of(RSS.format(f"<item><guid>1</guid><title>T</title>{inner}</item>"))


def item(**fields: object) -> ParsedEntry:
    return entry_of(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", **fields}]}))


def test_a_linkblog_names_where_it_found_it() -> None:
    entry = atom(
        '<link href="https://there.example/a"/><link rel="via" title="Kai\'s notes" href="/kai"/>'
        '<link rel="http://www.iana.org/assignments/relation/via" href="https://no.example/"/>'
        '<link rel="VIA" href="https://lou.example/x"/>'
    )
    assert entry.url == "https://there.example/a"
    assert entry.chain == Chain(
        (
            Link("https://links.example/kai", "Kai's notes", "https://links.example/kai"),
            Link("https://lou.example/x", "lou.example", "https://lou.example/x"),
        )
    )


def test_an_aggregator_names_the_source() -> None:
    entry = atom(
        '<source><id>urn:x</id><title type="html">The &lt;b&gt;Gazette&lt;/b&gt;</title>'
        '<link rel="self" href="https://g.example/feed"/><link href="https://g.example/"/>'
        "<author><name>Ann</name></author></source>"
    )
    assert entry.author == "Ann"
    assert entry.chain == Chain((), Source("The Gazette", "https://g.example/feed", "https://g.example/"))
    bare = atom("<source><id>https://g.example/atom</id><title>G</title></source>")
    assert bare.chain == Chain((), Source("G", "https://g.example/atom", None))
    assert atom("<source/>").chain is None


def test_rss_names_the_source() -> None:
    entry = rss('<source url="https://g.example/rss">The Gazette</source>')
    assert entry.chain == Chain((), Source("The Gazette", "https://g.example/rss", None))
    assert rss('<source url="https://g.example/rss"/>').chain == Chain(
        (), Source("g.example", "https://g.example/rss", None)
    )
    linked = rss('<link>https://there.example/</link><atom:link rel="via" href="https://kai.example/" title="Kai"/>')
    assert linked.chain == Chain((Link("https://kai.example/", "Kai", "https://kai.example/"),))


@pytest.mark.parametrize("source", [URL, "https://links.example/self.rss"])
def test_a_feed_that_names_itself_as_the_source_says_nothing(source: str) -> None:
    assert rss(f'<source url="{source}">F</source>').chain is None


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "", "mailto:a@b.example", "http://"], ids=str
)
def test_what_is_no_address_is_no_step(href: str) -> None:
    assert atom(f'<link rel="via" href="{href}" title="X"/>').chain is None


OURS = (
    '<link href="https://there.example/a"/><published>2026-03-02T10:00:00Z</published>'
    '<link rel="via" href="https://one.example/u/ada/shared" title="ada" ev:id="urn:uuid:1"'
    ' ev:at="2026-03-01T10:00:00Z"><ev:note>First!</ev:note></link>'
    '<ev:share by="bob" href="https://two.example/u/bob/shared" published="2026-02-01T00:00:00Z">Two\nlines</ev:share>'
)
STEPS = (
    Link("urn:uuid:1", "ada", "https://one.example/u/ada/shared", "First!", 1772359200.0),
    Link("1", "bob", "https://two.example/u/bob/shared", "Two\nlines", 1772445600.0),
)
CONTENT = (
    '<blockquote class="evantr-note"><p>bob: Two lines</p></blockquote>\n<p>Text</p><blockquote>kept</blockquote>\n'
    '<p class="evantr-way">From <a href="https://g.example/">G</a></p>'
)


def test_another_evantr_tells_all_steps_and_its_own() -> None:
    escaped = CONTENT.replace("&", "&amp;").replace("<", "&lt;")
    entry = atom(OURS + f'<content type="html">{escaped}</content>')
    assert entry.chain == Chain(STEPS, None, 1769904000.0)
    assert entry.content_html is not None
    assert entry.content_html.strip() == "<p>Text</p><blockquote>kept</blockquote>"


def test_only_what_an_evantr_writes_is_taken_out_of_the_content() -> None:
    escaped = CONTENT.replace("<", "&lt;")
    entry = atom(f'<link rel="via" href="https://k.example/"/><content type="html">{escaped}</content>')
    assert entry.content_html == CONTENT


def test_json_tells_the_same() -> None:
    told = {
        "chain": [
            {"id": "urn:uuid:1", "name": "ada", "url": STEPS[0].url, "note": "First!", "at": "2026-03-01T10:00:00Z"},
            {"id": "1", "name": "bob", "url": STEPS[1].url, "note": "Two\nlines", "at": "2026-03-02T10:00:00Z"},
        ],
        "source": {"title": "G", "url": "https://g.example/feed", "home_page_url": "https://g.example/"},
        "published": "2026-02-01T00:00:00Z",
    }
    entry = item(
        _evantr=told, content_html=CONTENT, url="https://two.example/1", external_url="https://there.example/a"
    )
    assert entry.chain == Chain(STEPS, Source("G", "https://g.example/feed", "https://g.example/"), 1769904000.0)
    assert entry.url == "https://there.example/a"
    assert "evantr" not in (entry.content_html or "")


@pytest.mark.parametrize(
    "told",
    [
        *(1, "x", [], None, {"chain": 7}, {"chain": [1, {}, {"id": 3}]}, {"source": []}, {"source": {"title": 4}}),
        *({"story": "zz"}, {"published": {}}, {"chain": [{"url": "javascript:x"}]}),
    ],
    ids=str,
)
def test_nonsense_in_json_is_passed_over(told: object) -> None:
    assert item(_evantr=told, url="https://a.example/").chain is None


def test_a_story_key_counts_only_where_there_is_no_link() -> None:
    key = "0123456789abcdef" * 2
    share = f'<ev:share by="b" story="{key}"/>'
    bare, linked = atom(share), atom('<link href="https://there.example/a"/>' + share)
    assert (bare.story, linked.story) == (bytes.fromhex(key), None)
    found = identify(parse(ATOM.format(f"<entry><id>1</id>{share}</entry>").encode(), url=URL), feed_url=URL, now=0.0)
    assert found.entries[0].story == bytes.fromhex(key)
    assert atom('<ev:share by="b" story="short"/>').story is None


def test_a_chain_is_bounded() -> None:
    many = "".join(f'<link rel="via" href="https://{n}.example/" title="{"n" * 999}"/>' for n in range(500))
    chain = atom(many + f'<ev:share by="b">{"w" * 5000}</ev:share>').chain
    assert chain is not None
    assert len(chain.links) == 51
    assert len(chain.links[0].name) == 200
    assert len(chain.links[-1].note) == 500


def test_it_is_part_of_the_digest_and_is_stored() -> None:
    plain, told = atom('<link href="https://there.example/a"/>'), atom(OURS)
    other = atom(OURS.replace("First!", "Second!"))
    assert len({raw_digest(entry) for entry in (plain, told, other)}) == 3
    parsed = parse(ATOM.format(f"<entry><id>1</id>{OURS}</entry>").encode(), url=URL)
    (new,) = finish(identify(parsed, feed_url=URL, now=0.0).changed, URL)
    assert new.chain == told.chain


def test_packed_and_unpacked_it_is_the_same() -> None:
    whole = Chain(STEPS, Source("G", None, None, None), None)
    for chain in (whole, Chain(), None):
        assert unpack_chain(pack_chain(chain)) == chain
