"""Reading other pages of a site for a feed: as a polite robot.

The same host only, one page at a time with a pause between, so many pages and no more, and none that robots.txt
forbids (RFC 9309). Where no page names a feed, one is made from a page's own list.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from reader.errors import Upstream
from reader.ingest.fetch import Fetched
from reader.ingest.found import Discovery, Proven
from reader.ingest.links import host_of
from reader.ingest.page import PageFindings, Tier
from reader.ingest.prover import FetcherLike, PoolCall, Prover

MOST_PAGES = 15
MOST_SECONDS = 90.0
PAUSE = 1.0
LONGEST_PAUSE = 5.0
MOST_GENERATED = 4
ROBOT = "evantr"
NOTHING = "No page of {host} that Evantr read names a feed, and none of them has a list to make one of."


async def crawl(
    start: str, fetch: FetcherLike, pool_call: PoolCall, now: float, *, pause: float = PAUSE, pages: int = MOST_PAGES
) -> Discovery:
    """Look for feeds on other pages of the site of ``start``, then for a page that one can be generated from.

    ``pause`` is in seconds. Raises nothing for a plain failure: see Discovery.problem.
    """
    return await _Crawl(Prover(fetch, pool_call, now), start, pause, pages).run()


class _Crawl:
    def __init__(self, prover: Prover, start: str, pause: float, pages: int) -> None:
        self._prover = prover
        self._start = start
        self._pause = pause
        self._left = pages
        self._until = time.monotonic() + MOST_SECONDS
        self._rules = RobotFileParser()
        self._queue: list[str] = []
        self._seen: list[Fetched] = []
        self._first = PageFindings("")

    async def run(self) -> Discovery:
        answer, error = await self._prover.get(self._start, "the page")
        if answer is None:
            return self._done([], str(error) if error else None)
        await self._obey(answer.final_url)
        self._seen.append(answer)
        self._first = await self._prover.read(answer)
        if self._first.wall is not None:
            return self._done([], self._first.wall.words)
        self._add(self._first, answer.final_url)
        found = await self._walk(host_of(answer.final_url))
        if not found:
            found = await self._generate()
        problem = None if found else NOTHING.format(host=urlsplit(answer.final_url).hostname)
        return self._done(found, problem)

    async def _walk(self, host: str) -> list[Proven]:
        while self._queue and self._left > 0 and time.monotonic() < self._until:
            url = self._queue.pop(0)
            if self._prover.has_tried(url) or not self._rules.can_fetch(ROBOT, url):
                continue
            self._left -= 1
            await asyncio.sleep(self._pause)
            answer, _ = await self._prover.get(url, "another page of the site")
            if answer is None or host_of(answer.final_url) != host:
                continue
            proven = await self._prover.answer(answer, 0, "another page of the site")
            found = [proven] if proven is not None else await self._named(answer)
            if found:
                return found
        return []

    async def _named(self, answer: Fetched) -> list[Proven]:
        """Feeds that a further page names."""
        try:
            page = await self._prover.read(answer)
        except Upstream:  # too much for the CPU pool: other pages may be smaller
            return []
        self._seen.append(answer)
        self._add(page, answer.final_url, most=5)
        named = [one for one in page.feeds if one.tier <= Tier.ANCHOR_WEAK][:6]
        return await self._prover.all(named, "a feed that another page names")

    async def _generate(self) -> list[Proven]:
        """From the page that was asked for, else from one of those that were read."""
        for answer in self._seen[:MOST_GENERATED]:
            proven = await self._prover.generated(answer)
            if proven is not None:
                return [proven]
        return []

    async def _obey(self, url: str) -> None:
        """Read robots.txt; a site without one forbids nothing, one whose server fails is left alone with it."""
        answer, error = await self._prover.get(urljoin(url, "/robots.txt"), "the site's rules for robots")
        if answer is None:
            failed = error is not None and (error.status is None or error.status >= 500)
            self._rules.parse(["User-agent: *", "Disallow: /" if failed else "Allow: /"])
            return
        self._rules.parse(answer.body[:200_000].decode("utf-8", "replace").splitlines())
        delay = self._rules.crawl_delay(ROBOT)
        self._pause = max(self._pause, min(float(delay), LONGEST_PAUSE)) if delay else self._pause

    def _add(self, page: PageFindings, url: str, most: int = 40) -> None:
        fresh = [one for one in page.pages if one not in self._queue and one != url]
        self._queue += fresh[:most]

    def _done(self, proven: list[Proven], problem: str | None = None) -> Discovery:
        page = self._first
        return Discovery(self._prover.folded(proven), self._prover.steps, problem, self._start, page.title, page.icons)
