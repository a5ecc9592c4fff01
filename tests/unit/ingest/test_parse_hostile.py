# ruff: noqa: E501  # documents as they are
"""Broken, wrong and hostile documents."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reader.errors import Upstream
from reader.ingest.parse import ParsedFeed, parse
from reader.ingest.parse.encoding import decode
from reader.ingest.parse.limits import MAX_ENTRIES
from reader.ingest.parse.model import MAX_CONTENT, MAX_TITLE

from .test_parse_formats import ATOM, RSS, URL


def rss(inner: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><title>T</title>{inner}</channel></rss>".encode()


def parsed(body: bytes, content_type: str | None = None) -> ParsedFeed:
    return parse(body, url=URL, content_type=content_type)


POISON = [
    "&#xD800;",
    "&#55357;",
    "&#x110000;",
    "&#99999999999;",
    "&#0;",
    "&#x1F;",
    "\x00",
    "\x0b",
    "&#xFFFF;",
    "&#x;",
    "&#;",
]


@pytest.mark.parametrize("poison", POISON)
def test_poison_costs_no_entry(poison: str) -> None:
    feed = parsed(rss(f"<item><title>A{poison}B</title></item><item><title>C</title></item>"))
    assert feed.repaired and len(feed.entries) == 2
    title = feed.entries[0].title
    assert title.startswith("A") and title.endswith("B") and title.encode().isascii()
    assert "\x00" not in title


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        ("AT&T & co", "AT&T & co"),
        ("caf&eacute;&nbsp;x", "café x"),
        ("a &bogus; b", "a &bogus; b"),
        ("2 &lt; 3 &copy; &hellip;", "2 < 3 © …"),
        ("<![CDATA[a &nbsp; b & c]]> &", "a b & c &"),
    ],
)
def test_references_are_mended(broken: str, title: str) -> None:
    feed = parsed(rss(f"<item><title>{broken}</title></item>"))
    assert feed.repaired and feed.entries[0].title == title


@pytest.mark.parametrize(
    "document",
    [
        RSS[: RSS.index("<item><guid>")],  # cut off
        RSS.replace("</guid>", "", 1),
        RSS.replace("</channel>", ""),
        RSS.replace("<language>", "<b><language>"),
        RSS.replace('version="2.0"', "version=2.0"),
        RSS.replace('xmlns:dc="http://purl.org/dc/elements/1.1/"', ""),
        "\n\n  " + RSS,
        "<br />\n<b>Warning</b>: something in <b>x.php</b><br />\n" + RSS,
        RSS + "<!-- served in 3 ms",
        RSS + "<script>x</script>",
        "\ufeff" + RSS,
        RSS.replace("<item>", "<item attribute>", 1),
    ],
)
def test_ill_formed_documents_yield_what_can_be_read(document: str) -> None:
    feed = parsed(document.encode())
    assert "Gazette" in feed.title
    assert feed.entries[0].title == 'First things first "now"'
    assert feed.entries[0].content_html == "<p>The <b>long</b> of it</p>"
    assert feed.entries[0].published_at == 1055217600.0


def test_entities_of_a_dtd_are_not_expanded() -> None:
    bomb = (
        "<!DOCTYPE rss [<!ENTITY a 'ha'>"
        + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
        + "]>"
    )
    start = time.perf_counter()
    with pytest.raises(Upstream) as caught:
        parsed(rss("<item><title>x &j; y</title></item>", bomb))
    assert time.perf_counter() - start < 1
    assert caught.value.kind == "too_large"
    assert parsed(rss("<item><title>x &b; y</title></item>", bomb)).entries[0].title == "x " + "ha" * 10 + " y"


@pytest.mark.parametrize("system", ["file:///etc/passwd", "http://169.254.169.254/"])
def test_external_entities_are_not_read(system: str) -> None:
    feed = parsed(rss("<item><title>x&e;y</title></item>", f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{system}">]>'))
    assert "root:" not in feed.entries[0].title


def test_html_doctype_entities_work_as_netscape_meant() -> None:
    doctype = (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    )
    assert parsed(rss("<item><title>caf&eacute;</title></item>", doctype)).entries[0].title == "café"


def test_limits() -> None:
    many = "".join(f"<item><title>{n}</title></item>" for n in range(MAX_ENTRIES))
    assert len(parsed(rss(many)).entries) == MAX_ENTRIES
    with pytest.raises(Upstream, match="more than"):
        parsed(rss(many + "<item/>"))
    long = parsed(rss(f"<item><title>{'word ' * 500_000}</title><description>{'x' * 3_000_000}</description></item>"))
    assert len(long.entries[0].title) <= MAX_TITLE and long.entries[0].title.endswith("…")
    content = long.entries[0].content_html or ""
    assert MAX_CONTENT <= len(content) < MAX_CONTENT + 50 and "[…]" in content
    assert parsed(rss(f"<item><link>https://x.example/{'a' * 5000}</link></item>")).entries[0].url is None
    with pytest.raises(Upstream) as caught:
        parsed(b" " * 20_000_001)
    assert caught.value.kind == "too_large"


def test_deep_nesting_ends() -> None:
    start = time.perf_counter()
    with pytest.raises(Upstream, match="nest"):
        parsed(rss("<item><title>A</title>" + "<div>" * 20_000 + "</div>" * 20_000 + "</item>"))
    assert time.perf_counter() - start < 3
    with pytest.raises(Upstream, match="nest"):
        parsed(b"[" * 100_000)


CYRILLIC = "Привет, мир. Сегодня в городе хорошая погода, и все читают новости. " * 5


@pytest.mark.parametrize(
    ("encoding", "declared", "header", "told"),
    [
        ("windows-1251", "windows-1251", None, "windows-1251"),
        ("windows-1251", None, "text/xml; charset=windows-1251", "windows-1251"),
        ("windows-1251", None, None, "windows-1251"),
        ("windows-1251", "utf-8", None, "windows-1251"),
        ("koi8-r", "koi8-r", None, "koi8-r"),
        ("utf-8", "windows-1251", None, "utf-8"),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1", "utf-8"),
        ("utf-8", None, "text/xml; charset=us-ascii", "utf-8"),
        ("utf-8-sig", "utf-16", None, "utf-8"),
        ("utf-16", "utf-16", None, "utf-16"),
        ("utf-16-le", "utf-16", None, "utf-16le"),
        ("utf-16", None, "text/xml; charset=utf-8", "utf-16"),
        ("utf-8", "utf-16", None, "utf-8"),
        ("utf-8", "no-such-charset", "text/xml; charset=", "utf-8"),
        ("utf-8", "hex", None, "utf-8"),
    ],
)
def test_charsets(encoding: str, declared: str | None, header: str | None, told: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    body = f"{head}<rss version='2.0'><channel><item><title>{CYRILLIC}</title></item></channel></rss>".encode(encoding)
    feed = parsed(body, header)
    assert feed.entries[0].title == CYRILLIC.strip()
    assert feed.encoding == told


def test_a_few_spoilt_bytes_do_not_change_the_charset() -> None:
    body = rss(f"<item><title>{CYRILLIC}</title></item>").replace(b"<title>T", b"<title>T\xff\xe9")
    feed = parsed(body)
    assert feed.encoding == "utf-8" and feed.entries[0].title == CYRILLIC.strip()


@given(st.binary(max_size=300), st.sampled_from([None, "text/xml; charset=utf-16", "x; charset=cp037", "charset=\x00"]))
def test_decode_raises_nothing(body: bytes, content_type: str | None) -> None:
    text, name = decode(body, content_type)
    assert isinstance(text, str) and "".encode(name) is not None


def survives(body: bytes, content_type: str | None = None) -> None:
    try:
        feed = parse(body, url=URL, content_type=content_type)
    except Upstream as error:
        assert error.kind in ("not_a_feed", "too_large", "encoding")
        return
    for entry in feed.entries:
        for text in (entry.uid, entry.title, entry.author, entry.url, *entry.tags):
            if text:
                text.encode("utf-8")
                assert "\x00" not in text
        assert all(file.url.lower().startswith(("http://", "https://")) for file in entry.enclosures)
        assert entry.url is None or entry.url.lower().startswith(("http://", "https://"))


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@FUZZ
@given(st.binary(max_size=400))
@example(b"<rss><channel><item><title>\xed\xa0\x80</title></item></channel></rss>")
def test_arbitrary_bytes(body: bytes) -> None:
    survives(body)
    survives(b"<rss><channel><item><title>" + body)
    survives(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='xhtml'>" + body + b"</content></entry></feed>"
    )


@FUZZ
@given(st.data())
def test_documents_with_damage(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([RSS, ATOM])).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        piece = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([p.encode() for p in POISON]), st.just(b"<"))
        )
        body[at : at + data.draw(st.integers(0, 40))] = piece
        body = body or bytearray(b"x")
    survives(bytes(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = "id url title content_html content_text summary date_published tags attachments authors author".split()  # noqa: SIM905


@FUZZ
@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), max_size=3),
    st.dictionaries(st.sampled_from(["title", "hubs", "authors", "favicon", "home_page_url", "version"]), JSON),
)
def test_json_feeds_of_any_shape(items: list[object], head: dict[str, object]) -> None:
    survives(json.dumps({"version": "https://jsonfeed.org/version/1.1", **head, "items": items}).encode())


@pytest.mark.parametrize(
    "inner",
    ["<![CDATA[" * 300_000, "<!--" * 500_000, "<!DOCTYPE [" * 200_000, "&" * 1_000_000, "&#" * 500_000,
     "<item" * 300_000,
     "<item>" * 200_000, "<title>" * 50_000, "<title>" * 200_000, "\x00" * 1_000_000, "<item a='" * 200_000, "]]>" * 300_000],
    ids=lambda inner: ascii(inner[:12]),
)  # fmt: skip
def test_hostile_repetition_costs_bearable_time(inner: str) -> None:
    start = time.perf_counter()
    survives(rss(inner))
    survives(rss("<item><title>x</title></item>", inner))
    assert time.perf_counter() - start < 8


@pytest.mark.parametrize("address", ["http://[::1", "http://a[b/c", "http://['x']/", "https://x.example]/y"])
def test_an_address_that_cannot_be_taken_apart_costs_nothing_else(address: str) -> None:
    links = f"<link>{address}</link><image><url>{address}</url></image>"
    feed = parsed(rss(f"{links}<item><title>A</title><link>{address}</link><guid>{address}</guid></item>"))
    assert feed.site_url is None and feed.icon is None
    assert [(entry.title, entry.url, entry.uid) for entry in feed.entries] == [("A", None, address)]


def test_what_feedparser_holds_in_objects_is_passed_over() -> None:
    body = (
        '<feed xmlns="http://www.w3.or\ufffd/2005/Atom"><logo>l</lo\ufffdo><icon xml:base="img">icon.png</icon></feed>'
    )
    assert parsed(body.encode()).entries == []
