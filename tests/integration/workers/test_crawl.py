"""Pages that name no feed: a crawl of the site in the background, and feeds made from a page's own list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.clock import Clock
from reader.container import build
from reader.gateways.discovery import DiscoveryGateway
from reader.jobs import CrawlSite, key_of
from reader.models.entry import Entry
from reader.models.reading import Finding
from tests.helpers.site import Site
from tests.helpers.wait import until_async
from tests.integration.workers.conftest import Bench, Hands, settings_in
from workers.cpu import CpuPool
from workers.local import LocalQueue
from workers.manager import Manager

LIST = """<!doctype html><html lang="en"><title>Quay news</title><nav><a href="/about">About</a></nav>
<main><h1>News</h1><ul>
{items}</ul></main><footer><a href="/imprint">Imprint of the quay</a></footer></html>"""


def news(*numbers: int) -> str:
    return LIST.format(
        items="".join(
            f'<li><a href="/news/{n}.html">Ship number {n} has come in</a> <i class="date">2026-09-{n:02}</i></li>\n'
            for n in numbers
        )
    )


@pytest_asyncio.fixture
async def served(tmp_path: Path, store: str, cpu: CpuPool) -> AsyncIterator[Bench]:
    hands, queue = Hands(), LocalQueue()
    settings = settings_in(tmp_path, store=store, crawl_pause=0.01)
    container = await build(settings, queue=queue, cpu=cpu, clock=Clock(now=hands.now))
    await container.mappers.migrate()
    await container.fetcher.start()
    manager = Manager(container, queue)
    task = asyncio.create_task(manager.run())
    yield Bench(container, queue, hands)
    await manager.stop()
    task.cancel()
    await container.close()


def html(site: Site, path: str, body: str) -> str:
    site.put(path, body)
    return site.url(path)


def gateway(bench: Bench) -> DiscoveryGateway:
    return bench.container.gateways.discovery


async def found(bench: Bench, address: str, seconds: float = 30) -> Finding:
    """The last answer: what the crawl found, if there was one."""
    until = time.monotonic() + seconds
    while True:
        finding = await gateway(bench).find(address, address, 10)
        if not (finding.wait or finding.more) or time.monotonic() > until:
            return finding
        await asyncio.sleep(0.05)


async def pulled(bench: Bench, feed_id: int) -> list[Entry]:
    """The entries after the pull that subscribing asked for."""

    async def is_pulled() -> bool:
        return (await bench.stored(feed_id)).state != "new"

    await until_async(is_pulled)
    return await bench.entries(feed_id)


async def test_another_page_of_the_site_names_the_feed(served: Bench, site: Site) -> None:
    html(site, "/", '<title>Quay</title><p>Welcome.</p><a href="/shop">Shop</a><a href="/journal/">Journal</a>')
    html(site, "/journal/", '<link rel=alternate type="application/rss+xml" href="/f/journal.xml">')
    site.feed("/f/journal.xml", "Journal").publish_many(2)
    first = await gateway(served).find(site.url("/"), "", 10)
    assert not first.wait and first.feeds == ()
    assert first.problem and "names no feed" in first.problem
    finding = await found(served, site.url("/"))
    assert [(feed.title, feed.url, feed.generated) for feed in finding.feeds] == [
        ("Journal", site.url("/f/journal.xml"), False)
    ]
    assert not finding.more and finding.problem is None
    assert any(step.what == "a feed that another page names" for step in finding.tried)
    assert await gateway(served).proven(site.url("/f/journal.xml")) is not None
    served.hands.ahead = 600  # what was found is kept as long as any other answer
    assert (await gateway(served).find(site.url("/"), "", 0)).feeds == finding.feeds


async def test_the_first_answer_says_that_a_crawl_goes_on(served: Bench, site: Site) -> None:
    html(site, "/", '<p>Welcome.</p><a href="/blog">Blog</a>')
    site.put("/robots.txt", "User-agent: *\nAllow: /\n", "text/plain", delay=1.0)
    html(site, "/blog", "<p>Nothing here.</p>")
    start = time.monotonic()
    first = await gateway(served).find(site.url("/"), "", 10)
    assert first.more and time.monotonic() - start < 5
    assert first.problem == (
        "The page names no feed. Evantr is reading other pages of the site; that can take a minute."
    )
    last = await found(served, site.url("/"))
    assert not last.more and last.feeds == () and last.problem and "No page of" in last.problem


async def test_robots_are_told_where_not_to_go(served: Bench, site: Site) -> None:
    html(site, "/", '<p>Welcome.</p><a href="/blog/">Blog</a><a href="/news/">News</a>')
    site.put("/robots.txt", "User-agent: *\nDisallow: /blog/\n", "text/plain")
    html(site, "/blog/", '<link rel=alternate type="application/rss+xml" href="/f.xml">')
    html(site, "/news/", "<p>Nothing.</p>")
    finding = await found(served, site.url("/"))
    assert finding.feeds == () and site.seen("/blog/") == [] and len(site.seen("/news/")) == 1


async def test_a_crawl_stays_at_home_and_ends(served: Bench, site: Site) -> None:
    with Site("127.0.0.9") as other:
        links = "".join(f'<a href="/news/{n}/{m}">News of the day</a>' for n in range(9) for m in range(9))
        html(site, "/", f'<a href="{other.url("/blog")}">Blog</a>{links}')
        for n in range(9):
            for m in range(9):
                html(site, f"/news/{n}/{m}", links)
        finding = await found(served, site.url("/"))
        assert finding.feeds == () and other.seen() == []
        crawled = [seen for seen in site.seen() if seen.path.startswith("/news/")]
        assert len(crawled) <= 15


async def test_a_feed_is_made_from_the_list_on_the_page(served: Bench, site: Site) -> None:
    """Find, subscribe, pull; a new item appears and is unread; the page loses its list, and the entries stay."""
    address = html(site, "/aktuell", news(5, 4, 3, 2))
    finding = await found(served, address)
    (feed,) = finding.feeds
    assert feed.generated and feed.url == address and feed.title == "Quay news"
    assert feed.titles == ("Ship number 5 has come in", "Ship number 4 has come in", "Ship number 3 has come in")
    proven = await gateway(served).proven(address)
    assert proven is not None and proven.generated
    user = await served.reader("ada")
    subscriptions = served.container.gateways.subscriptions
    stored = await subscriptions.subscribe(
        user.id, proven.url, proven.title, proven.site_url, proven.description,
        folder_id=None, own_title=None, format=proven.format,
    )  # fmt: skip
    entries = await pulled(served, stored.id)
    assert [entry.url for entry in entries] == [site.url(f"/news/{n}.html") for n in (2, 3, 4, 5)]
    assert (await served.stored(stored.id)).format == "generated"
    before = await served.unread(user, stored.id)
    html(site, "/aktuell", news(6, 5, 4, 3, 2))
    outcome = await served.pull(stored.id)
    assert (outcome.new, outcome.updated, outcome.error) == (1, 0, None)
    assert await served.unread(user, stored.id) == before + 1
    html(site, "/aktuell", "<p>We have moved to a social network.</p>")
    broken = await served.pull(stored.id)
    assert broken.error == "The page no longer has the list that Evantr made a feed of."
    assert len(await served.entries(stored.id)) == 5


async def test_a_real_feed_goes_before_a_generated_one(served: Bench, site: Site) -> None:
    address = html(site, "/aktuell", news(5, 4, 3, 2))
    (feed,) = (await found(served, address)).feeds
    user = await served.reader("ada")
    stored = await served.container.gateways.subscriptions.subscribe(
        user.id, feed.url, feed.title, None, None, folder_id=None, own_title=None, format=feed.format
    )
    await pulled(served, stored.id)
    site.feed("/feed.xml", "Quay").publish_many(3)
    html(
        site,
        "/aktuell",
        news(5, 4, 3, 2).replace("<nav>", '<link rel=alternate type="application/rss+xml" href="/feed.xml"><nav>'),
    )
    served.hands.ahead = 7300
    assert [(one.url, one.generated) for one in (await found(served, address)).feeds] == [
        (site.url("/feed.xml"), False)
    ]


async def test_a_real_feed_that_turns_into_a_page_is_not_generated(served: Bench, site: Site) -> None:
    feed = site.feed("/feed.xml", "Quay")
    feed.publish_many(2)
    feed_id = await served.feed(feed.url)
    await served.pull(feed_id)
    html(site, "/feed.xml", news(5, 4, 3, 2))
    outcome = await served.pull(feed_id)
    assert outcome.error and outcome.kind == "not_a_feed"


@pytest.mark.parametrize("body", ["", "<p>hello", '<form><input type="password"></form>'])
async def test_a_page_with_nothing_gives_nothing(served: Bench, site: Site, body: str) -> None:
    address = html(site, "/", f"<title>x</title>{body}")
    finding = await found(served, address)
    assert finding.feeds == () and finding.problem


async def test_a_crawl_is_one_job_however_often_asked(served: Bench, site: Site) -> None:
    address = html(site, "/", "<p>hello</p>")
    await asyncio.gather(*(found(served, address) for _ in range(5)))
    assert len(site.seen("/robots.txt")) == 1
    row = await served.container.mappers.jobs.get(key_of(CrawlSite(address)))
    assert row is not None and row.state == "done"
