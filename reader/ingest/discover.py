"""From an address that a person typed to feeds that work, with a record of every step on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical, normalize, split_scheme
from reader.ingest.fetch import Fetched
from reader.ingest.page import Candidate, IconLink, PageFindings, find
from reader.ingest.platforms import guesses, platform_feeds
from reader.ingest.work import Preview, discover_page, preview_feed

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

MOST_PROVEN = 12
AT_ONCE = 4
HEAD_START = 1.0  # seconds that https has before http is asked beside it
SHOWN_HEADERS = ("content-type", "content-length", "location", "server", "etag", "last-modified", "retry-after")
PoolCall = Callable[..., Awaitable[Any]]
"""``await pool_call(function, *args)`` runs a function of ingest.work in the CPU pool."""
Answer = tuple[Fetched | None, Upstream | None]


class FetcherLike(Protocol):
    async def get(self, url: str) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: ``what`` in plain words, and what came back. ``ms``: milliseconds."""

    what: str
    url: str
    status: int | None
    ok: bool
    ms: int
    said: str = ""  # the outcome in words
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and parsed. ``url`` is canonical, after permanent redirects; ``also``: formats of its
    twins, the same content at other addresses; ``per_week``: entries per week; times are seconds since 1970."""

    url: str
    title: str
    description: str | None
    site_url: str | None
    format: str
    also: list[str]
    entries: int
    newest_at: float | None
    per_week: float | None
    titles: list[str]
    icon: str | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """``feeds`` best first; when there are none, ``problem`` is a sentence that says why. ``site`` and ``icons``
    are those of the page that was read, if one was; ``page`` is its URL."""

    feeds: list[FoundFeed]
    steps: list[Step]
    problem: str | None = None
    page: str | None = None
    site: str = ""
    icons: list[IconLink] = field(default_factory=list)


async def discover(typed: str, fetch: FetcherLike, pool_call: PoolCall, now: float | None = None) -> Discovery:
    """Find the feeds behind what a person typed. Raises nothing for a plain failure: see Discovery.problem."""
    try:
        url = normalize(typed)
    except Invalid as error:
        return Discovery([], [], str(error))
    bare = not split_scheme(typed.strip().strip("<>"))[0]
    return await _Search(fetch, pool_call, time.time() if now is None else now).run(url, bare)


@dataclass(slots=True)
class _Proven:
    feed: FoundFeed
    links: frozenset[str]
    rank: int


def _no_https(error: Upstream | None) -> bool:
    """Whether a failure may mean only that the server speaks no https."""
    return error is not None and error.kind in ("tls", "connect", "timeout")


class _Search:
    """One run of the ladder."""

    def __init__(self, fetch: FetcherLike, pool_call: PoolCall, now: float) -> None:
        self._fetch = fetch
        self._pool = pool_call
        self._now = now
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._tried: set[str] = set()
        self.steps: list[Step] = []
        self._page: str | None = None
        self._findings = PageFindings("")

    async def run(self, url: str, bare: bool) -> Discovery:
        url, answer, error = await self._either(url) if bare else (url, *await self._get(url, "the address"))
        if answer is None:
            return await self._without_page(url, error)
        proven = await self._prove_answer(answer, 0, "the address")
        if proven is not None:
            return self._done([proven])
        return await self._from_page(answer)

    async def _either(self, url: str) -> tuple[str, Fetched | None, Upstream | None]:
        """An address typed without a scheme: (the one that answered, its answer, its error).

        https goes first. A server that does not speak it may refuse, or may say nothing at all until a time limit; so
        after a head start http is asked beside it, and the first answer is taken. Who types a port most likely means
        a server without encryption: there both start together.
        """
        plain_url = "http://" + url.removeprefix("https://")
        secure = asyncio.create_task(self._get(url, "the address"))
        await asyncio.wait({secure}, timeout=0 if urlsplit(url).port else HEAD_START)
        if secure.done() and not _no_https(secure.result()[1]):
            return url, *secure.result()
        plain = asyncio.create_task(self._get(plain_url, "the address without encryption"))
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

    async def _from_page(self, answer: Fetched) -> Discovery:
        self._page = answer.final_url
        page: PageFindings = await self._pool(
            discover_page, answer.body, answer.final_url, answer.content_type, answer.headers.get("link")
        )
        self._findings = page
        named = await self._prove_all(page.feeds, "a feed that the page names")
        if named:
            return self._done(named)
        return await self._guess(answer.final_url, None)

    async def _without_page(self, url: str, error: Upstream | None) -> Discovery:
        """The address itself does not answer; the site may keep its feeds in the usual places all the same."""
        if (
            error is not None
            and error.kind == "status"
            and error.status in (401, 402, 403, 404, 405, 406, 410, 451, 503)
        ):
            ruled = await self._prove_all(
                [Candidate(one.url, one.title, one.format, rank) for rank, one in enumerate(platform_feeds(url))],
                "a usual place",
            )
            if ruled:
                return self._done(ruled)
            return await self._guess(url, error)
        return self._done([], str(error) if error is not None else None)

    async def _guess(self, url: str, error: Upstream | None) -> Discovery:
        candidates = [Candidate(one, "", "", rank) for rank, one in enumerate(guesses(url))]
        found = await self._prove_all(candidates, "a usual place")
        host = urlsplit(url).hostname or url
        problem = (
            str(error) if error is not None else f"The page at {host} names no feed, and none is in the usual places."
        )
        return self._done(found, None if found else problem)

    async def _prove_all(self, candidates: Iterable[Candidate], what: str) -> list[_Proven]:
        wanted = [one for one in candidates if one.url not in self._tried][:MOST_PROVEN]
        results = await asyncio.gather(*(self._prove(one, rank, what) for rank, one in enumerate(wanted)))
        return [one for one in results if one is not None]

    async def _prove(self, candidate: Candidate, rank: int, what: str) -> _Proven | None:
        async with self._gate:
            answer, _ = await self._get(candidate.url, what)
        if answer is None:
            return None
        proven = await self._prove_answer(answer, candidate.rank * 100 + rank, what)
        if proven is not None and not proven.feed.title and candidate.title:
            proven.feed = replace(proven.feed, title=candidate.title)
        return proven

    async def _get(self, url: str, what: str) -> Answer:
        self._tried.add(url)
        start = time.monotonic()
        try:
            answer = await self._fetch.get(url)
        except Upstream as error:
            headers = getattr(error, "headers", {})
            self._note(what, getattr(error, "url", url), error.status, False, start, str(error), headers)
            return None, error
        self._tried.add(answer.final_url)
        said = f"Redirected to {answer.final_url}." if answer.redirects else "It answers."
        self._note(what, url, answer.status, True, start, said, answer.headers)
        return answer, None

    async def _prove_answer(self, answer: Fetched, rank: int, what: str) -> _Proven | None:
        """Parse what came; note the outcome as a step of its own."""
        start = time.monotonic()
        try:
            preview: Preview = await self._pool(
                preview_feed, answer.body, answer.final_url, answer.content_type, self._now
            )
        except Upstream as error:
            self._note(f"reading {what}", answer.final_url, None, False, start, str(error), {})
            return None
        said = f"A feed ({preview.format}) with {preview.entries} entries."
        self._note(f"reading {what}", answer.final_url, None, True, start, said, {})
        return _Proven(_found(preview, answer), _links(preview), rank)

    def _note(
        self, what: str, url: str, status: int | None, ok: bool, start: float, said: str, headers: dict[str, str]
    ) -> None:
        shown = {name: headers[name][:200] for name in SHOWN_HEADERS if name in headers}
        self.steps.append(Step(what, url, status, ok, round((time.monotonic() - start) * 1000), said, shown))

    def _done(self, proven: list[_Proven], problem: str | None = None) -> Discovery:
        page = self._findings
        return Discovery(fold(proven), self.steps, problem, self._page, page.title, page.icons)


def fold(proven: list[_Proven]) -> list[FoundFeed]:
    """Put twins together: the same URL, or mostly the same entries. Atom is kept before RSS before the rest."""
    kept: list[_Proven] = []
    for one in sorted(proven, key=lambda one: (_preference(one.feed.format), one.rank)):
        twin = next((other for other in kept if _twins(one, other)), None)
        if twin is None:
            kept.append(one)
            continue
        also = twin.feed.also
        if one.feed.format != twin.feed.format and one.feed.format not in also:
            also.append(one.feed.format)
        twin.rank = min(twin.rank, one.rank)
    return [one.feed for one in sorted(kept, key=lambda one: one.rank)]


def _twins(one: _Proven, other: _Proven) -> bool:
    if one.feed.url == other.feed.url:
        return True
    if one.links and other.links:
        common = len(one.links & other.links)
        return common >= 0.8 * min(len(one.links), len(other.links))
    same_site = one.feed.site_url is not None and one.feed.site_url == other.feed.site_url
    return same_site and one.feed.title == other.feed.title and one.feed.titles == other.feed.titles


def _preference(format_: str) -> int:
    return next((rank for rank, name in enumerate(("atom", "rss", "rdf", "json")) if format_.startswith(name)), 9)


def _found(preview: Preview, answer: Fetched) -> FoundFeed:
    return FoundFeed(
        url=canonical(answer.moved_to or answer.url),
        title=preview.title,
        description=preview.description,
        site_url=preview.site_url,
        format=preview.format,
        also=[],
        entries=preview.entries,
        newest_at=preview.newest_at,
        per_week=preview.per_week,
        titles=preview.titles,
        icon=preview.icon,
    )


def _links(preview: Preview) -> frozenset[str]:
    return frozenset(link.partition("://")[2].removeprefix("www.").rstrip("/") for link in preview.links)
