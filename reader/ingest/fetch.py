"""The one way out: HTTP with every bound that a hostile server makes necessary.

Redirects are followed by hand, each target is checked, bodies are unpacked step by step, and one deadline holds
for everything together. Cookies last from one redirect to the next and no longer; no proxies from the environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical, check_url, shorten, site_key
from reader.ingest.answer import Fetched, FetchFailed, Hop, Source, Trip
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
CHECKED = 4096  # URLs whose check is remembered: a feed's is the same every time
PERMANENT = (301, 308)
KEEP_METHOD = (307, 308)
REDIRECTS = (301, 302, 303, 307, 308)
ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.6, */*;q=0.1"
)
ACCEPT_IMAGE = "image/*, */*;q=0.1"


class Fetcher:
    """Fetches with the limits of ``settings``; use as ``async with Fetcher(settings) as fetch``, or start()/close().

    ``clock`` gives seconds since 1970 (Retry-After may be a date).
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._slots = HostSlots(settings.fetch_per_host)
        self._session: aiohttp.ClientSession | None = None
        self._place = lru_cache(CHECKED)(self._look_at)

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
        follow: bool = True,
    ) -> Fetched:
        """Fetch ``url``; ``etag`` and ``last_modified`` make the request conditional (RFC 9110, 13.1).

        ``timeout`` is in seconds and holds for all hops together, without the wait for a free place at the host.
        ``max_bytes`` limits the decoded body. Raises FetchFailed (an Upstream) for everything but 2xx, and 304
        to a conditional request; with ``error_body`` it carries the start of the page that came with the status.
        Without ``follow`` a redirect is a status like any other that is not 2xx.
        """
        wanted = {"Accept": accept}
        if etag and _sendable(etag):
            wanted["If-None-Match"] = etag
        if last_modified and _sendable(last_modified):
            wanted["If-Modified-Since"] = last_modified
        trip = self._trip(url, wanted, max_bytes, timeout)
        trip.wants_error, trip.follow = error_body, follow
        return await self._run(trip)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        max_bytes: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as in get()
        error_body: bool = False,
        follow: bool = True,
    ) -> Fetched:
        """Send ``body`` to a webhook or a hub, under the guard and bounds of get().

        ``headers`` should hold a Content-Type. Redirects that keep the method (307, 308) are followed; others fail,
        for what they lead to is no answer to what was sent. Raises FetchFailed for everything but 2xx. ``error_body``
        and ``follow``: as in get().
        """
        trip = self._trip(url, dict(headers), max_bytes, timeout)
        trip.data = body
        trip.wants_error, trip.follow = error_body, follow
        return await self._run(trip)

    def _trip(self, url: str, headers: dict[str, str], max_bytes: int | None, seconds: float | None) -> Trip:
        settings = self._settings
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        limit, seconds = max_bytes or settings.fetch_max_bytes, seconds or settings.fetch_timeout
        return Trip(url, url, limit, seconds, headers, conditional=conditional)

    async def _run(self, trip: Trip) -> Fetched:
        try:
            return await self._follow(trip)
        except Upstream as error:
            raise FetchFailed(error, trip) from error.__cause__

    async def _follow(self, trip: Trip) -> Fetched:
        trip.at, site = self._place(trip.url)
        while True:
            await self._slots.enter(site)
            try:
                answer = await self._timed(trip)
            finally:
                self._slots.leave(site)
            if isinstance(answer, Fetched):
                return answer
            if len(trip.hops) > MAX_REDIRECTS:
                raise Upstream("redirects", f"The address leads on and on, over {MAX_REDIRECTS} times.")
            if "Cookie" not in trip.request_headers and answer in {hop.url for hop in trip.hops}:
                raise Upstream("redirects", "The address leads in a circle.")
            trip.at, site = self._place(answer)

    async def _timed(self, trip: Trip) -> Fetched | str:
        start = time.monotonic()
        try:
            async with asyncio.timeout(max(0.001, trip.seconds - trip.elapsed)):
                return await self._once(trip, start)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise connection_error(error, trip.at) from error
        finally:
            trip.elapsed += time.monotonic() - start

    async def _once(self, trip: Trip, start: float) -> str | Fetched:
        """One request: the next URL of a redirect, or the answer."""
        if self._session is None:
            raise RuntimeError("the fetcher is not started")
        url = URL(trip.at, encoded=True)
        method = "GET" if trip.data is None else "POST"
        async with self._session.request(
            method, url, headers=trip.request_headers, data=trip.data, allow_redirects=False
        ) as response:
            headers = trip.headers = _lower(response)
            status = response.status
            if trip.follow and status in REDIRECTS and "location" in headers:
                return _redirect(trip, response)
            if status == 304 and trip.conditional:
                body, wire = b"", 0
            else:
                if trip.wants_error and not 200 <= status < 300:
                    trip.error_body = await _start_of(response, trip)
                _must_be_document(status, headers, self._clock(), posted=trip.data is not None)
                read = await _read(response, trip)
                body, wire = read.finish(), read.wire_bytes
            elapsed = trip.elapsed + time.monotonic() - start
            return Fetched(trip.url, trip.at, status, headers, body, elapsed, trip.hops, wire)

    def _look_at(self, url: str) -> tuple[str, str]:
        """(URL in its one spelling, site) of what may be asked for. Raises Upstream("refused")."""
        try:
            plain = canonical(url)
        except Invalid:
            check_url(url, self._settings.fetch_allow)  # has the more telling words
            raise Upstream("refused", f"That is not an address: {shorten(url)}.") from None
        check_url(plain, self._settings.fetch_allow)
        return plain, site_key(plain)


def _must_be_document(status: int, headers: Mapping[str, str], now: float, *, posted: bool) -> None:
    """Raise Upstream("status") for an answer that holds no document, or a part of one that was not asked for."""
    if not 200 <= status < 300:
        raise status_error(status, headers, now)
    if posted:
        return
    if status in (204, 205):
        raise status_error(status, headers, now)
    if status == 206 and not _is_whole(headers.get("content-range", "")):
        raise Upstream("status", "The server sends a part of the document that nobody asked for (206).", status=status)


def _is_whole(content_range: str) -> bool:
    """Whether a Content-Range (RFC 9110, 14.4) spans all there is; servers that send none mean the whole."""
    unit, _, rest = content_range.strip().partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    if not unit:
        return True
    return first.strip() == "0" and last.strip().isdecimal() and total.strip() == str(int(last) + 1)


def _redirect(trip: Trip, response: aiohttp.ClientResponse) -> str:
    status = response.status
    if trip.data is not None and status not in KEEP_METHOD:
        raise Upstream("redirects", f"What was sent there is answered by a way elsewhere ({status}).", status=status)
    target = _target(trip.at, trip.headers["location"])
    trip.hops.append(Hop(trip.at, status, status in PERMANENT))
    _carry_cookies(trip, response, target)
    return target


def _carry_cookies(trip: Trip, response: aiohttp.ClientResponse, target: str) -> None:
    """Some sites set a cookie and send round in a circle until it comes back. It goes to the next hop of the same host
    alone, and is forgotten after the request."""
    before = trip.request_headers.pop("Cookie", None)
    if URL(trip.at, encoded=True).origin() != _origin(target):
        return
    pairs = [f"{morsel.key}={morsel.coded_value}" for morsel in response.cookies.values()]
    cookie = "; ".join(([before] if before else []) + pairs)
    if cookie and _sendable(cookie):
        trip.request_headers["Cookie"] = cookie


def _origin(url: str) -> URL | None:
    try:
        return URL(url, encoded=True).origin()
    except ValueError:
        return None


async def _read(response: aiohttp.ClientResponse, trip: Trip) -> Body:
    if (response.content_length or 0) > trip.limit:
        raise too_large(trip.limit)
    body = Body(trip.headers.get("content-encoding", ""), trip.limit)
    async for chunk in response.content.iter_any():
        body.feed(chunk)
    return body


async def _start_of(response: aiohttp.ClientResponse, trip: Trip) -> bytes:
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
