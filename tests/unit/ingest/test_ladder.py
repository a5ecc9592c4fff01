"""Every rung of the ladder against a site on loopback, and threat check 11: no rung leads inside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from reader.ingest.crawl import crawl
from reader.ingest.discover import Discovery, discover
from reader.ingest.fetch import Fetcher
from reader.ingest.icon import find_icon
from reader.ingest.icon_links import IconLink

from .conftest import Site, make_settings

NOW = 1_790_000_000.0
RSS = "type=application/rss+xml"
CHALLENGE = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"


async def here(function: Callable[..., Any], *args: object) -> object:
    return function(*args)


async def look(typed: str, fetch: Fetcher) -> Discovery:
    return await discover(typed, fetch, here, NOW)


def rss(title: str = "Gazette") -> str:
    items = "".join(
        f"<item><title>{title} {n}</title><link>https://g.example/{title}/{n}</link></item>" for n in range(3)
    )
    return f"<rss version='2.0'><channel><title>{title}</title><link>https://g.example/</link>{items}</channel></rss>"


def paths(found: Discovery, site: Site) -> list[str]:
    return [feed.url.removeprefix(site.url) for feed in found.feeds]


async def test_a_page_that_leads_on_by_itself(site: Site, fetch: Fetcher) -> None:
    site.page("/", '<meta http-equiv=refresh content="0;url=/home/">')
    site.page("/home/", f"<link rel=alternate {RSS} href=f.xml>")
    site.feed("/home/f.xml", rss())
    found = await look(site.url, fetch)
    assert paths(found, site) == ["/home/f.xml"] and found.page == site.url + "/home/"
    assert any(step.what == "where the page leads on by itself" for step in found.steps)


async def test_a_page_that_leads_on_to_a_feed(site: Site, fetch: Fetcher) -> None:
    site.page("/", '<meta http-equiv=refresh content="0;url=/f.xml">')
    site.feed("/f.xml", rss())
    assert paths(await look(site.url, fetch), site) == ["/f.xml"]


async def test_a_circle_of_pages_ends(site: Site, fetch: Fetcher) -> None:
    for n in range(10):
        site.page(f"/{n}", f'<meta http-equiv=refresh content="0;url=/{(n + 1) % 10}">')
    found = await look(site.url + "/0", fetch)
    assert found.feeds == [] and found.problem
    assert sum(path in {f"/{n}" for n in range(10)} for path in site.paths()) <= 4


async def test_a_page_that_names_a_feed_is_not_left(site: Site, fetch: Fetcher) -> None:
    site.page("/", f'<meta http-equiv=refresh content="5;url=/other"><link rel=alternate {RSS} href=/f.xml>')
    site.feed("/f.xml", rss())
    assert paths(await look(site.url, fetch), site) == ["/f.xml"] and "/other" not in site.paths()


async def test_a_script_is_not_run(site: Site, fetch: Fetcher) -> None:
    site.page("/", '<script>location.href="/other"</script><p>hello there, this is a page</p>')
    await look(site.url, fetch)
    assert "/other" not in site.paths()


async def test_frames_are_looked_into(site: Site, fetch: Fetcher) -> None:
    site.page("/", '<frameset cols="1,*"><frame src=/menu><frame src=/main></frameset>')
    site.page("/menu", "<a href=/x>x</a>")
    site.page("/main", f"<link rel=alternate {RSS} href=/f.xml>")
    site.feed("/f.xml", rss())
    assert paths(await look(site.url, fetch), site) == ["/f.xml"]


async def test_rungs_in_order(site: Site, fetch: Fetcher) -> None:
    """A true link first; a strong anchor of another feed beside it; weak anchors and usual places not even tried."""
    site.page("/", f'<link rel=alternate {RSS} href=/a.xml><a href="/podcast.rss">x</a><a href="/words">RSS</a>')
    site.feed("/a.xml", rss("A"))
    site.feed("/podcast.rss", rss("B"))
    site.feed("/feed", rss("C"))
    assert paths(await look(site.url, fetch), site) == ["/a.xml", "/podcast.rss"]
    assert "/words" not in site.paths() and "/feed" not in site.paths()


async def test_weak_anchors_where_no_link_works(site: Site, fetch: Fetcher) -> None:
    site.page("/", f'<link rel=alternate {RSS} href=/gone.xml><a href="/words">RSS</a>')
    site.feed("/words", rss("W"))
    assert paths(await look(site.url, fetch), site) == ["/words"]


async def test_usual_places_stop_at_the_first_that_works(site: Site, fetch: Fetcher) -> None:
    site.page("/", "<title>x</title><p>hello there")
    site.feed("/feed", rss())
    site.feed("/index.xml", rss("Other"))
    assert paths(await look(site.url, fetch), site) == ["/feed"] and "/index.xml" not in site.paths()


async def test_usual_places_below_the_page(site: Site, fetch: Fetcher) -> None:
    site.page("/blog/", "<title>x</title><p>hello there")
    site.feed("/blog/atom.xml", rss())
    assert paths(await look(site.url + "/blog/", fetch), site) == ["/blog/atom.xml"]


async def test_the_link_header_of_the_page(site: Site, fetch: Fetcher) -> None:
    site.on(
        "/", body=b"<p>hello", content_type="text/html",
        headers={"Link": '</f.xml>; rel="alternate"; type="application/rss+xml"'},
    )  # fmt: skip
    site.feed("/f.xml", rss())
    assert paths(await look(site.url, fetch), site) == ["/f.xml"]


@pytest.mark.parametrize(
    ("status", "html", "words"),
    [
        (200, CHALLENGE, "lets only browsers in"),
        (403, CHALLENGE, "lets only browsers in"),
        (503, CHALLENGE, "lets only browsers in"),
        (403, "<title>Attention Required! | Cloudflare</title><p>Sorry, you have been blocked", "blocks Evantr"),
        (200, "<title>Log in</title><form><input type=password></form>", "only after signing in"),
        (200, "<title>x.example</title><h1>This domain is for sale</h1>", "parked or for sale"),
        (200, "<title>Before you continue</title><form>cookies</form>", "consent to cookies"),
        (200, '<title>App</title><div id="root"></div>', "without JavaScript"),
        (403, "<p>no", "does not let Evantr read this (403)"),
        (404, "<p>no", "nothing at that address (404)"),
    ],
)  # fmt: skip
async def test_what_stands_in_the_way_is_named(site: Site, fetch: Fetcher, status: int, html: str, words: str) -> None:
    site.on("/", status=status, body=html.encode(), content_type="text/html")
    found = await look(site.url, fetch)
    assert found.feeds == [] and found.problem is not None and words in found.problem and not found.more


async def test_a_feed_behind_a_challenge_is_found_all_the_same(site: Site, fetch: Fetcher) -> None:
    site.on("/", status=403, body=CHALLENGE.encode(), content_type="text/html")
    site.feed("/feed", rss())
    assert paths(await look(site.url, fetch), site) == ["/feed"]


async def test_a_parked_domain_is_left_in_peace(site: Site, fetch: Fetcher) -> None:
    site.page("/", "<title>x.example</title><h1>This domain is for sale</h1>")
    await look(site.url, fetch)
    assert site.paths() == ["/"]


async def test_fetches_are_bounded(site: Site, fetch: Fetcher) -> None:
    anchors = "".join(f'<a href="/f{n}.rss">x</a>' for n in range(100))
    links = "".join(f"<link rel=alternate {RSS} title=T{n} href=/l{n}.xml>" for n in range(100))
    site.page("/", links + anchors + '<frameset><frame src="/2"><frame src="/3"></frameset>')
    site.page("/2", links.replace("/l", "/m") + anchors.replace("/f", "/g"))
    site.page("/3", links.replace("/l", "/n") + anchors.replace("/f", "/h"))
    await look(site.url, fetch)
    assert len(site.hits) <= 50


# ---- threat check 11: candidates, pages and icons in every spelling of an inner address


@pytest.fixture
async def canary() -> AsyncIterator[Site]:
    """A server that nobody may reach; it answers everything with a feed."""
    site = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        site.hits.append(request)
        return web.Response(body=rss("Canary").encode(), content_type="application/rss+xml")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.66", 0).start()
    site.url = f"127.0.0.66:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


def spellings(canary: Site) -> list[str]:
    port = canary.url.rpartition(":")[2]
    hosts = ["127.0.0.66", "2130706498", "0x7f000042", "0177.0.0.102", "127.66", "0x7f.66", "[::ffff:127.0.0.66]",
             "[::ffff:7f00:42]", "[64:ff9b::7f00:42]", "127.0.0.66.", "１２７.0.0.66", "%31%32%37.0.0.66"]  # fmt: skip
    return [f"http://{host}:{port}" for host in hosts]


async def test_11_no_candidate_leads_inside(site: Site, canary: Site) -> None:
    """Canary hits: 0 of 12 spellings × 9 places of a page."""
    async with Fetcher(make_settings(fetch_allow="127.0.0.1/32")) as fetch:
        for inner in spellings(canary):
            site.page(
                "/",
                f'<base href="{inner}/base/"><link rel=alternate {RSS} href="{inner}/link">'
                f"<link rel=alternate {RSS} href=rel>"
                f'<link rel=alternate type=text/xml href="{inner}/xml"><a href="{inner}/feed">RSS</a>'
                f'<a href="feed:{inner}/wrapped">x</a><a href="https://feedly.com/i/{inner}/f.rss">x</a>',
            )
            found = await look(site.url, fetch)
            assert found.feeds == []
            site.page("/refresh", f'<meta http-equiv=refresh content="0;url={inner}/refresh">')
            assert (await look(site.url + "/refresh", fetch)).feeds == []
            site.page("/frames", f'<frameset><frame src="{inner}/frame"></frameset>')
            assert (await look(site.url + "/frames", fetch)).feeds == []
            site.redirect("/moved", f"{inner}/moved")
            assert (await look(site.url + "/moved", fetch)).feeds == []
            assert (await look(f"{inner}/typed", fetch)).feeds == []
            site.page("/", f'<p>hello</p><a href="{inner}/blog">Blog</a><a href="/blog">Blog</a>')
            site.redirect("/blog", f"{inner}/blog")
            site.redirect("/robots.txt", f"{inner}/robots.txt")
            assert (await crawl(site.url + "/", fetch, here, NOW, pause=0)).feeds == []
    assert canary.hits == []


async def test_11_the_canary_sings_where_it_may(site: Site, canary: Site) -> None:
    """The same page without the guard reaches it: the test above can fail."""
    async with Fetcher(make_settings(fetch_allow="127.0.0.0/8")) as fetch:
        site.page("/", f'<link rel=alternate {RSS} href="http://{canary.url}/link">')
        assert len((await look(site.url, fetch)).feeds) == 1
    assert len(canary.hits) == 1


async def test_11_no_icon_leads_inside(site: Site, canary: Site) -> None:
    async with Fetcher(make_settings(fetch_allow="127.0.0.1/32")) as fetch:
        for inner in spellings(canary):
            site.on("/m.json", text=f'{{"icons": [{{"src": "{inner}/manifest.png", "sizes": "64x64"}}]}}')
            site.redirect("/favicon.ico", f"{inner}/favicon.ico")
            links = [IconLink(f"{inner}/icon.png", "", ""), IconLink(site.url + "/m.json", "", "manifest")]
            assert await find_icon(site.url, links, fetch) is None
    assert canary.hits == []
