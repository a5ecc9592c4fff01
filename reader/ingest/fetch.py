"""The one way out: HTTP with every bound that a hostile server makes necessary.

Redirects are followed by hand, each target is checked, bodies are unpacked step by step, and one deadline holds
for everything together. No cookies, no proxies from the environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical, check_url, shorten, site_key
from reader.ingest.connect import HostSlots, guarded_connector
from reader.ingest.decode import ACCEPT_ENCODING, Body, too_large
from reader.ingest.failures import connection_error, status_error
from reader.ingest.headers import hint_seconds, retry_after
from reader.settings import Settings

__all__ = [
    "ACCEPT_FEED",
    "ACCEPT_IMAGE",
    "FetchFailed",
    "Fetched",
    "Fetcher",
    "Hop",
    "Source",
    "hint_seconds",
    "retry_after",
]

MAX_REDIRECTS = 10
MAX_HEADERS = 128
MAX_ERROR_BODY = 100_000
MAX_HEADER_BYTES = 16_384
PERMANENT = (301, 308)
REDIRECTS = (301, 302, 303, 307, 308)
ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.6, */*;q=0.1"
)
ACCEPT_IMAGE = "image/*, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect: ``url`` answered ``status`` and pointed elsewhere, for good if ``permanent``."""

    url: str
    status: int
    permanent: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of 2xx or 304. ``headers`` has lower-case names; ``body`` is decoded; ``elapsed`` in seconds."""

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: bytes
    elapsed: float
    redirects: list[Hop] = field(default_factory=list)
    wire_bytes: int = 0

    @property
    def moved_to(self) -> str | None:
        """Where the URL has moved for good: the end of the unbroken run of permanent redirects from the start."""
        stops = [hop.url for hop in self.redirects] + [self.final_url]
        permanent = 0
        for hop in self.redirects:
            if not hop.permanent:
                break
            permanent += 1
        return stops[permanent] if permanent else None

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")


class Source(Protocol):
    """Where a pull's document comes from: the Fetcher, or saved documents that are played again."""

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """See Fetcher.get."""
        ...


class FetchFailed(Upstream):
    """Upstream that also tells where it happened: ``url`` that failed last, its ``headers``, the ``redirects``
    before it, ``elapsed`` seconds, and the start of the ``body`` if it was asked for."""

    def __init__(self, error: Upstream, trip: _Trip) -> None:
        super().__init__(error.kind, str(error), status=error.status, retry_after=error.retry_after)
        self.url = trip.at
        self.headers = trip.headers
        self.redirects = trip.hops
        self.elapsed = trip.elapsed
        self.body = trip.error_body


@dataclass(slots=True)
class _Trip:
    """What is known while one get() is under way."""

    url: str
    at: str
    limit: int
    seconds: float
    request_headers: dict[str, str]
    hops: list[Hop] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    elapsed: float = 0.0
    wants_error: bool = False
    error_body: bytes = b""


class Fetcher:
    """Fetches with the limits of ``settings``; use as ``async with Fetcher(settings) as fetch``, or start()/close().

    ``clock`` gives seconds since 1970 (Retry-After may be a date).
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._slots = HostSlots(settings.fetch_per_host)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connection pool; needs a running loop."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(self._settings.fetch_allow, self._settings.fetch_concurrency * 2),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),  # get() keeps its own deadline over all hops
            headers={"User-Agent": self._settings.user_agent, "Accept-Encoding": ACCEPT_ENCODING},
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = ACCEPT_FEED,
        max_bytes: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # holds over all hops, without the wait for a place
        error_body: bool = False,
    ) -> Fetched:
        """Fetch ``url``; ``etag`` and ``last_modified`` make the request conditional (RFC 9110, 13.1).

        ``timeout`` is in seconds and holds for all hops together, without the wait for a free place at the host.
        ``max_bytes`` limits the decoded body. Raises FetchFailed (an Upstream) for everything but 2xx, and 304
        to a conditional request; with ``error_body`` it carries the start of the page that came with the status.
        """
        wanted = {"Accept": accept}
        if etag and _sendable(etag):
            wanted["If-None-Match"] = etag
        if last_modified and _sendable(last_modified):
            wanted["If-Modified-Since"] = last_modified
        trip = _Trip(
            url, url, max_bytes or self._settings.fetch_max_bytes, timeout or self._settings.fetch_timeout, wanted
        )
        trip.wants_error = error_body
        try:
            return await self._follow(trip)
        except Upstream as error:
            raise FetchFailed(error, trip) from error.__cause__

    async def _follow(self, trip: _Trip) -> Fetched:
        trip.at = self._checked(trip.url)
        while True:
            async with self._slots.hold(site_key(trip.at)):
                answer = await self._timed(trip)
            if isinstance(answer, Fetched):
                return answer
            if len(trip.hops) > MAX_REDIRECTS:
                raise Upstream("redirects", f"The address leads on and on, over {MAX_REDIRECTS} times.")
            if answer in {hop.url for hop in trip.hops}:
                raise Upstream("redirects", "The address leads in a circle.")
            trip.at = self._checked(answer)

    async def _timed(self, trip: _Trip) -> Fetched | str:
        start = time.monotonic()
        try:
            async with asyncio.timeout(max(0.001, trip.seconds - trip.elapsed)):
                answer = await self._once(trip)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise connection_error(error, trip.at) from error
        finally:
            trip.elapsed += time.monotonic() - start
        if isinstance(answer, str):
            return answer
        status, body, wire = answer
        return Fetched(trip.url, trip.at, status, trip.headers, body, trip.elapsed, trip.hops, wire)

    async def _once(self, trip: _Trip) -> str | tuple[int, bytes, int]:
        """One request: the next URL of a redirect, or (status, body, bytes on the wire)."""
        if self._session is None:
            raise RuntimeError("the fetcher is not started")
        request = self._session.get(
            URL(trip.at, encoded=True), headers=trip.request_headers, allow_redirects=False, max_redirects=0
        )
        async with request as response:
            trip.headers = _lower(response)
            status = response.status
            if status in REDIRECTS and "location" in trip.headers:
                trip.hops.append(Hop(trip.at, status, status in PERMANENT))
                return _target(trip.at, trip.headers["location"])
            if status == 304 and len(trip.request_headers) > 1:
                return status, b"", 0
            if not 200 <= status < 300:
                if trip.wants_error:
                    trip.error_body = await _start_of(response, trip)
                raise status_error(status, trip.headers, self._clock())
            body = await _read(response, trip)
            return status, body.finish(), body.wire_bytes

    def _checked(self, url: str) -> str:
        try:
            url = canonical(url)
        except Invalid:
            check_url(url, self._settings.fetch_allow)  # has the more telling words
            raise Upstream("refused", f"That is not an address: {shorten(url)}.") from None
        check_url(url, self._settings.fetch_allow)
        return url


async def _read(response: aiohttp.ClientResponse, trip: _Trip) -> Body:
    if (response.content_length or 0) > trip.limit:
        raise too_large(trip.limit)
    body = Body(trip.headers.get("content-encoding", ""), trip.limit)
    async for chunk in response.content.iter_any():
        body.feed(chunk)
    return body


async def _start_of(response: aiohttp.ClientResponse, trip: _Trip) -> bytes:
    """The start of a page that came with an error, so that it can be told what it is; b"" if it cannot be read."""
    body = Body(trip.headers.get("content-encoding", ""), MAX_ERROR_BODY * 4)
    read = 0
    try:
        async for chunk in response.content.iter_any():
            body.feed(chunk)
            read += len(chunk)
            if read > MAX_ERROR_BODY:
                break
        return body.finish()
    except (Upstream, aiohttp.ClientError):
        return b""


def _lower(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _target(base: str, location: str) -> str:
    """Resolve a Location header; bytes outside ASCII arrive as surrogates and become percent-escapes."""
    plain = quote(location.strip().encode("utf-8", "surrogateescape"), safe="%/:=&?~#+!$,;'@()*[]")
    try:
        return urljoin(base, plain)
    except ValueError:
        raise Upstream("redirects", f"The address leads nowhere: {shorten(plain)}.") from None


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) < 2000
