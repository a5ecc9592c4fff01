"""Icons of feeds, and what upkeep clears away."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import zlib

from reader.gateways.work import WorkGateway
from reader.jobs import Discover, FetchIcon, RecountChain, Upkeep, key_of
from reader.models.user import Session
from tests.helpers.site import Site
from tests.integration.workers.conftest import Bench
from workers import jobs


def png(size: int = 16, shade: int = 90) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + bytes([shade]) * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def test_an_icon_is_found_by_its_bytes_and_stored_once(bench: Bench, site: Site) -> None:
    site.put("/", '<html><link rel="icon" href="/mark"><title>Letters</title></html>')
    site.put("/mark", png(), "text/plain")  # the type lies
    ids = []
    for path in ("/a.xml", "/b.xml"):
        feed = site.feed(path)
        feed.publish()
        ids.append(await bench.feed(feed.url))
        await bench.pull(ids[-1])
        said = await jobs.run(bench.container, FetchIcon(ids[-1]))
    digest = hashlib.sha256(png()).hexdigest()
    assert isinstance(said, str) and json.loads(said) == {"icon": digest}
    assert [(await bench.stored(feed_id)).icon for feed_id in ids] == [digest, digest]
    icon = await bench.container.mappers.feeds.icon(digest)
    assert icon is not None and (icon.type, icon.body) == ("image/png", png())


async def test_a_site_without_an_icon(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    await jobs.run(bench.container, FetchIcon(feed_id))
    assert (await bench.stored(feed_id)).icon is None
    assert site.seen("/favicon.ico")


async def test_a_site_that_loses_its_icon_keeps_ours(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    site.put("/favicon.ico", png())
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    await jobs.run(bench.container, FetchIcon(feed_id))
    icon = (await bench.stored(feed_id)).icon
    assert icon
    site.remove("/favicon.ico")
    await jobs.run(bench.container, FetchIcon(feed_id))
    assert (await bench.stored(feed_id)).icon == icon


async def test_the_feeds_own_icon_where_the_site_has_none(bench: Bench, site: Site) -> None:
    image = f"<image><url>{site.url('/cover.png')}</url><title>x</title><link>x</link></image>"
    item = "<item><title>One</title><guid>1</guid></item>"
    rss = f"<rss version='2.0'><channel><title>T</title><link>{site.url('/')}</link>{image}{item}</channel></rss>"
    site.put("/feed.xml", rss, "application/rss+xml")
    site.put("/cover.png", png(24))
    feed_id = await bench.feed(site.url("/feed.xml"))
    await bench.pull(feed_id)
    await jobs.run(bench.container, FetchIcon(feed_id, site.url("/cover.png")))
    assert (await bench.stored(feed_id)).icon == hashlib.sha256(png(24)).hexdigest()


async def test_icons_are_asked_for_again_after_a_week(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)

    async def pulled_and_asked() -> bool:
        feed.publish()
        await bench.pull(feed_id)
        item = await bench.queue.take("icon")
        if item is None:
            return False
        row = await work.take(item.payload, 60)
        assert row is not None and await work.finish(row, "null")
        assert await bench.queue.ack(item)
        return True

    assert await pulled_and_asked()
    assert not await pulled_and_asked()
    bench.hands.ahead = 8 * 86_400
    assert await pulled_and_asked()


async def test_upkeep_clears_away_what_is_over(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish_many(150)
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    user = await bench.reader("ada", feed_id, unread=150)
    bench.container.gateways.upkeep._keep = 100
    await bench.container.mappers.users.add_session(Session(b"x" * 32, user.id, 0.0, bench.hands.now() - 1))
    await jobs.run(bench.container, Upkeep())
    stored = await bench.stored(feed_id)
    assert (stored.floor, stored.seq) == (50, 150)
    assert await bench.unread(user, feed_id) == 100
    assert await bench.container.mappers.users.session(b"x" * 32) is None
    assert (await bench.pull(feed_id)).new == 0  # what was purged does not come back


async def test_recount_says_how_far_it_is(bench: Bench, site: Site) -> None:
    for number in range(3):
        await bench.feed(site.url(f"/{number}.xml"))
    done: list[int] = []
    assert (await bench.container.gateways.upkeep.recount(done.append))[0] == 3
    assert done == [1, 2, 3]


def test_the_main_process_stays_light() -> None:
    """Parsers, libmagic and the web framework are loaded where they are used, not with the workers."""
    heavy = ["lxml", "feedparser", "selectolax", "magic", "nh3", "fastapi", "uvicorn"]
    code = f"import sys, workers.program, workers.serve; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


async def test_results_are_kept_for_an_hour_and_discoveries_as_long_as_they_are_the_cache(bench: Bench) -> None:
    work = bench.container.gateways.work
    payloads = (Discover("https://one.example/"), RecountChain(1), FetchIcon(1))
    for payload in payloads:
        await work.submit(payload)
        row = await work.take(payload, 60)
        assert row is not None
        assert await work.finish(row, "null")

    async def kept(hours: float) -> list[bool]:
        bench.hands.ahead = hours * 3600
        await jobs.run(bench.container, Upkeep())
        return [await work.get(key_of(payload)) is not None for payload in payloads]

    assert await kept(0.9) == [True, True, True]
    assert await kept(1.1) == [True, False, True]
    assert await kept(2.1) == [False, False, True]
    assert await kept(24 * 9) == [False, False, False]
