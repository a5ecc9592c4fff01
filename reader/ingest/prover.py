"""Fetching candidates to prove that they are feeds, with a note of every step. Bounded: so many fetches and no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

from reader.errors import Upstream
from reader.ingest.fetch import Fetched
from reader.ingest.found import FoundFeed, Proven, Step, fold, found_feed, link_keys
from reader.ingest.page import Candidate, PageFindings
from reader.ingest.walls import Wall
from reader.ingest.work import Preview, discover_page, preview_feed

MOST_PROVEN = 12  # candidates of one kind
MOST_FETCHES = 50
AT_ONCE = 4
SHOWN_HEADERS = ("content-type", "content-length", "location", "server", "etag", "last-modified", "retry-after")
PoolCall = Callable[..., Awaitable[Any]]
"""``await pool_call(function, *args)`` runs a function of ingest.work in the CPU pool."""
Answer = tuple[Fetched | None, Upstream | None]


class FetcherLike(Protocol):
    async def get(self, url: str, *, error_body: bool = ...) -> Fetched: ...


class Prover:
    """Fetches each address once. ``steps`` tells what was tried and what came of it."""

    def __init__(self, fetch: FetcherLike, pool_call: PoolCall, now: float) -> None:
        self._fetch = fetch
        self._pool = pool_call
        self._now = now
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._tried: set[str] = set()
        self._fetches = 0
        self.steps: list[Step] = []

    def has_tried(self, url: str) -> bool:
        return url in self._tried

    async def read(self, answer: Fetched) -> PageFindings:
        """What a page says. Raises Upstream if it is too much for the CPU pool."""
        found: PageFindings = await self._pool(
            discover_page, answer.body, answer.final_url, answer.content_type, answer.headers.get("link")
        )
        return found

    async def wall_behind(self, error: Upstream) -> Wall | None:
        """What the page of a failed answer says, if the server sent one with it."""
        body = getattr(error, "body", b"")
        if not body:
            return None
        headers: dict[str, str] = getattr(error, "headers", {})
        url: str = getattr(error, "url", "")
        page: PageFindings = await self._pool(discover_page, body, url, headers.get("content-type"))
        return page.wall

    async def all(self, candidates: Iterable[Candidate], what: str) -> list[Proven]:
        """Those that are feeds, in order; each address is tried once, and no more than twelve."""
        wanted = [one for one in candidates if one.url not in self._tried][:MOST_PROVEN]
        results = await asyncio.gather(*(self._one(one, what) for one in wanted))
        return [one for one in results if one is not None]

    async def _one(self, candidate: Candidate, what: str) -> Proven | None:
        async with self._gate:
            answer, _ = await self.get(candidate.url, what)
        if answer is None:
            return None
        proven = await self.answer(answer, candidate.rank, what)
        if proven is not None and not proven.feed.title and candidate.title:
            proven.feed = replace(proven.feed, title=candidate.title)
        return proven

    async def get(self, url: str, what: str, *, error_body: bool = False) -> Answer:
        """One fetch and its step; (None, None) when enough was fetched."""
        if self._fetches >= MOST_FETCHES:
            return None, None
        self._fetches += 1
        self._tried.add(url)
        start = time.monotonic()
        try:
            answer = await (self._fetch.get(url, error_body=True) if error_body else self._fetch.get(url))
        except Upstream as error:
            headers = getattr(error, "headers", {})
            self._note(what, getattr(error, "url", url), error.status, False, start, str(error), headers)
            return None, error
        self._tried.add(answer.final_url)
        said = f"Redirected to {answer.final_url}." if answer.redirects else "It answers."
        self._note(what, url, answer.status, True, start, said, answer.headers)
        return answer, None

    async def answer(self, answer: Fetched, rank: int, what: str) -> Proven | None:
        """Parse what came; note the outcome as a step of its own."""
        return await self._parsed(preview_feed, answer, rank, what)

    async def _parsed(self, how: Callable[..., Preview], answer: Fetched, rank: int, what: str) -> Proven | None:
        start = time.monotonic()
        try:
            preview: Preview = await self._pool(how, answer.body, answer.final_url, answer.content_type, self._now)
        except Upstream as error:
            self._note(f"reading {what}", answer.final_url, None, False, start, str(error), {})
            return None
        said = f"A feed ({preview.format}) with {preview.entries} entries."
        self._note(f"reading {what}", answer.final_url, None, True, start, said, {})
        return Proven(found_feed(preview, answer), link_keys(preview), rank)

    async def generated(self, answer: Fetched) -> Proven | None:
        """A feed made from the page itself, if it has a list of things to read."""
        from reader.ingest.work import preview_page

        return await self._parsed(preview_page, answer, 0, "the page's own list")

    def folded(self, proven: list[Proven]) -> list[FoundFeed]:
        return fold(proven)

    def _note(
        self, what: str, url: str, status: int | None, ok: bool, start: float, said: str, headers: dict[str, str]
    ) -> None:
        shown = {name: headers[name][:200] for name in SHOWN_HEADERS if name in headers}
        self.steps.append(Step(what, url, status, ok, round((time.monotonic() - start) * 1000), said, shown))
