"""From what a person typed to feeds: known ones at once, then the cache of recent discoveries, then a job.

The row of a Discover job is the cache. Each feed that a discovery proved gets such a row under its own address too, so
that it can be subscribed to, and is found at once when it is typed itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import structlog

from reader.clock import Clock
from reader.errors import Invalid, Upstream
from reader.events import PubSub
from reader.gateways.controller import Controller
from reader.gateways.work import WorkGateway
from reader.ingest import discover as ingest
from reader.ingest.address import normalize
from reader.ingest.crawl import crawl
from reader.ingest.fetch import Fetcher
from reader.ingest.generate import is_generated
from reader.jobs import Cpu, CrawlSite, Discover, JobQueue, key_of
from reader.mappers import Mappers
from reader.models.feed import Feed
from reader.models.job import Job
from reader.models.operations import Owned
from reader.models.reading import Finding, FoundFeed, Tried
from reader.settings import Settings

log = structlog.get_logger(__name__)

FAILURE_TTL = 300  # an address without a feed may have one soon; its owner may be trying just that
ROW_SECONDS = 30.0


class DiscoveryGateway:
    def __init__(
        self,
        mappers: Mappers,
        fetcher: Fetcher,
        cpu: Cpu,
        bus: PubSub,
        queue: JobQueue,
        clock: Clock,
        settings: Settings,
        controller: Controller,
    ) -> None:
        self._controller = controller
        self._feeds = mappers.feeds
        self._fetcher = fetcher
        self._cpu = cpu
        self._queue = queue
        self._clock = clock
        self._ttl = settings.discovery_ttl
        self._pages, self._pause = settings.crawl_pages, settings.crawl_pause
        self._work = WorkGateway(mappers, bus, clock)

    async def find(self, address: str, typed: str, wait: float) -> Finding:
        """Feeds of a normalised ``address``. Waits ``wait`` seconds for a job; Finding.wait says that it goes on, and
        Finding.more that a crawl of the site does."""
        known = await self._known(address)
        if known is not None:
            return Finding(address, False, (known,))
        finding = self._fresh(await self._work.get(key_of(Discover(address))), address)
        if finding is None:
            crawled = self._fresh(await self._work.get(key_of(CrawlSite(address))), address)
            finding = crawled if crawled and crawled.feeds else await self._ask(Discover(address, typed), wait)
        if finding.more:
            finding = await self._with_crawl(finding)
        return await self._with_ids(finding)

    async def look(self, address: str) -> Finding | None:
        """For an import: the answer for a normalised address if there is a recent one, else a job that nobody waits
        for; ask again later."""
        job = Discover(address, imported=True)
        finding = self._fresh(await self._work.get(key_of(job)), address)
        if finding is None:
            await self._work.submit(job)
            await self._queue.put(job)
        return finding

    async def proven(self, url: str) -> FoundFeed | None:
        """The feed at this very URL, if a discovery proved it."""
        for job in (Discover(url), CrawlSite(url)):
            row = await self._work.get(key_of(job))
            if row is None or row.state != "done" or row.result is None:
                continue
            feed = next((feed for feed in _finding(row.result).feeds if feed.url == url), None)
            if feed is not None:
                return feed
        return None

    async def run(self, job: Discover) -> str:
        """Do a Discover job; the result is the Finding as JSON. First the feeds get rows of their own."""
        finding, page = await self._look(job)
        if finding.more and (page is None or not self._pages):
            finding = replace(finding, more=False)
        elif finding.more and page is not None:
            await self._crawl_later(CrawlSite(job.address, page))
        return await self._told(finding)

    async def crawl(self, job: CrawlSite) -> str:
        """Do a CrawlSite job; the result is the Finding as JSON, and find() shows it under the same address."""
        try:
            found = await crawl(
                job.page or job.address, self._fetcher, self._cpu.run, self._clock.now(),
                pause=self._pause, pages=self._pages,
            )  # fmt: skip
        except Upstream as error:
            return await self._told(Finding(job.address, False, problem=str(error)))
        return await self._told(finding_of(job.address, found))

    async def _told(self, finding: Finding) -> str:
        for feed in finding.feeds:
            if feed.url != finding.address:
                await self._remember(feed)
        log.info("discovered", address=finding.address, feeds=len(finding.feeds), problem=finding.problem)
        return orjson.dumps(finding).decode()

    async def _look(self, job: Discover) -> tuple[Finding, str | None]:
        """(the finding, the page that was read)."""
        try:
            found = await ingest.discover(_as_typed(job), self._fetcher, self._cpu.run, self._clock.now())
        except Upstream as error:  # a page that is too much for the CPU pool
            return Finding(job.address, False, problem=str(error)), None
        return finding_of(job.address, found), found.page

    async def _crawl_later(self, job: CrawlSite) -> None:
        """Enqueue a crawl unless one of that site has just ended."""
        if self._fresh(await self._work.get(key_of(job)), job.address) is not None:
            return
        await self._work.submit(job)
        await self._queue.put(job)

    async def _with_crawl(self, finding: Finding) -> Finding:
        """The crawl's answer in place of the first one, once it is there."""
        row = await self._work.get(key_of(CrawlSite(finding.address)))
        if row is None or (row.state not in ("done", "failed")):
            return replace(finding, problem=ingest.CRAWLING) if row is not None else replace(finding, more=False)
        if row.state == "failed" or row.result is None:
            return replace(finding, more=False)
        crawled = _finding(row.result)
        return replace(crawled, tried=finding.tried + crawled.tried)

    async def _known(self, address: str) -> FoundFeed | None:
        for url in _spellings(address):
            feed = await self._feeds.by_url(url)
            # A generated feed is a last resort: each time it is looked whether the site has a real one by now.
            if feed is not None and feed.state != "gone" and not is_generated(feed.format):
                return known_feed(feed)
        return None

    async def _ask(self, job: Discover, wait: float) -> Finding:
        """Subscribe first, then write the row and enqueue, then look, then wait: no answer slips through between."""
        key = key_of(job)
        deadline = self._clock.monotonic() + wait
        async with self._controller.waiting([Owned(0, key, job.NAME, "{}", self._clock.now())]) as waiter:
            await self._work.submit(job)
            await self._queue.put(job)
            while True:
                finding = self._fresh(await self._work.get(key), job.address)
                if finding is not None:
                    return finding
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    return Finding(job.address, wait=True)
                await waiter.next(left)

    def _fresh(self, row: Job | None, address: str) -> Finding | None:
        """The answer in a finished row, if it is recent enough."""
        if row is None or row.finished_at is None or row.state not in ("done", "failed"):
            return None
        if row.state == "failed" or row.result is None:
            finding = Finding(address, False, problem="Evantr could not look at this address. Try again in a while.")
        else:
            finding = _finding(row.result)
        ttl = self._ttl if finding.feeds else min(self._ttl, FAILURE_TTL)
        return finding if self._clock.now() - row.finished_at < ttl else None

    async def _with_ids(self, finding: Finding) -> Finding:
        feeds = []
        for feed in finding.feeds:
            stored = await self._feeds.by_url(feed.url)
            feeds.append(replace(feed, feed_id=stored.id if stored else None))
        return replace(finding, feeds=tuple(feeds))

    async def _remember(self, feed: FoundFeed) -> None:
        """A finished Discover row for the feed's own URL. If we die in between, a worker redoes that job."""
        job = Discover(feed.url, feed.url)
        await self._work.submit(job)
        row = await self._work.take(job, ROW_SECONDS)
        if row is not None:
            await self._work.finish(row, orjson.dumps(Finding(feed.url, False, (feed,))).decode())


def finding_of(address: str, found: ingest.Discovery) -> Finding:
    """What a discovery found, as readers see it."""
    feeds = tuple(
        FoundFeed(
            url=feed.url,
            title=feed.title or feed.url,
            description=feed.description,
            site_url=feed.site_url,
            format=feed.format,
            also=tuple(feed.also),
            newest_at=feed.newest_at,
            per_week=feed.per_week,
            titles=tuple(feed.titles),
            icon_url=feed.icon,
            generated=is_generated(feed.format),
        )
        for feed in found.feeds
    )
    tried = tuple(Tried(step.what, step.url, step.status, step.ok, step.ms, step.said) for step in found.steps)
    return Finding(address, False, feeds, tried, found.problem, found.more)


def _as_typed(job: Discover) -> str:
    """What the person typed, if it means that address: without a scheme, http may be tried after https."""
    try:
        return job.typed if job.typed and normalize(job.typed) == job.address else job.address
    except Invalid:
        return job.address


def _spellings(address: str) -> tuple[str, ...]:
    """Who types no scheme gets https; the feed may be stored under http."""
    other = "http://" + address[8:] if address.startswith("https://") else "https://" + address[7:]
    return address, other


def known_feed(feed: Feed, *, subscribed: bool = False) -> FoundFeed:
    """A stored feed as discovery shows it."""
    return FoundFeed(
        url=feed.url,
        title=feed.title or feed.url,
        description=feed.description,
        site_url=feed.site_url,
        format=feed.format,
        feed_id=feed.id,
        subscribed=subscribed,
        generated=is_generated(feed.format),
    )


def _finding(text: str) -> Finding:
    """Reads what orjson wrote of a Finding."""
    values: dict[str, Any] = orjson.loads(text)
    feeds = tuple(
        FoundFeed(**(feed | {"also": tuple(feed["also"]), "titles": tuple(feed["titles"])})) for feed in values["feeds"]
    )
    tried = tuple(Tried(**step) for step in values["tried"])
    return Finding(values["address"], values["wait"], feeds, tried, values["problem"], values.get("more", False))
