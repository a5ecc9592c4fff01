"""From an address that a person typed to feeds that work, with a record of every step on the way.

The ladder: the address itself is a feed; feeds that its page names or that a platform's rule gives; usual places. The
page's refresh and frames are followed. Other pages of the site are read by a crawl, later (ingest.crawl).
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from reader.errors import Invalid, Upstream
from reader.ingest.address import normalize, split_scheme
from reader.ingest.fetch import Fetched
from reader.ingest.found import Discovery, FoundFeed, Proven, Step
from reader.ingest.page import Candidate, IconLink, PageFindings, Tier, find
from reader.ingest.platforms import guesses, platform_feeds
from reader.ingest.prover import Answer, FetcherLike, PoolCall, Prover
from reader.ingest.walls import Wall

__all__ = [
    "Candidate",
    "Discovery",
    "FoundFeed",
    "IconLink",
    "PageFindings",
    "PoolCall",
    "Step",
    "discover",
    "find",
    "guesses",
    "platform_feeds",
]

HEAD_START = 1.0  # seconds that https has before http is asked beside it
MOST_HOPS = 3
WAVE = 4
CRAWLING = "The page names no feed. Evantr is reading other pages of the site; that can take a minute."
MAY_GUESS = (401, 402, 403, 404, 405, 406, 410, 429, 451, 503)


async def discover(typed: str, fetch: FetcherLike, pool_call: PoolCall, now: float | None = None) -> Discovery:
    """Find the feeds behind what a person typed. Raises nothing for a plain failure: see Discovery.problem."""
    try:
        url = normalize(typed)
    except Invalid as error:
        return Discovery([], [], str(error))
    bare = not split_scheme(typed.strip().strip("<>"))[0]
    return await _Search(Prover(fetch, pool_call, time.time() if now is None else now)).run(url, bare)


def _no_https(error: Upstream | None) -> bool:
    """Whether a failure may mean only that the server speaks no https."""
    return error is not None and error.kind in ("tls", "connect", "timeout")


class _Search:
    """One run of the ladder."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover
        self._page: str | None = None
        self._findings = PageFindings("")
        self._wall: Wall | None = None
        self._hops = 0

    async def run(self, url: str, bare: bool) -> Discovery:
        get = self._prover.get
        url, answer, error = await self._either(url) if bare else (url, *await get(url, "the address", error_body=True))
        if answer is None:
            return await self._without_page(url, error)
        proven = await self._prover.answer(answer, 0, "the address")
        if proven is not None:
            return self._done([proven])
        return await self._from_page(answer)

    # ---- the address

    async def _either(self, url: str) -> tuple[str, Fetched | None, Upstream | None]:
        """An address typed without a scheme: (the one that answered, its answer, its error).

        https goes first. A server that does not speak it may refuse, or may say nothing at all until a time limit; so
        after a head start http is asked beside it, and the first answer is taken. Who types a port most likely means
        a server without encryption: there both start together.
        """
        get = self._prover.get
        plain_url = "http://" + url.removeprefix("https://")
        secure = asyncio.create_task(get(url, "the address", error_body=True))
        await asyncio.wait({secure}, timeout=0 if urlsplit(url).port else HEAD_START)
        if secure.done() and not _no_https(secure.result()[1]):
            return url, *secure.result()
        plain = asyncio.create_task(get(plain_url, "the address without encryption", error_body=True))
        try:
            return await self._first(url, secure, plain_url, plain)
        finally:
            secure.cancel()
            plain.cancel()
            await asyncio.gather(secure, plain, return_exceptions=True)

    @staticmethod
    async def _first(
        url: str, secure: asyncio.Task[Answer], plain_url: str, plain: asyncio.Task[Answer]
    ) -> tuple[str, Fetched | None, Upstream | None]:
        pending: set[asyncio.Task[Answer]] = {secure, plain}
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if secure in done and not _no_https(secure.result()[1]):
                return url, *secure.result()
            if plain in done and not _no_https(plain.result()[1]):
                return plain_url, *plain.result()
        return plain_url, *plain.result()

    # ---- its page

    async def _from_page(self, answer: Fetched) -> Discovery:
        page = await self._prover.read(answer)
        self._page, self._findings, self._wall = answer.final_url, page, page.wall
        named = await self._named(page)
        if not named:
            onward = await self._onward(page)
            if onward is not None:
                return onward
        if named:
            return self._done(named)
        if page.wall is not None and page.wall.final:
            return self._done([], page.wall.words)
        return await self._guess(answer.final_url, None)

    async def _named(self, page: PageFindings) -> list[Proven]:
        """Feeds that the page or a rule names. Where a true link works, only strong anchors are tried beside it."""
        told = [one for one in page.feeds if one.tier <= Tier.GENERIC]
        proven = await self._prover.all(told, "a feed that the page names")
        rest = [one for one in page.feeds if one.tier > Tier.GENERIC and (not proven or one.tier == Tier.ANCHOR)]
        return proven + await self._prover.all(rest, "a link that looks like a feed")

    async def _onward(self, page: PageFindings) -> Discovery | None:
        """Go where the page sends a browser on, or into its frames; at most three times in all."""
        for target in [page.refresh, *page.frames] if page.refresh else page.frames:
            if target is None or self._hops >= MOST_HOPS or self._prover.has_tried(target):
                continue
            self._hops += 1
            what = "where the page leads on by itself" if target == page.refresh else "a frame of the page"
            answer, _ = await self._prover.get(target, what)
            if answer is None:
                continue
            proven = await self._prover.answer(answer, 0, what)
            found = self._done([proven]) if proven is not None else await self._from_page(answer)
            if found.feeds or target == page.refresh:
                return found
        return None

    async def _without_page(self, url: str, error: Upstream | None) -> Discovery:
        """The address itself does not answer; the site may keep its feeds in the usual places all the same."""
        if error is None or error.kind != "status" or error.status not in MAY_GUESS:
            return self._done([], str(error) if error is not None else None)
        self._wall = await self._prover.wall_behind(error)
        rules = [Candidate(one.url, one.title, one.format, rank) for rank, one in enumerate(platform_feeds(url))]
        ruled = await self._prover.all(rules, "a usual place")
        return self._done(ruled) if ruled else await self._guess(url, error)

    async def _guess(self, url: str, error: Upstream | None) -> Discovery:
        """The usual places, a few at a time until one holds a feed."""
        places = guesses(url, self._findings.generator)
        for start in range(0, len(places), WAVE):
            wave = [Candidate(one, "", "", start + rank) for rank, one in enumerate(places[start : start + WAVE])]
            found = await self._prover.all(wave, "a usual place")
            if found:
                return self._done(found)
        return self._nothing(url, error)

    def _nothing(self, url: str, error: Upstream | None) -> Discovery:
        host = urlsplit(url).hostname or url
        if self._wall is not None:
            return self._done([], self._wall.words)
        if error is not None:
            return self._done([], str(error))
        found = self._done([], f"The page at {host} names no feed, and none is in the usual places.")
        return Discovery(found.feeds, found.steps, found.problem, found.page, found.site, found.icons, more=True)

    def _done(self, proven: list[Proven], problem: str | None = None) -> Discovery:
        page = self._findings
        return Discovery(self._prover.folded(proven), self._prover.steps, problem, self._page, page.title, page.icons)
