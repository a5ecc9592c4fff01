# ruff: noqa: E501  # documents as they are
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.ingest.discover import Discovery, discover, find, guesses, platform_feeds
from reader.ingest.fetch import Fetcher

from .conftest import Site, make_settings

NOW = 1_790_000_000.0
PAGE = "https://gazette.example/blog/"


async def here(function: Callable[..., Any], *args: object) -> object:
    return function(*args)


async def look(typed: str, fetch: Fetcher) -> Discovery:
    return await discover(typed, fetch, here, NOW)


def rss(title: str = "Gazette", links: int = 3, where: str = "https://gazette.example/") -> str:
    items = "".join(
        f"<item><title>{title} {n}</title><link>{where}{n}</link><pubDate>2026-09-0{n + 1}</pubDate></item>"
        for n in range(links)
    )
    return f"<rss version='2.0'><channel><title>{title}</title><link>{where}</link><description>D</description>{items}</channel></rss>"


def atom(title: str = "Gazette", links: int = 3, where: str = "https://gazette.example/") -> str:
    items = "".join(
        f"<entry><id>{n}</id><title>{title} {n}</title><link href='{where}{n}'/></entry>" for n in range(links)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{title}</title><link href='{where}'/>{items}</feed>"


# find


def links(html: str, url: str = PAGE) -> list[str]:
    return [one.url for one in find(html.encode(), url=url, content_type=None).feeds]


def test_links_before_anchors_and_comments_last() -> None:
    html = """<head><title> The
     Gazette </title><link rel="alternate" type="application/rss+xml" title="Comments on everything" href="/comments/feed">
     <link rel="alternate" type="application/rss+xml" title="RSS" href="/rss">
     <link rel="ALTERNATE home" type="Application/Atom+XML; charset=utf-8" href="atom.xml">
     <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1"><link rel="alternate" hreflang="de" href="/de">
     <link rel="alternate stylesheet" type="text/css" href="/s.css"></head><a href="/tea">Tea</a><a href="/tag/tea/feed/">more</a>"""
    page = find(html.encode(), url=PAGE)
    assert page.title == "The Gazette"
    assert [one.url.removeprefix("https://gazette.example") for one in page.feeds] == [
        "/blog/atom.xml", "/rss", "/comments/feed", "/tag/tea/feed/",
    ]  # fmt: skip
    assert [one.format for one in page.feeds][:2] == ["atom", "rss"]


@pytest.mark.parametrize(
    "anchor",
    ['<a href="/feed">x</a>', '<a href="news.rss">x</a>', '<a href="/blog/atom.xml">x</a>', '<a href="/?feed=rss2">x</a>',
     '<a href="//feeds.gazette.example/x">x</a>', '<a href="/abc">RSS</a>', '<a href="/abc">Subscribe to our feed</a>',
     '<a href="feed://gazette.example/f">x</a>', '<a type="application/rss+xml" href="/y">x</a>', '<a href="/index.xml">x</a>'],
)  # fmt: skip
def test_anchors_that_look_like_feeds(anchor: str) -> None:
    assert len(links(anchor)) == 1


@pytest.mark.parametrize("anchor", ['<a href="/feedback">x</a>', '<a href="/atomic">x</a>', '<a href="/news">News</a>', '<a href="#rss">RSS</a>',
     '<a href="mailto:rss@x.example">RSS</a>', '<a href="/x">A long text that happens to mention RSS somewhere in it</a>', "<a>rss</a>"])  # fmt: skip
def test_anchors_that_do_not(anchor: str) -> None:
    assert [url for url in links(anchor) if url != PAGE] == []


def test_base_icons_and_channel() -> None:
    html = """<base href="https://cdn.example/x/"><link rel="shortcut icon" href="f.ico"><link rel=icon sizes=32x32 type=image/png href=32.png>
     <link rel="apple-touch-icon" href="/touch.png"><link rel=manifest href=/m.json><link rel="mask-icon" href=/m.svg>
     <link rel="alternate" type="application/rss+xml" href="f.xml">"""
    page = find(html.encode(), url=PAGE)
    assert page.feeds[0].url == "https://cdn.example/x/f.xml"
    assert [(one.url.rpartition("/")[2], one.sizes, one.type) for one in page.icons] == [
        ("touch.png", "", ""), ("32.png", "32x32", "image/png"), ("f.ico", "", ""), ("m.json", "", "manifest"),
        ("m.svg", "", ""),
    ]  # fmt: skip
    video = find(b'<script>{"externalId":"UCabcdefghijklmnopqrstuv"}</script>', url="https://www.youtube.com/@ada")
    assert video.feeds[0].url.endswith("?channel_id=UCabcdefghijklmnopqrstuv")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_find_raises_nothing(body: bytes) -> None:
    find(b"<link rel=alternate type=application/rss+xml href='" + body, url=PAGE)
    find(body, url=PAGE)


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://www.youtube.com/channel/UCabc", "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc"),
        ("https://m.youtube.com/user/ada", "https://www.youtube.com/feeds/videos.xml?user=ada"),
        ("https://www.youtube.com/playlist?list=PL1", "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1"),
        ("https://old.reddit.com/r/tea/top/", "https://www.reddit.com/r/tea/top/.rss"),
        ("https://www.reddit.com/u/ada", "https://www.reddit.com/user/ada/.rss"),
        ("https://github.com/ada/engine", "https://github.com/ada/engine/releases.atom"),
        ("https://github.com/ada/engine/tags", "https://github.com/ada/engine/tags.atom"),
        ("https://github.com/ada/engine/commits/main", "https://github.com/ada/engine/commits/main.atom"),
        ("https://github.com/ada", "https://github.com/ada.atom"),
        ("https://social.example/@ada", "https://social.example/@ada.rss"),
        ("https://medium.com/@ada", "https://medium.com/feed/@ada"),
        ("https://ada.medium.com/post", "https://ada.medium.com/feed"),
        ("https://ada.blogspot.com/2003/", "https://ada.blogspot.com/feeds/posts/default"),
        ("https://ada.tumblr.com/", "https://ada.tumblr.com/rss"),
        ("https://www.tumblr.com/ada", "https://ada.tumblr.com/rss"),
        ("https://ada.substack.com/p/x", "https://ada.substack.com/feed"),
        ("https://bsky.app/profile/ada.example", "https://bsky.app/profile/ada.example/rss"),
        ("https://gitlab.com/ada/engine", "https://gitlab.com/ada/engine/-/releases.atom"),
    ],
)
def test_platforms(url: str, feed: str) -> None:
    assert platform_feeds(url)[0].url == feed


def test_no_platform_no_rule() -> None:
    assert platform_feeds(PAGE) == [] and platform_feeds("https://notgithub.com/a/b") == []


def test_guesses() -> None:
    found = guesses("https://x.example/blog/")
    assert found[0] == "https://x.example/blog/feed" and "https://x.example/atom.xml" in found
    assert guesses("https://x.example/")[0] == "https://x.example/feed"
    assert guesses("https://x.example/a/post.html")[0] == "https://x.example/a/feed"
    assert len(found) == len(set(found))


# the ladder


async def test_a_feed_is_found_at_once(site: Site, fetch: Fetcher) -> None:
    url = site.feed("/feed", rss())
    found = await look(url, fetch)
    (feed,) = found.feeds
    assert (feed.url, feed.title, feed.description, feed.format) == (url, "Gazette", "D", "rss 2.0")
    assert (feed.entries, feed.titles, feed.also) == (3, ["Gazette 0", "Gazette 1", "Gazette 2"], [])
    assert feed.per_week is not None and feed.newest_at == 1788393600.0 + 0 * feed.entries
    assert found.problem is None and site.paths() == ["/feed"]
    assert [step.ok for step in found.steps] == [True, True] and found.steps[0].status == 200
    assert found.steps[0].headers["content-type"] == "application/xml"


async def test_permanent_redirects_move_the_address_and_temporary_ones_do_not(site: Site, fetch: Fetcher) -> None:
    site.feed("/feed", rss())
    assert (await look(site.redirect("/old", "/feed", 301), fetch)).feeds[0].url == site.url + "/feed"
    assert (await look(site.redirect("/now", "/feed", 302), fetch)).feeds[0].url == site.url + "/now"


async def test_twins_are_folded_and_atom_is_kept(site: Site, fetch: Fetcher) -> None:
    site.page(
        "/",
        """<title>T</title><link rel=alternate type=application/rss+xml href=/rss><link rel=alternate type=application/atom+xml href=/atom>
     <link rel=alternate type=application/rss+xml title=Comments href=/comments><a href=/broken.rss>x</a><a href=/rss2>RSS</a>""",
    )
    site.feed("/rss", rss())
    site.feed("/rss2", rss())
    site.feed("/atom", atom())
    site.feed("/comments", rss("Comments", where="https://gazette.example/c/"))
    found = await look(site.url, fetch)
    assert [(one.url.rpartition("/")[2], one.also) for one in found.feeds] == [("atom", ["rss 2.0"]), ("comments", [])]
    assert found.site == "T" and found.page == site.url + "/"
    assert any(step.status == 404 and not step.ok for step in found.steps)


async def test_usual_places_are_tried_when_the_page_names_none(site: Site, fetch: Fetcher) -> None:
    site.page("/", "<title>T</title><p>hello")
    site.feed("/index.xml", rss())
    found = await look(site.url, fetch)
    assert [one.url for one in found.feeds] == [site.url + "/index.xml"] and found.problem is None
    assert len(site.hits) <= 14


async def test_usual_places_are_tried_when_the_page_is_forbidden(site: Site, fetch: Fetcher) -> None:
    site.on("/", status=403)
    site.feed("/feed", rss())
    assert [one.title for one in (await look(site.url, fetch)).feeds] == ["Gazette"]


async def test_without_a_scheme_http_is_tried_after_https(site: Site, fetch: Fetcher) -> None:
    site.feed("/feed", rss())
    found = await look(site.url.removeprefix("http://") + "/feed", fetch)
    assert found.feeds[0].url == site.url + "/feed"
    assert [step.ok for step in found.steps] == [False, True, True]


async def test_nothing_found_tells_what_was_tried(site: Site, fetch: Fetcher) -> None:
    site.page("/", "<p>hello")
    found = await look(site.url, fetch)
    assert found.feeds == [] and found.problem is not None and "names no feed" in found.problem
    assert len(found.steps) > 8 and all(step.what and step.said for step in found.steps)
    missing = await look(site.url + "/missing/post.html", fetch)
    assert missing.problem is not None and "(404)" in missing.problem


@pytest.mark.parametrize(
    ("typed", "words"),
    [("hello world", "is not an address"), ("ftp://x.example", "not ftp"), ("http://no-such-host.invalid", "no such host"),
     ("http://10.0.0.1/", "inside this network"), ("http://[::1]/", "inside this network"), ("2130706433.", "is not an address")],
)  # fmt: skip
async def test_plain_failures_are_told_not_raised(fetch: Fetcher, typed: str, words: str) -> None:
    found = await look(typed, fetch)
    assert found.feeds == [] and found.problem is not None and words in found.problem


async def test_a_page_cannot_send_us_inside(site: Site) -> None:
    site.page(
        "/",
        "<link rel=alternate type=application/rss+xml href=http://169.254.169.254/feed><a href='http://10.0.0.1/rss'>x</a>",
    )
    async with Fetcher(make_settings()) as fetch:
        found = await look(site.url, fetch)
    refused = [step for step in found.steps if "inside this network" in step.said]
    assert len(refused) == 2 and found.feeds == []


async def test_a_page_with_a_thousand_feeds_costs_twelve_fetches(site: Site, fetch: Fetcher) -> None:
    site.page("/", "".join(f"<link rel=alternate type=application/rss+xml href=/f{n}>" for n in range(1000)))
    for n in range(20):
        site.feed(f"/f{n}", rss(f"F{n}", where=f"https://x{n}.example/"))
    found = await look(site.url, fetch)
    assert len(found.feeds) == 12 and len(site.hits) == 13
