"""OPML: what every program writes, what broken files still say, and what no file may do."""

from __future__ import annotations

import base64
import time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from reader.errors import Invalid, Upstream
from reader.ingest.opml import MAX_DEPTH, MAX_OUTLINES, Opml, parse_opml
from workers.batch import perform

HEAD = '<?xml version="1.0"?>\n<opml version="2.0"><head><title>My &amp; list</title></head><body>\n'
FOOT = "\n</body></opml>"


def read(body: str) -> Opml:
    return parse_opml((HEAD + body + FOOT).encode())


def seen(opml: Opml) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(each.xml_url, each.title, each.folders) for each in opml.outlines]


def one(attributes: str) -> tuple[str, str | None]:
    (outline,) = read(f"<outline {attributes}/>").outlines
    return outline.xml_url, outline.title


def test_folders_order_and_lines() -> None:
    opml = read(
        '<outline text="A"><outline text="B">\n<outline type="rss" text="One" title="Uno" xmlUrl="http://one.example/f"'
        ' htmlUrl="http://one.example/"/></outline>\n<outline text="Two" xmlUrl="http://two.example/f"/></outline>\n'
        '<outline title="Three" xmlUrl="http://three.example/f"/><outline xmlUrl="http://one.example/f"/>'
    )
    assert opml.title == "My & list"
    assert seen(opml) == [
        ("http://one.example/f", "One", ("A", "B")),
        ("http://two.example/f", "Two", ("A",)),
        ("http://three.example/f", "Three", ()),
        ("http://one.example/f", None, ()),
    ]
    assert [each.line for each in opml.outlines] == [4, 5, 6, 6]
    assert opml.outlines[0].html_url == "http://one.example/"
    assert opml.skipped == []


@pytest.mark.parametrize(
    ("attributes", "url", "title"),
    [
        ('text="raw & amp" xmlUrl="http://a.example/?a=1&b=2"', "http://a.example/?a=1&b=2", "raw & amp"),
        ('xmlUrl="http://a.example/?a=1&copy=2&lang=en"', "http://a.example/?a=1&copy=2&lang=en", None),
        ('text="a < b" xmlUrl="http://a.example/"', "http://a.example/", "a < b"),
        ('text="The "best" blog" xmlUrl="http://a.example/"', "http://a.example/", 'The "best" blog'),
        ("text=bare xmlUrl=http://a.example/ ", "http://a.example/", "bare"),
        ('text="A"title="B"xmlUrl="http://a.example/"', "http://a.example/", "A"),
        ('text="caf&eacute; &mdash; x" xmlUrl="http://a.example/"', "http://a.example/", "café — x"),
        ('text="AT&amp;amp;T" xmlUrl="http://a.example/"', "http://a.example/", "AT&T"),
        ('text="it&#146;s" xmlUrl="http://a.example/"', "http://a.example/", "it’s"),
        ('text="&lt;b&gt;Bold&lt;/b&gt; news" xmlUrl="http://a.example/"', "http://a.example/", "Bold news"),
        ('text="5 &lt; 6" xmlUrl="http://a.example/"', "http://a.example/", "5 < 6"),
        ('text="" title="T" xmlUrl="http://a.example/"', "http://a.example/", "T"),
        ('text="a\n  b" xmlUrl="http://a.example/"', "http://a.example/", "a b"),
        ('text="&#0;&#xD800;x&#x110000;" xmlUrl="http://a.example/"', "http://a.example/", "\ufffdx&#x110000;"),
        ('text="t" XMLURL="http://a.example/"', "http://a.example/", "t"),
        ('text="t" xmlurl="http://a.example/"', "http://a.example/", "t"),
        ('text="t" xmlURL="http://a.example/"', "http://a.example/", "t"),
        ('text="t" type="rss" url="http://a.example/"', "http://a.example/", "t"),
        ('text="t" xmlUrl=" http://a.example/f\n"', "http://a.example/f", "t"),
        ('text="t" xmlUrl="http://a.example/\tf"', "http://a.example/f", "t"),
        ('text="t" xmlUrl="feed:https://a.example/f"', "https://a.example/f", "t"),
        ('text="t" xmlUrl="feed://a.example/f"', "http://a.example/f", "t"),
        ('text="t" xmlUrl="pcast://a.example/f"', "http://a.example/f", "t"),
        ('text="t" xmlUrl="//a.example/f"', "https://a.example/f", "t"),
        ('text="t" xmlUrl="www.a.example/f"', "http://www.a.example/f", "t"),
        ('text="t" xmlUrl="http://a.example/ü b"', "http://a.example/%C3%BC%20b", "t"),
        ('text="t" xmlUrl="http://bücher.example/f"', "http://xn--bcher-kva.example/f", "t"),
        ('text="t" xmlUrl="http://u:p@a.example/f"', "http://u:p@a.example/f", "t"),
        ('text="t" type="link" xmlUrl="http://a.example/f"', "http://a.example/f", "t"),
        ('text="t" xmlUrl="http://a.example/?x=1&amp;amp;y=2"', "http://a.example/?x=1&y=2", "t"),
    ],
)
def test_one_outline(attributes: str, url: str, title: str | None) -> None:
    found = one(attributes)
    assert found[0] == url
    assert found[1] == title or (title is not None and "\ufffd" in title and "x" in (found[1] or ""))


@pytest.mark.parametrize(
    "attributes",
    [
        'xmlUrl="javascript:alert(1)"', 'xmlUrl="file:///etc/passwd"', 'xmlUrl="data:text/xml,x"',
        'xmlUrl="http://127.0.0.1/"', 'xmlUrl="http://0x7f.1/"', 'xmlUrl="http://[::1]/"', 'xmlUrl="http://2130706433/"',
        'xmlUrl="http://169.254.169.254/latest"', 'xmlUrl="http://10.0.0.1/"', 'xmlUrl="http://localhost/f"',
        'xmlUrl="http://a.localhost:8080/f"', 'xmlUrl="http://u@LOCALHOST/f"', 'xmlUrl="feed/rss.xml"',
        'xmlUrl="/rss"', 'xmlUrl="exec:~/bin/x"', 'xmlUrl="query:unread:unread = 1"', 'xmlUrl=""', 'type="rss"',
        'type="link" url="http://a.example/"', 'type="include" url="http://a.example/x.opml"', 'xmlUrl="http://"',
        'xmlUrl="http:///x"', 'xmlUrl="http://a b/x"', 'htmlUrl="http://a.example/"', 'xmlUrl="ftp://a.example/f"',
        'xmlUrl="http://a.example/f" isComment="true"', f'xmlUrl="http://a.example/{"x" * 5000}"',
    ],
)  # fmt: skip
def test_skipped_with_a_reason(attributes: str) -> None:
    opml = read(f'<outline text="one" xmlUrl="http://one.example/f"/>\n<outline text="bad" {attributes}/>')
    assert [each.title for each in opml.outlines] == ["one"]
    (skipped,) = opml.skipped
    assert skipped.line == 4
    assert skipped.reason.endswith(".") and len(skipped.reason) > 15


@pytest.mark.parametrize(
    "text",
    [
        '<opml version="1.0"><body>{}</body></opml>', '<opml version="1.1"><head/><body>{}</body></opml>',
        "<opml>{}</opml>", "<body>{}</body>", "{}", '<opml xmlns="http://opml.example/x"><body>{}</body></opml>',
        '<o:opml xmlns:o="http://x.example/"><o:body>{}</o:body></o:opml>', "<opml><head>{}</head></opml>",
        "\ufeff<opml><body>{}", "\n\n  <opml><body>{}</body>", "junk before <opml><body>{}</body></opml> junk after",
        "<!-- a > b --><opml><body>{}</body></opml>", "<OPML><BODY>{}</BODY></OPML>",
        '<!DOCTYPE opml [<!ENTITY a "aa">]><opml><body>{}</body></opml>',
        "<?xml version='1.1'?><opml><body>{}</body></opml>",
        "<opml><body>{}</outline></outline></body></opml>", '<opml><!--<outline xmlUrl="http://no.example/"/>-->{}</opml>',
        '<opml><![CDATA[<outline xmlUrl="http://no.example/"/>]]><body>{}</body></opml>',
    ],
)  # fmt: skip
def test_frames_of_all_kinds(text: str) -> None:
    inner = '<outline text="F"><outline text="One" xmlUrl="http://one.example/f"/></outline>'
    assert seen(parse_opml(text.format(inner).encode())) == [("http://one.example/f", "One", ("F",))]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("cp1251", "windows-1251"), ("cp1251", None), ("cp1251", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", None),
     ("utf-8-sig", "iso-8859-1"), ("utf-8", "windows-1251"), ("utf-16", None), ("koi8-r", "koi8-r")],
)  # fmt: skip
def test_encodings(encoding: str, declared: str | None) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    text = f'{declaration}<opml><body><outline text="Новости дня и погода" xmlUrl="http://a.example/"/></body></opml>'
    assert seen(parse_opml(text.encode(encoding))) == [("http://a.example/", "Новости дня и погода", ())]


def test_a_feed_with_children_is_a_feed_and_a_folder() -> None:
    opml = read('<outline text="P" xmlUrl="http://p.example/"><outline text="C" xmlUrl="http://c.example/"/></outline>')
    assert seen(opml) == [("http://p.example/", "P", ()), ("http://c.example/", "C", ("P",))]


def test_ends_that_are_missing() -> None:
    opml = read(
        '<outline text="F"><outline text="A" xmlUrl="http://a.example/"><outline text="B" xmlUrl="http://b.example/">'
    )
    assert seen(opml) == [("http://a.example/", "A", ("F",)), ("http://b.example/", "B", ("F",))]


def test_a_file_cut_short_keeps_what_is_whole() -> None:
    whole = '<outline text="F"><outline text="A" xmlUrl="http://a.example/"/>\n<outline text="B" xmlUrl="http://b.exam'
    opml = parse_opml((HEAD + whole).encode())
    assert seen(opml) == [("http://a.example/", "A", ("F",))]
    assert [each.line for each in opml.skipped] == [4]


def test_categories_stand_in_for_folders_at_the_top() -> None:
    opml = read(
        '<outline text="A" category="/Tech/Web,/News" xmlUrl="http://a.example/"/>'
        '<outline text="B" category="tech,web" xmlUrl="http://b.example/"/>'
        '<outline text="F"><outline text="C" category="/X" xmlUrl="http://c.example/"/></outline>'
    )
    assert [each.folders for each in opml.outlines] == [("Tech", "Web"), ("News",), (), ("F",)]


def test_folders_without_a_name_are_no_level() -> None:
    opml = read('<outline><outline text=" "><outline text="A" xmlUrl="http://a.example/"/></outline></outline>')
    assert seen(opml) == [("http://a.example/", "A", ())]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"PK\x03\x04", "zip"), (b"\x1f\x8b\x08", "gzip"), (b'{"feeds": []}', "JSON"),
        (b"", "empty"), (b"\n \n", "empty"),
        (b'<rss version="2.0"><channel/></rss>', "feed itself"), (b"<feed xmlns='x'/>", "feed itself"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "web page"), (b"http://a.example/\n", "list of addresses"),
        (b"%PDF-1.4", "PDF"), (b"hello", "hello"), (b"\x00\x01\x02\xff", "This is not"), (b"<plist/>", "<plist/>"),
    ],
)  # fmt: skip
def test_what_is_no_opml_is_told(body: bytes, word: str) -> None:
    with pytest.raises(Invalid, match="This is not an OPML file") as caught:
        parse_opml(body)
    assert word in str(caught.value)


def test_an_empty_list_is_opml() -> None:
    assert parse_opml(b"<opml/>") == Opml()


def test_limits() -> None:
    with pytest.raises(Upstream, match="100,000 feeds"):
        read('<outline xmlUrl="http://a.example/"/>' * (MAX_OUTLINES + 1))
    with pytest.raises(Upstream, match="20 MB"):
        parse_opml(b" " * 20_000_001)


def test_deep_nesting_keeps_the_feed() -> None:
    opml = read('<outline text="x">' * 10_000 + '<outline xmlUrl="http://a.example/"/>' + "</outline>" * 10_000)
    assert [len(each.folders) for each in opml.outlines] == [MAX_DEPTH]
    assert "deeper" in opml.skipped[0].reason


def test_entities_of_a_document_type_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 40))
    body = f'<!DOCTYPE opml [<!ENTITY l0 "ha"><!ENTITY x SYSTEM "file:///etc/passwd">{laughs}]>'
    opml = parse_opml((body + '<opml><outline text="&l39;&x;" xmlUrl="http://a.example/"/></opml>').encode())
    assert seen(opml) == [("http://a.example/", "&l39;&x;", ())]


@pytest.mark.parametrize(
    "bad",
    [
        '<outline text="' * 100_000, "<outline " * 100_000, "<!--" * 500_000, "<outline text='" + '"' * 2_000_000,
        "<" * 2_000_000, '<outline text="a" "' * 60_000, "<outline " + 'a="b" ' * 300_000, "<a:" * 500_000,
        '<outline text="' + '" a ' * 4000 + ">", "&#99999999999;" * 100_000, "<!DOCTYPE " + "[" * 100_000,
        '<outline text="a"' + " " * 1_000_000, "<!DOCTYPE x " * 100_000, "</" * 1_000_000, '<x a="' * 300_000,
    ],
    ids=range(15),
)  # fmt: skip
def test_no_input_takes_long(bad: str) -> None:
    started = time.process_time()
    try:
        parse_opml(("<opml>" + bad).encode())
    except Upstream as error:
        assert error.kind == "too_large"
    assert time.process_time() - started < 6.0  # about 1 on an idle machine


def test_fifty_thousand_outlines() -> None:
    body = "\n".join(
        f'<outline text="Feed {n}" type="rss" xmlUrl="http://h{n}.example/f?a={n}&amp;b=1" htmlUrl="http://h{n}.example/"/>'
        for n in range(50_000)
    )
    started = time.process_time()
    opml = read(body)
    assert len(opml.outlines) == 50_000 and opml.outlines[-1].line == 50_002
    assert time.process_time() - started < 2.0


texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Cf", "Co", "Zl", "Zp", "Zs")), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.tuples(st.just("feed"), texts), lambda inner: st.tuples(texts, st.lists(inner, max_size=3)), max_leaves=12
    )
)
def test_well_formed_files_read_as_a_parser_reads_them(tree: tuple[str, object]) -> None:
    root = etree.Element("opml", version="2.0")
    count = _grow(etree.SubElement(root, "body"), tree, 0)
    body = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    found = parse_opml(body)
    expected = []
    for node in etree.fromstring(body).iter("outline"):
        if node.get("xmlUrl"):
            expected.append((node.get("xmlUrl"), sum(1 for a in node.iterancestors("outline"))))
    assert [(each.xml_url, len(each.folders)) for each in found.outlines] == expected
    assert len(expected) == count


def _grow(parent: etree._Element, tree: tuple[str, object], count: int) -> int:
    name, inner = tree
    if isinstance(inner, str):
        etree.SubElement(parent, "outline", text=f"x{inner}", xmlUrl=f"http://h{count}.example/f")
        return count + 1
    node = etree.SubElement(parent, "outline", text=f"x{name}", other='"<&>"')
    assert isinstance(inner, list)
    for each in inner:
        count = _grow(node, each, count)
    return count


PIECES = [
    "<outline ", "text=", '"', "'", "xmlUrl=", "http://a.example/", "/>", ">", "</outline>", "<!--", "-->", "<![CDATA[",
    "]]>", "&", "&#xD800;", "\x00", "<", "=", "<opml>", "\ud800", "é", "<?", "?>", "<!DOCTYPE [",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_nothing_raises_but_what_is_meant(pieces: list[str]) -> None:
    try:
        opml = parse_opml("".join(pieces).encode("utf-8", "surrogatepass"))
    except Invalid:
        return
    for each in opml.outlines:
        each.xml_url.encode("ascii")
        (each.title or "").encode("utf-8")


def batch(body: bytes) -> dict[str, Any]:
    line = orjson.dumps({"id": 7, "body": base64.b64encode(body).decode()})
    answer: dict[str, Any] = orjson.loads(perform("opml", line))
    return answer


def test_batch_command() -> None:
    inner = '<outline xmlUrl="http://a.example/f"/>\n<outline xmlUrl="file:x"/>'
    answer = batch((HEAD + inner + FOOT).encode())
    assert answer["id"] == 7
    assert answer["outlines"] == [{"xml_url": "http://a.example/f", "title": None, "html_url": None, "folders": []}]
    assert answer["skipped"][0]["line"] == 4
    bad = batch(b"PK\x03\x04")
    assert bad["error"]["kind"] == "invalid" and "zip" in bad["error"]["message"]
