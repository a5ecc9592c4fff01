# ruff: noqa: E501  # documents as they are
from __future__ import annotations

import json

import pytest

from reader.errors import Upstream
from reader.ingest.parse import ParsedEntry, ParsedFeed, parse
from reader.models.entry import Enclosure

URL = "https://gazette.example/feeds/main.xml"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
 <title>The &amp;amp; Gazette</title><link>https://gazette.example/</link><description>News of &lt;b&gt;all&lt;/b&gt; kinds</description>
 <atom:link rel="self" href="https://gazette.example/feeds/main.xml"/><atom:link rel="hub" href="https://hub.example/"/>
 <language>en-gb</language><ttl>90</ttl><skipHours><hour>0</hour><hour>23</hour><hour>24</hour></skipHours>
 <image><url>/logo.png</url><title>not this</title><link>https://elsewhere.example/</link></image>
 <item>
  <title>First &lt;em&gt;things&lt;/em&gt; first &amp;quot;now&amp;quot;</title><link> https://gazette.example/1 </link>
  <guid isPermaLink="false">tag:1</guid><pubDate>Tue, 10 Jun 2003 04:00:00 GMT</pubDate><dc:date>2001-01-01</dc:date>
  <dc:creator>Ada</dc:creator><category>News</category><category>news</category><dc:subject>Tea</dc:subject>
  <description>The short of it</description><content:encoded><![CDATA[<p>The <b>long</b> of it</p>]]></content:encoded>
  <comments>https://gazette.example/1#comments</comments>
  <enclosure url="https://gazette.example/1.mp3" type="audio/mpeg" length="1234"/>
  <enclosure url="https://gazette.example/1.mp3" type="audio/mpeg" length="1234"/>
  <enclosure url="ftp://gazette.example/1.mp3" type="audio/mpeg" length="1"/>
  <media:content url="/1.jpg" medium="image" fileSize="99"/>
 </item>
 <item><guid>https://gazette.example/2</guid><description>&lt;p&gt;Alone&lt;/p&gt;</description>
  <author>bob@gazette.example (Bob)</author></item>
 <item><title>Kein Datum</title><link>/3</link><pubDate>bald</pubDate><description><p xmlns="">Open <i>markup</i></p> here</description></item>
</channel></rss>"""


def entry_of(xml: str, content_type: str | None = None) -> ParsedEntry:
    return parse(xml.encode(), url=URL, content_type=content_type).entries[0]


def item(inner: str, namespaces: str = "") -> ParsedEntry:
    return entry_of(f'<rss version="2.0" {namespaces}><channel><item>{inner}</item></channel></rss>')


def atom(inner: str, attributes: str = "") -> ParsedEntry:
    return entry_of(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry {attributes}>{inner}</entry></feed>')


def test_rss_2() -> None:
    feed = parse(RSS.encode(), url=URL)
    assert (feed.format, feed.encoding, feed.repaired) == ("rss 2.0", "utf-8", False)
    assert (feed.title, feed.site_url, feed.description) == (
        "The & Gazette",
        "https://gazette.example/",
        "News of all kinds",
    )
    assert (feed.language, feed.icon, feed.hub) == ("en-gb", "https://gazette.example/logo.png", "https://hub.example/")
    assert (feed.self_url, feed.ttl_seconds, feed.skip_hours) == (URL, 5400, (0, 23))
    first, second, third = feed.entries
    assert (first.uid, first.url, first.title) == ("tag:1", "https://gazette.example/1", 'First things first "now"')
    assert (first.author, first.tags) == ("Ada", ("News", "Tea"))
    assert first.published_at == 1055217600.0, "pubDate before dc:date"
    assert (first.summary_html, first.content_html) == ("The short of it", "<p>The <b>long</b> of it</p>")
    assert first.comments_url == "https://gazette.example/1#comments"
    assert first.enclosures == (
        Enclosure("https://gazette.example/1.mp3", "audio/mpeg", 1234),
        Enclosure("https://gazette.example/1.jpg", "image/*", 99),
    )
    assert (second.uid, second.url) == ("https://gazette.example/2", "https://gazette.example/2"), "guid is a permalink"
    assert (second.content_html, second.summary_html) == ("<p>Alone</p>", None), "alone, it is the content"
    assert (second.author, second.title) == ("Bob", "")
    assert (third.uid, third.url, third.published_at) == (None, "https://gazette.example/3", None)
    assert third.content_html == "<p>Open <i>markup</i></p> here"
    assert third.base == "https://gazette.example/3"


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0"])
def test_versions_of_rss(version: str) -> None:
    assert parse(RSS.replace('"2.0"', f'"{version}"', 1).encode(), url=URL).format == f"rss {version}"


def test_rss_with_a_namespace_of_its_own() -> None:
    xml = '<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel><title>T</title><item><title>A</title></item></channel></rss>'
    feed = parse(xml.encode(), url=URL)
    assert (feed.title, feed.entries[0].title) == ("T", "A")


def test_guids_that_are_no_links() -> None:
    assert item('<guid isPermaLink="false">https://x.example/1</guid>').url is None
    assert item("<guid>urn:uuid:1</guid>").url is None
    assert item("<guid>javascript:alert(1)</guid>").url is None
    assert item("<link>javascript:alert(1)</link><guid>g</guid>").url is None


def test_items_outside_the_channel_and_undeclared_prefixes() -> None:
    feed = parse(b"<rss><channel><title>T</title></channel><item><title>A</title></item></rss>", url=URL)
    assert [one.title for one in feed.entries] == ["A"]
    entry = item("<dc:creator>Ada</dc:creator><content:encoded>&lt;p&gt;x&lt;/p&gt;</content:encoded><title>T</title>")
    assert (entry.author, entry.title) == ("Ada", "T")


def test_atom_link_inside_rss() -> None:
    entry = item(
        '<a:link rel="enclosure" href="/a.mp3" type="audio/mpeg"/><a:link href="/1"/>',
        'xmlns:a="http://www.w3.org/2005/Atom"',
    )
    assert entry.url == "https://gazette.example/1"
    assert entry.enclosures == (Enclosure("https://gazette.example/a.mp3", "audio/mpeg", None),)


def test_rdf() -> None:
    xml = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
     <channel rdf:about="https://x.example/"><title>R</title><link>https://x.example/</link><description>D</description>
      <image rdf:resource="https://x.example/i.png"/>
      <sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency></channel>
     <image rdf:about="https://x.example/i.png"><title>I</title><url>https://x.example/i.png</url></image>
     <item rdf:about="https://x.example/1"><title>A</title><link>https://x.example/1?utm</link>
      <dc:date>2003-12-13T18:30:02Z</dc:date><dc:creator>Ada</dc:creator><description>Words</description></item>
     </rdf:RDF>"""
    feed = parse(xml.encode(), url=URL)
    assert (feed.format, feed.title, feed.ttl_seconds, feed.icon) == ("rdf 1.0", "R", 21_600, "https://x.example/i.png")
    entry = feed.entries[0]
    assert (entry.uid, entry.url) == ("https://x.example/1", "https://x.example/1?utm")
    assert (entry.author, entry.content_html, entry.published_at) == ("Ada", "Words", 1071340202.0)


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xml:lang="de" xml:base="https://blog.example/root/">
 <title type="html">Less &amp;lt; More</title><subtitle>Words</subtitle><link href="../"/><link rel="self" href="feed.atom"/>
 <link rel="hub" href="https://hub.example/"/><icon>favicon.ico</icon><author><name>Grace</name></author>
 <entry xml:base="2003/">
  <id>tag:blog.example,2003:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <em>title</em></div></title>
  <link rel="alternate" type="application/json" href="1.json"/><link rel="alternate" type="text/html" href="1.html"/>
  <link rel="enclosure" href="1.mp3" type="audio/mpeg" length="5"/><link rel="replies" href="1.html#c"/>
  <published>2003-12-13T18:30:02Z</published><updated>2003-12-14T00:00:00Z</updated>
  <category term="tea" label="Tea"/><category term="milk"/><summary>Short &lt; long</summary>
  <content type="xhtml" xml:base="img/"><div xmlns="http://www.w3.org/1999/xhtml"><p>Body <img src="a.png"/></p></div></content>
 </entry>
 <entry><id>2</id><title>AT&amp;T &lt;b&gt;</title><updated>2003-12-14T00:00:00Z</updated>
  <author><name>Ada</name><email>ada@x.example</email></author><summary type="html">&lt;p&gt;Only a summary&lt;/p&gt;</summary></entry>
 <entry><id>3</id><title>Text</title><content>1 &lt; 2
 next</content></entry>
</feed>"""


def test_atom_1() -> None:
    feed = parse(ATOM.encode(), url=URL)
    assert (feed.format, feed.title, feed.description, feed.language) == ("atom 1.0", "Less < More", "Words", "de")
    assert (feed.site_url, feed.self_url) == ("https://blog.example/", "https://blog.example/root/feed.atom")
    assert (feed.hub, feed.icon) == ("https://hub.example/", "https://blog.example/root/favicon.ico")
    first, second, third = feed.entries
    assert (first.uid, first.title, first.author) == ("tag:blog.example,2003:1", "A title", "Grace")
    assert first.url == "https://blog.example/root/2003/1.html"
    assert (first.published_at, first.updated_at) == (1071340202.0, 1071360000.0)
    assert first.tags == ("Tea", "milk")
    assert first.content_html == '<p>Body <img src="a.png"></p>'
    assert first.base == "https://blog.example/root/2003/img/"
    assert first.summary_html == "<p>Short &lt; long</p>"
    assert first.enclosures == (Enclosure("https://blog.example/root/2003/1.mp3", "audio/mpeg", 5),)
    assert first.comments_url == "https://blog.example/root/2003/1.html#c"
    assert (second.author, second.summary_html) == ("Ada", "<p>Only a summary</p>")
    assert (second.published_at, second.updated_at, second.dated_at) == (None, 1071360000.0, 1071360000.0)
    assert third.content_html == "<p>1 &lt; 2<br>\n next</p>"


def test_plain_text_titles_keep_their_angle_brackets() -> None:
    assert atom("<title>a &lt; b and c &gt; d</title>").title == "a < b and c > d"
    assert atom("<title type='text'>&lt;b&gt; is bold</title>").title == "<b> is bold"
    assert atom("<title>Tea &amp;amp; milk</title>").title == "Tea & milk", "escaped twice, as so many do"


def test_atom_03() -> None:
    xml = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title mode="escaped" type="text/html">&lt;b&gt;T&lt;/b&gt;</title>
     <tagline>W</tagline><link rel="alternate" type="text/html" href="https://x.example/"/>
     <entry><id>1</id><title>A</title><issued>2003-12-13T18:30:02Z</issued><modified>2003-12-14T00:00:00Z</modified>
     <content type="text/html" mode="escaped">&lt;p&gt;x&lt;/p&gt;</content></entry>
     <entry><id>2</id><title>B</title><content type="text/html" mode="base64">PHA+eDwvcD4=</content></entry></feed>"""
    feed = parse(xml.encode(), url=URL)
    assert (feed.format, feed.title, feed.description) == ("atom 0.3", "T", "W")
    assert [one.content_html for one in feed.entries] == ["<p>x</p>", "<p>x</p>"]
    assert (feed.entries[0].published_at, feed.entries[0].updated_at) == (1071340202.0, 1071360000.0)


def test_a_lone_atom_entry() -> None:
    feed = parse(b'<entry xmlns="http://www.w3.org/2005/Atom"><id>1</id><title>A</title></entry>', url=URL)
    assert [one.title for one in feed.entries] == ["A"]


def test_a_video_entry() -> None:
    entry = entry_of("""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
     xmlns:yt="http://www.youtube.com/xml/schemas/2015"><entry><id>yt:video:abcdefghijk</id><yt:videoId>abcdefghijk</yt:videoId>
     <title>V</title><media:group><media:title>V</media:title><media:content url="https://x.example/v" type="video/mp4"/>
     <media:thumbnail url="https://x.example/t.jpg"/><media:description>One
two &lt;3</media:description></media:group></entry></feed>""")
    assert entry.content_html == "<p>One<br>two &lt;3</p>"
    assert "youtube.com/embed/abcdefghijk" in entry.body_html and entry.content_html in entry.body_html
    assert entry.enclosures[0].url == "https://x.example/v"


def test_readers_own_dates() -> None:
    entry = entry_of("""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:gr="http://www.google.com/schemas/reader/atom/">
     <entry gr:crawl-timestamp-msec="1071340202000"><id>1</id><title>A</title></entry></feed>""")
    assert entry.published_at == 1071340202.0


def json_feed(**changes: object) -> ParsedFeed:
    document: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://j.example/",
        "feed_url": URL,
        "language": "en",
        "favicon": "/f.png",
        "authors": [{"name": "Ada"}],
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {
                "id": 7,
                "url": "https://j.example/7",
                "title": "Seven <3",
                "content_html": "<p>x</p>",
                "summary": "S & t",
                "date_published": "2003-12-13T18:30:02Z",
                "tags": ["a", 1, "A"],
                "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 3}, 5],
            },
            {"id": "8", "content_text": "one\ntwo\n\n<three>", "author": {"name": "Bob"}},
            "no item",
        ],
    }
    return parse(json.dumps({**document, **changes}).encode(), url=URL)


def test_json_feed() -> None:
    feed = json_feed()
    assert (feed.format, feed.title, feed.site_url, feed.hub) == (
        "json 1.1",
        "J",
        "https://j.example/",
        "https://hub.example/",
    )
    seven, eight = feed.entries
    assert (seven.uid, seven.title, seven.author, seven.tags) == ("7", "Seven <3", "Ada", ("a", "1"))
    assert (seven.content_html, seven.summary_html) == ("<p>x</p>", "<p>S &amp; t</p>")
    assert seven.enclosures == (Enclosure("https://gazette.example/a.mp3", "audio/mpeg", 3),)
    assert eight.content_html == "<p>one<br>two</p><p>&lt;three&gt;</p>" and eight.author == "Bob"


@pytest.mark.parametrize("items", [None, {}, "x", 5])
def test_json_without_items_is_no_feed(items: object) -> None:
    with pytest.raises(Upstream) as caught:
        json_feed(items=items)
    assert caught.value.kind == "not_a_feed"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"<!DOCTYPE html><html><head><title>x</title></head><body><p>x</body></html>", "web page"),
        (b"<html><body>x</body></html>", "web page"),
        (b"Hello there", "begins with"),
        (b"%PDF-1.4", "begins with"),
        (b'{"a": 1}', "JSON"),
        (b"[1, 2]", "JSON"),
        (b"{", "JSON"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a feed"),
        (b"<opml version='2.0'><body/></opml>", "not a feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a feed"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, words: str) -> None:
    with pytest.raises(Upstream) as caught:
        parse(body, url=URL)
    assert caught.value.kind == "not_a_feed" and words in str(caught.value)


def test_the_hub_is_the_first_one_named_whatever_its_type() -> None:
    links = '<link rel="hub" type="text/plain" href="https://h.example/1"/><link rel="hub" href="https://h.example/2"/>'
    feed = parse(f'<feed xmlns="http://www.w3.org/2005/Atom">{links}</feed>'.encode(), url="https://x.example/")
    assert feed.hub == "https://h.example/1"


def test_the_version_of_rss_in_capitals() -> None:
    assert parse(b'<RSS VERSION="2.0"><CHANNEL/></RSS>', url="https://x.example/").format == "rss 2.0"


def test_entities_in_titles_of_json_feeds_are_read_as_entities() -> None:
    feed = json_feed(title="A &amp; B", items=[{"id": "1", "title": "It&#8217;s a < b <T>"}])
    assert (feed.title, feed.entries[0].title) == ("A & B", "It\u2019s a < b <T>")


def test_a_mark_of_utf8_decides_even_if_some_bytes_are_broken() -> None:
    body = b"\xef\xbb\xbf<rss version='2.0'><channel><title>caf\xc3\xa9 Espa\xf1a</title></channel></rss>"
    feed = parse(body, url="https://x.example/")
    assert (feed.encoding, feed.title) == ("utf-8", "caf\u00e9 Espa\ufffda")


def test_iso_2022_jp_is_known_by_its_escapes() -> None:
    text = "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>\u65e5\u672c\u8a9e</title></channel></rss>"
    feed = parse(text.encode("iso-2022-jp"), url="https://x.example/")
    assert (feed.encoding, feed.title) == ("iso-2022-jp", "\u65e5\u672c\u8a9e")


@pytest.mark.parametrize("where", ["rss", "channel", "item"])
def test_a_base_that_rss_states_is_that_of_its_content(where: str) -> None:
    base = {name: ' xml:base="https://b.example/en/"' if name == where else "" for name in ("rss", "channel", "item")}
    inner = "<link>https://x.example/node/1</link><description>x</description>"
    body = (
        f"<rss version='2.0'{base['rss']}><channel{base['channel']}><item{base['item']}>{inner}</item></channel></rss>"
    )
    (entry,) = parse(body.encode(), url="https://x.example/rss").entries
    assert (entry.url, entry.base) == ("https://x.example/node/1", "https://b.example/en/")
