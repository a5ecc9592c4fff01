# ruff: noqa: E501  # documents as they are
"""What a page says of its feeds: small pages with what must come out, best first."""

from __future__ import annotations

import base64
import codecs
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.ingest.page import find
from reader.ingest.tags import decoded, tags
from workers.batch import discover
from workers.batch.task import Task

HOME = "https://gazette.example/"
RSS = "type=application/rss+xml"
ATOM = "type=application/atom+xml"


def feeds(html: str, url: str = HOME) -> list[tuple[str, str]]:
    """(address without the page's host, format) of the candidates."""
    return [(one.url.removeprefix("https://gazette.example"), one.format) for one in find(html.encode(), url=url).feeds]


def urls(html: str, url: str = HOME) -> list[str]:
    return [address for address, _ in feeds(html, url)]


LINKS = {
    "plain": (f'<link rel="alternate" {RSS} href="/feed">', [("/feed", "rss")]),
    "order of attributes": (f"<link href=/feed title=x {RSS} rel=alternate>", [("/feed", "rss")]),
    "capitals": ('<LINK REL="ALTERNATE" TYPE="Application/RSS+XML" HREF="/feed">', [("/feed", "rss")]),
    "unquoted": ("<link rel=alternate type=application/atom+xml href=/a.xml>", [("/a.xml", "atom")]),
    "single quotes": ("<link rel='alternate' type='application/atom+xml' href='/a.xml'>", [("/a.xml", "atom")]),
    "self-closing": ('<link rel="alternate" type="application/atom+xml" href="/a.xml"/>', [("/a.xml", "atom")]),
    "spaces around equals": ('<link rel = "alternate" type= "application/rss+xml" href ="/f">', [("/f", "rss")]),
    "line ends between": (f'<link\n rel="alternate"\n\t{RSS}\r\n href="/f"\n>', [("/f", "rss")]),
    "in the body": (f"<body><p>x<link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "after the end": (f"</html><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "in noscript": (f"<noscript><link rel=alternate {RSS} href=/f></noscript>", [("/f", "rss")]),
    "several rels": (f'<link rel="home alternate nofollow" {RSS} href=/f>', [("/f", "rss")]),
    "rel feed": ('<link rel="feed" href="/f">', [("/f", "")]),
    "rel alternate feed, type of a page": ('<link rel="alternate feed" type="text/html" href="/f">', []),
    "rel feed with type": (f'<link rel="feed" {ATOM} href="/f">', [("/f", "atom")]),
    "parameters of the type": ('<link rel=alternate type="application/rss+xml; charset=utf-8" href=/f>', [("/f", "rss")]),
    "spaces in the type": ('<link rel=alternate type=" application/atom+xml " href=/f>', [("/f", "atom")]),
    "json feed": ('<link rel=alternate type=application/feed+json href=/f.json>', [("/f.json", "json")]),
    "json that is a feed by its name": ("<link rel=alternate type=application/json href=/feed.json>", [("/feed.json", "json")]),
    "json that is a feed by its title": ('<link rel=alternate type=application/json title="JSON Feed" href=/x>', [("/x", "json")]),
    "json of an api": ("<link rel=alternate type=application/json href=/wp-json/wp/v2/posts/1>", []),
    "json of something": ("<link rel=alternate type=application/json href=/data.json>", []),
    "oembed json": ('<link rel=alternate type=application/json+oembed href="/oembed?url=feed">', []),
    "oembed xml": ('<link rel=alternate type=text/xml+oembed href="/oembed?format=xml">', []),
    "oembed as text/xml": ('<link rel=alternate type=text/xml href="/wp-json/oembed/1.0/embed?url=x&format=xml">', []),
    "activity": ('<link rel=alternate type="application/activity+json" href="/users/a">', []),
    "another language": ('<link rel=alternate hreflang=de href="/de/">', []),
    "another language, typed": ('<link rel=alternate hreflang=de type="text/html" href="/de/feed/">', []),
    "amp": ('<link rel=amphtml href="/amp"><link rel=alternate media="only screen" href="/m">', []),
    "style": ('<link rel="alternate stylesheet" type="text/css" href="/rss.css">', []),
    "app": ('<link rel=alternate href="android-app://org.example/feed">', []),
    "print": ('<link rel=alternate type="application/pdf" href="/feed.pdf">', []),
    "service document": ('<link rel=service type="application/atomsvc+xml" href="/app">', []),
    "old service.feed": (f'<link rel="service.feed" {ATOM} href="/feeds/posts">', [("/feeds/posts", "atom")]),
    "edit": ('<link rel=EditURI type="application/rsd+xml" href="/xmlrpc.php?rsd">', []),
    "search": ('<link rel=search type="application/opensearchdescription+xml" href="/osd.xml">', []),
    "no type, an address like a feed": ('<link rel=alternate href="/blog/feed.xml">', [("/blog/feed.xml", "")]),
    "no type, no such address": ('<link rel=alternate href="/blog/">', []),
    "generic": ('<link rel=alternate type="text/xml" href="/x">', [("/x", "")]),
    "generic 2": ('<link rel=alternate type="application/xml" title="RSS" href="/x">', [("/x", "")]),
    "sitemap": ('<link rel=alternate type="application/xml" href="/sitemap.xml">', []),
    "sitemap 2": ('<link rel=sitemap type="application/xml" href="/sitemap.xml">', []),
    "rdf": ('<link rel=alternate type="application/rdf+xml" href="/index.rdf">', [("/index.rdf", "rss")]),
    "generic below true": (f'<link rel=alternate type=text/xml href=/g><link rel=alternate {RSS} href=/t>', [("/t", "rss"), ("/g", "")]),
    "rdf below true": (f'<link rel=alternate type=application/rdf+xml href=/g><link rel=alternate {RSS} href=/t>', [("/t", "rss"), ("/g", "rss")]),
    "generic below comments": (f'<link rel=alternate type=text/xml href=/g><link rel=alternate {RSS} href=/comments/feed/>', [("/comments/feed/", "rss"), ("/g", "")]),
    "unusual types": ('<link rel=alternate type="application/x-atom+xml" href=/a><link rel=alternate type="application/x.rss+xml" href=/b><link rel=alternate type="text/rss" href=/c>', [("/a", "atom"), ("/b", "rss"), ("/c", "rss")]),
    "twins: atom first": (f'<link rel=alternate {RSS} title="RSS" href=/r><link rel=alternate {ATOM} title="Atom" href=/a>', [("/a", "atom"), ("/r", "rss")]),
    "twins: three": (f'<link rel=alternate type=application/feed+json title="Gazette JSON" href=/j><link rel=alternate {RSS} title="Gazette RSS 2.0" href=/r><link rel=alternate {ATOM} title="Gazette (Atom 1.0)" href=/a>', [("/a", "atom"), ("/r", "rss"), ("/j", "json")]),
    "no twins: the page's order": (f'<link rel=alternate {RSS} title="News" href=/n><link rel=alternate {ATOM} title="Podcast" href=/p>', [("/n", "rss"), ("/p", "atom")]),
    "no rel, a feed's type": (f'<link {RSS} href=/a><link rel=self {ATOM} href=/b><link rel=alternate {RSS} href=/c>', [("/c", "rss"), ("/a", "rss"), ("/b", "atom")]),
    "no rel, no feed's type": ('<link type="text/xml" href=/feed.xml><link rel=self href=/feed.xml><link href=/feed>', []),
    "another rel": (f'<link rel="replies" {ATOM} href=/a><link rel=hub href=/feed><link rel=next {RSS} href=/b>', []),
    "comments below": (f'<link rel=alternate {RSS} title="Gazette &raquo; Comments Feed" href=/c><link rel=alternate {RSS} title="Gazette &raquo; Feed" href=/f>', [("/f", "rss"), ("/c", "rss")]),
    "comments in german": (f'<link rel=alternate {RSS} title="Kommentar-Feed" href=/x><link rel=alternate {RSS} title="Feed" href=/f>', [("/f", "rss"), ("/x", "rss")]),
    "comments in russian": (f'<link rel=alternate {RSS} title="Газета » Лента комментариев" href=/x><link rel=alternate {RSS} title="Газета" href=/f>', [("/f", "rss"), ("/x", "rss")]),
    "comments by address": (f'<link rel=alternate {ATOM} href=/feeds/comments/default><link rel=alternate {RSS} href=/f>', [("/f", "rss"), ("/feeds/comments/default", "atom")]),
    "comments by query": (f'<link rel=alternate {RSS} href="/?feed=comments-rss2"><link rel=alternate {RSS} href="/?feed=rss2">', [("/?feed=rss2", "rss"), ("/?feed=comments-rss2", "rss")]),
    "category below": (f'<link rel=alternate {RSS} title="Tea Category Feed" href=/category/tea/feed/><link rel=alternate {RSS} href=/feed/>', [("/feed/", "rss"), ("/category/tea/feed/", "rss")]),
    "tag and author below, comments last": (f'<link rel=alternate {RSS} href=/comments/feed/><link rel=alternate {RSS} href=/tag/x/feed/><link rel=alternate {RSS} href=/author/ada/feed/><link rel=alternate {RSS} href=/feed/>', [("/feed/", "rss"), ("/tag/x/feed/", "rss"), ("/author/ada/feed/", "rss"), ("/comments/feed/", "rss")]),
    "a site about comments": (f'<link rel=alternate {RSS} title="Comments on Tea" href=/f><link rel=alternate {RSS} title="Comments on Tea: shop" href=/s>', [("/f", "rss"), ("/s", "rss")]),
    "duplicates": (f'<link rel=alternate {RSS} href=/f><link rel=alternate {RSS} href="https://gazette.example/f"><link rel=alternate {RSS} href="/f#x">', [("/f", "rss")]),
    "in a comment": (f"<!-- <link rel=alternate {RSS} href=/no> --><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "in an unclosed comment": (f"<!-- <link rel=alternate {RSS} href=/no>", []),
    "comment with dashes": (f"<!-- a -- b -> <link rel=alternate {RSS} href=/no> --><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "empty comment": (f"<!--><link rel=alternate {RSS} href=/f>-->", [("/f", "rss")]),
    "conditional comment": (f"<!--[if IE]><link rel=alternate {RSS} href=/ie><![endif]-->", []),
    "in a script": (f'<script>document.write("<link rel=alternate {RSS} href=/no>")</script>', []),
    "in a style": (f"<style><link rel=alternate {RSS} href=/no></style>", []),
    "in a text area": (f"<textarea><link rel=alternate {RSS} href=/no></textarea>", []),
    "in a title": (f"<title><link rel=alternate {RSS} href=/no></title>", []),
    "in a template": (f"<template><div><link rel=alternate {RSS} href=/no></div></template><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "in an attribute": (f'<div data-x="<link rel=alternate {RSS} href=/no>">x</div>', []),
    "in another attribute": (f"<div data-x='<link rel=alternate {RSS} href=/no>' title=\"a > b\">x</div><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "escaped as text": ("&lt;link rel=alternate type=application/rss+xml href=/no&gt;", []),
    "a stray quote": (f'<p class="a"">x<link rel=alternate {RSS} href=/f>', [("/f", "rss")]),
    "unclosed tags around": (f"<div><p><b><table><tr><link rel=alternate {RSS} href=/f>", [("/f", "rss")]),
    "a link cut off": (f"<link rel=alternate {RSS} href=/f", []),
    "twice the attribute": (f"<link rel=alternate {RSS} href=/first href=/second>", [("/first", "rss")]),
    "a link that is no link": (f"<linker rel=alternate {RSS} href=/no><link-x rel=alternate {RSS} href=/no2>", []),
    "empty href": (f'<link rel=alternate {RSS} href="">', []),
    "href of spaces": (f'<link rel=alternate {RSS} href="  ">', []),
    "no href": (f"<link rel=alternate {RSS}>", []),
    "script address": (f'<link rel=alternate {RSS} href="javascript:alert(1)">', []),
    "data address": (f'<link rel=alternate {RSS} href="data:application/rss+xml,x">', []),
    "file address": (f'<link rel=alternate {RSS} href="file:///etc/feed.xml">', []),
    "mail address": (f'<link rel=alternate {RSS} href="mailto:rss@gazette.example">', []),
    "broken address": (f'<link rel=alternate {RSS} href="http://[::1">', []),
    "a host of spaces": (f'<link rel=alternate {RSS} href="http://a b/">', []),
}  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), LINKS.values(), ids=LINKS.keys())
def test_links(html: str, expected: list[tuple[str, str]]) -> None:
    assert feeds(html) == expected


ADDRESSES = {
    "relative": ("/a/b.html", "feed.xml", "https://gazette.example/a/feed.xml"),
    "up": ("/a/b/", "../feed.xml", "https://gazette.example/a/feed.xml"),
    "query only": ("/a/b?x=1", "?feed=rss2", "https://gazette.example/a/b?feed=rss2"),
    "protocol-relative": ("/", "//feeds.example/x", "https://feeds.example/x"),
    "absolute": ("/", "http://feeds.example/x", "http://feeds.example/x"),
    "spaces around": ("/", "  /feed.xml\n", "https://gazette.example/feed.xml"),
    "line end inside": ("/", "/fe\ned.xml", "https://gazette.example/feed.xml"),
    "space inside": ("/", "/my feed.xml", "https://gazette.example/my%20feed.xml"),
    "escaped ampersand": ("/", "/f?a=1&amp;b=2", "https://gazette.example/f?a=1&b=2"),
    "bare ampersand": ("/", "/f?a=1&b=2", "https://gazette.example/f?a=1&b=2"),
    "a name that is no reference": ("/", "/f?a=1&copy=2&region=3", "https://gazette.example/f?a=1&copy=2&region=3"),
    "numeric reference": ("/", "/f&#46;xml", "https://gazette.example/f.xml"),
    "hex reference": ("/", "&#x2F;f.xml", "https://gazette.example/f.xml"),
    "fragment": ("/", "/feed.xml#top", "https://gazette.example/feed.xml"),
    "feed scheme": ("/", "feed://gazette.example/f", "http://gazette.example/f"),
    "feed scheme in front": ("/", "feed:https://gazette.example/f", "https://gazette.example/f"),
    "backslashes": ("/", "\\feeds\\x.xml", "https://gazette.example/feeds/x.xml"),
    "three slashes": ("/", "https:///gazette.example/f", "https://gazette.example/f"),
    "outside ascii": ("/", "/é.xml", "https://gazette.example/%C3%A9.xml"),
    "name outside ascii": ("/", "https://müller.example/f", "https://xn--mller-kva.example/f"),
    "capitals in the host": ("/", "HTTPS://GAZETTE.example/F", "https://gazette.example/F"),
    "default port": ("/", "https://gazette.example:443/f", "https://gazette.example/f"),
    "other port": ("/", "https://gazette.example:8443/f", "https://gazette.example:8443/f"),
}  # fmt: skip


@pytest.mark.parametrize(("page", "href", "expected"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_addresses(page: str, href: str, expected: str) -> None:
    html = f'<link rel=alternate type=application/rss+xml href="{href}">'
    assert [one.url for one in find(html.encode(), url="https://gazette.example" + page).feeds] == [expected]


BASES = {
    "absolute": ('<base href="https://cdn.example/x/">', "https://cdn.example/x/f.xml"),
    "relative": ('<base href="/deep/er/">', "https://gazette.example/deep/er/f.xml"),
    "the first counts": ('<base href="/one/"><base href="/two/">', "https://gazette.example/one/f.xml"),
    "target only": ('<base target=_blank><base href="/two/">', "https://gazette.example/two/f.xml"),
    "behind the link": ("", "https://gazette.example/late/f.xml"),
    "no web address": ('<base href="javascript:x">', "https://gazette.example/f.xml"),
    "in a comment": ('<!--<base href="/no/">-->', "https://gazette.example/f.xml"),
}


@pytest.mark.parametrize(("base", "expected"), BASES.values(), ids=BASES.keys())
def test_base(base: str, expected: str) -> None:
    tail = '<base href="/late/">' if not base else ""
    assert urls(f"{base}<link rel=alternate {RSS} href=f.xml>{tail}") == [
        expected.removeprefix("https://gazette.example")
    ]


ANCHORS = {
    "path": ('<a href="/feed">x</a>', ["/feed"]),
    "folder": ('<a href="/blog/feed/">x</a>', ["/blog/feed/"]),
    "rss": ('<a href="/rss">x</a>', ["/rss"]),
    "end": ('<a href="/news.rss">x</a>', ["/news.rss"]),
    "atom.xml": ('<a href="/blog/atom.xml">x</a>', ["/blog/atom.xml"]),
    "rdf": ('<a href="/index.rdf">x</a>', ["/index.rdf"]),
    "php": ('<a href="/rss.php">x</a>', ["/rss.php"]),
    "query": ('<a href="/?feed=rss2">x</a>', ["/?feed=rss2"]),
    "query alt": ('<a href="/news?format=atom">x</a>', ["/news?format=atom"]),
    "host": ('<a href="https://feeds.example/gazette">x</a>', ["https://feeds.example/gazette"]),
    "words": ('<a href="/abc">RSS</a>', ["/abc"]),
    "words around": ('<a href="/abc">Subscribe via <b>RSS</b></a>', ["/abc"]),
    "words of a picture": ('<a href="/abc"><img src=i.png alt="RSS feed"></a>', ["/abc"]),
    "title": ('<a href="/abc" title="RSS Feed"><i></i></a>', ["/abc"]),
    "label for readers": ('<a href="/abc" aria-label="RSS"><svg></svg></a>', ["/abc"]),
    "class": ('<a class="social-icon rss" href="/abc"></a>', ["/abc"]),
    "type": (f'<a {ATOM} href="/abc">x</a>', ["/abc"]),
    "xml button": ('<a href="/export.xml"><img alt="XML" src=xml.gif></a>', ["/export.xml"]),
    "area": ('<map><area href="/feed.xml" alt="RSS"></map>', ["/feed.xml"]),
    "feed scheme": ('<a href="feed://gazette.example/x">x</a>', ["http://gazette.example/x"]),
    "podcast scheme": ('<a href="pcast://gazette.example/x">x</a>', ["http://gazette.example/x"]),
    "reader": ('<a href="https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Fgazette.example%2Ff.xml">Feedly</a>', ["/f.xml"]),
    "reader with query": ('<a href="https://www.inoreader.com/?add_feed=https%3A%2F%2Fgazette.example%2Ff.xml">x</a>', ["/f.xml"]),
    "yahoo": ('<a href="http://add.my.yahoo.com/rss?url=http://gazette.example/f.xml">My Yahoo</a>', ["http://gazette.example/f.xml"]),
    "reader alone": ('<a href="https://feedly.com/">Feedly</a>', []),
    "feedback": ('<a href="/feedback">x</a>', []),
    "atomic": ('<a href="/atomic">x</a>', []),
    "a page about rss": ('<a href="/rss.html">x</a>', []),
    "a page about rss by its words": ('<a href="/help/rss.html">What is RSS?</a>', []),
    "elsewhere, by words": ('<a href="https://en.wikipedia.org/wiki/RSS">RSS</a>', []),
    "feeding": ('<a href="/feed-the-birds">Feed the birds</a>', []),
    "a picture": ('<a href="/img/rss.png">RSS</a>', []),
    "an opml": ('<a href="/feeds.opml">RSS feeds</a>', []),
    "sitemap": ('<a href="/sitemap.xml">Sitemap</a>', []),
    "on this page": ('<a href="#rss">RSS</a>', []),
    "mail": ('<a href="mailto:rss@x.example">RSS</a>', []),
    "long words": ('<a href="/x">A long text that happens to mention RSS somewhere in it</a>', []),
    "no href": ("<a>rss</a>", []),
    "in a comment": ("<!-- <a href=/feed>x</a> -->", []),
    "below every link": (f'<a href="/feed">RSS</a><link rel=alternate {RSS} href=/t><link rel=alternate type=text/xml href=/g>', ["/t", "/g", "/feed"]),
    "by address before by words": ('<a href="/abc">RSS</a><a href="/feed">x</a>', ["/feed", "/abc"]),
    "at home before elsewhere": ('<a href="https://other.example/feed">x</a><a href="/feed">x</a>', ["/feed", "https://other.example/feed"]),
    "comments last": ('<a href="/comments/feed">x</a><a href="/tag/a/feed">x</a><a href="/feed">x</a>', ["/feed", "/tag/a/feed", "/comments/feed"]),
    "same as the link": (f'<a href="/f.xml">RSS</a><link rel=alternate {RSS} title=T href=/f.xml>', ["/f.xml"]),
    "nested wrongly": ('<a href="/one">x<a href="/feed">RSS</a>', ["/feed"]),
}  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), ANCHORS.values(), ids=ANCHORS.keys())
def test_anchors(html: str, expected: list[str]) -> None:
    assert urls(html) == expected


def test_titles_and_languages_are_kept() -> None:
    html = f'<link rel=alternate {RSS} hreflang=de title="Nachrichten &amp; Mehr" href=/de.xml><link rel=alternate {RSS} hreflang=en title=" News\n of all " href=/en.xml><a href="/x.rss">The <b>feed</b></a>'
    found = find(html.encode(), url=HOME).feeds
    assert [(one.title, one.hreflang) for one in found] == [
        ("Nachrichten & Mehr", "de"),
        ("News of all", "en"),
        ("The feed", ""),
    ]


def test_the_feed_of_a_posts_comments_is_not_the_blogs() -> None:
    html = f'<link rel=alternate {RSS} title="Post" href="/2026/09/post/feed/"><link rel=alternate {RSS} title="Blog" href="/feed/">'
    assert urls(html, "https://gazette.example/2026/09/post/") == ["/feed/", "/2026/09/post/feed/"]
    assert urls(html, HOME) == ["/2026/09/post/feed/", "/feed/"]
    sub = f'<link rel=alternate {RSS} href="/blog/feed/"><link rel=alternate {RSS} href="/blog/post/feed/">'
    assert urls(sub, "https://gazette.example/blog/") == ["/blog/feed/", "/blog/post/feed/"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('</f.xml>; rel="alternate"; type="application/rss+xml"; title="A, B; C"', [("/f.xml", "rss")]),
        ("</f>; rel=alternate; type=application/atom+xml, </s.css>; rel=stylesheet", [("/f", "atom")]),
        ("<https://hub.example/>; rel=hub, </f>; rel=self", []),
        ("garbage, <unclosed; rel=alternate", []),
        ("", []),
    ],
)
def test_link_header(header: str, expected: list[tuple[str, str]]) -> None:
    found = find(b"<p>x", url=HOME, link=header).feeds
    assert [(one.url.removeprefix("https://gazette.example"), one.format) for one in found] == expected


TITLE = "Вечерняя газета"
PAGE = f'<title>{TITLE}</title><link rel=alternate type=application/rss+xml title="{TITLE}" href=/f>'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE.encode(), "text/html; charset=utf-8"),
        (PAGE.encode(), None),
        (PAGE.encode("cp1251"), "text/html; charset=windows-1251"),
        (b"<meta charset=windows-1251>" + PAGE.encode("cp1251"), "text/html"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">' + PAGE.encode("koi8-r"), None),
        (codecs.BOM_UTF8 + PAGE.encode(), None),
        (codecs.BOM_UTF16_LE + PAGE.encode("utf-16-le"), None),
        (codecs.BOM_UTF16_BE + PAGE.encode("utf-16-be"), "text/html"),
        (PAGE.encode("utf-16"), "text/html; charset=utf-16"),
        (PAGE.encode(), "text/html; charset=iso-8859-1"),
    ],
)
def test_character_sets(body: bytes, content_type: str | None) -> None:
    page = find(body, url=HOME, content_type=content_type)
    assert page.title == TITLE and [one.title for one in page.feeds] == [TITLE]


def test_xhtml() -> None:
    html = f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x.js"/><link rel="alternate" {RSS.replace("=", "=%s") % chr(34)}" href="/f"/></head></html>'
    page = find(html.encode(), url=HOME, content_type="application/xhtml+xml")
    assert [one.url for one in page.feeds] == [HOME + "f"]


HOSTILE = {
    "links": "<link rel=alternate type=application/rss+xml href=/f{n}>",
    "anchors": '<a href="/x/{n}">hello</a> ',
    "feed anchors": '<a href="/{n}.rss">RSS</a>',
    "divs": "<div>",
    "open anchors": "<a href=/rss>",
    "quotes": '<a href="',
    "both quotes": "<a href=\"'",
    "comments": "<!-- x -->",
    "open comments": "<!--",
    "scripts": "<script></script>",
    "open scripts": "<script>",
    "templates": "<template>",
    "brackets": "<",
    "declarations": "<![CDATA[ ",
    "equals": "<a =",
    "references": "&amp",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_ten_megabytes_of_anything_take_bounded_time(unit: str) -> None:
    """Time on the machine's own scale: a few times what a plain search over the same text takes is linear."""
    size = 10_000_000 // len(unit)
    body = (
        "".join(unit.replace("{n}", str(n)) for n in range(size)).encode() if "{n}" in unit else (unit * size).encode()
    )
    start = time.process_time()
    found = find(body, url=HOME)
    assert time.process_time() - start < 6  # ten times less on an idle machine; quadratic ones take minutes
    assert len(found.feeds) <= 200


def test_a_footer_behind_thousands_of_links_is_seen() -> None:
    html = "".join(f'<a href="/item/{n}">Item {n}</a>' for n in range(30_000)) + '<a href="/feed.xml">RSS</a>'
    assert urls(html) == ["/feed.xml"]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from([None, "text/html", "text/html; charset=utf-16", "application/xhtml+xml"])
)
def test_nothing_raises(body: bytes, content_type: str | None) -> None:
    for start in (b"", b"<link rel=alternate type=application/rss+xml href='", b"<a href=", b"<meta charset=", b"<!--"):
        find(start + body, url=HOME, content_type=content_type, link=body.decode("latin-1"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["<", ">", "a", " ", "=", '"', "'", "/", "href", "<link ", "<a ", "<!--", "-->", "<script", "</script>", "<title>", "</", "&", "rss", "\x00", "<base href=", "<template>", "\ud800"]), max_size=60))  # fmt: skip
def test_tags_come_in_order_and_end(parts: list[str]) -> None:
    text = "".join(parts)
    at = 0
    for tag in tags(text):
        assert tag.start >= at and text[tag.start] == "<" and text[tag.end - 1] == ">" and tag.inner_end >= tag.end
        at = tag.end
        tag.attributes()


def test_references() -> None:
    assert decoded("a&amp;b&lt;&#65;&#x42;&nope;&copy&copy=1&ampx") == "a&b<AB&nope;©&copy=1&ampx"


def test_the_batch_command() -> None:
    html = f'<link rel=alternate {RSS} title=T href=/f><link rel=alternate {ATOM} href=/a><link rel=icon href=/i.png sizes=32x32 type=image/png><link rel=icon href="data:image/png;base64,AA"><link rel=manifest href=/m>'
    answer = discover.one(
        Task({"body": base64.b64encode(html.encode()).decode(), "url": HOME, "headers": {"Link": "</h>; rel=feed"}})
    )
    assert answer == {
        "feeds": [
            {"url": HOME + "f", "title": "T", "format": "rss"},
            {"url": HOME + "a", "title": None, "format": "atom"},
            {"url": HOME + "h", "title": None, "format": None},
        ],
        "icons": [{"url": HOME + "i.png", "sizes": "32x32", "type": "image/png"}],
    }
