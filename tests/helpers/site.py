"""A programmable web site on loopback for tests: pages, feeds that change, redirects, delays, failures.

It serves from a thread of its own, so both asyncio tests and browser tests can use it::

    with Site() as site:
        feed = site.feed("/feed.xml", title="Quiet Letters")
        feed.publish("First")
        ...
        assert site.seen("/feed.xml")[-1].headers["if-none-match"]
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from tests.helpers.feeds import TYPES, FeedFormat, FeedItem, render


@dataclass(frozen=True)
class Seen:
    """One request that arrived. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    at: float


@dataclass
class Resource:
    """What a path answers. ``etag`` "auto" makes one of the body's digest; None sends none."""

    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    etag: str | None = None
    last_modified: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False
    compress: bool = False

    def tag(self) -> str | None:
        if self.etag == "auto":
            return f'"{hashlib.blake2b(self.body, digest_size=8).hexdigest()}"'
        return self.etag


class Site:
    """A site at ``host`` (any address of 127.0.0.0/8) on a free port, or on ``port``."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._resources: dict[str, Resource] = {}
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = _Server((host, port), handler)
        self.host, self.port = host, int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Self:
        """For fixtures that do not use ``with``."""
        return self.__enter__()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def put(self, path: str, body: str | bytes, type: str = "text/html; charset=utf-8", **options: object) -> Resource:
        """Answer ``path`` with ``body``; ``options`` are fields of Resource. Replaces what was there."""
        data = body.encode() if isinstance(body, str) else body
        resource = Resource(data, type, **options)  # type: ignore[arg-type]
        with self._lock:
            self._resources[path] = resource
        return resource

    def page(self, path: str, *feeds: str, title: str = "A page", body: str = "<p>Hello.</p>") -> Resource:
        """An HTML page that announces ``feeds`` (paths or URLs) with <link rel=alternate>."""
        links = "".join(f'<link rel="alternate" type="{_type_of(feed)}" href="{feed}">' for feed in feeds)
        return self.put(path, f"<!doctype html><html lang=en><title>{title}</title>{links}<body>{body}</body></html>")

    def redirect(self, path: str, to: str, status: int = 301) -> Resource:
        return self.put(path, b"", status=status, headers={"Location": to})

    def fail(self, path: str, status: int, headers: Mapping[str, str] | None = None) -> Resource:
        return self.put(path, f"status {status}", "text/plain", status=status, headers=dict(headers or {}))

    def remove(self, path: str) -> None:
        with self._lock:
            self._resources.pop(path, None)

    def feed(
        self, path: str = "/feed.xml", title: str = "A feed", format: FeedFormat = "rss", **options: object
    ) -> SiteFeed:
        """A feed that can be published to. ``options`` are fields of Resource (delay, etag …)."""
        feed = SiteFeed(self, path, title, format)
        feed.options.update({"etag": "auto"} | options)
        feed.refresh()
        return feed

    def resource(self, path: str) -> Resource | None:
        with self._lock:
            return self._resources.get(path)

    def seen(self, path: str | None = None) -> list[Seen]:
        """Requests so far, oldest first; of one path if given."""
        with self._lock:
            return [seen for seen in self._seen if path is None or seen.path == path]

    def note(self, seen: Seen) -> None:
        """Called by the server for each request."""
        with self._lock:
            self._seen.append(seen)


class SiteFeed:
    """A feed of a Site. Every change shows in the next answer."""

    def __init__(self, site: Site, path: str, title: str, format: FeedFormat) -> None:
        self.site = site
        self.path = path
        self.title = title
        self.format: FeedFormat = format
        self.items: list[FeedItem] = []
        self.options: dict[str, object] = {}
        self._made = 0

    @property
    def url(self) -> str:
        return self.site.url(self.path)

    def publish(self, title: str = "", content: str = "", *, at: float | None = None, **fields: object) -> FeedItem:
        """A new entry on top; ``at`` is its date in seconds since 1970 (default: now)."""
        self._made += 1
        number = self._made
        item = FeedItem(
            id=f"{self.url}#{number}",
            url=self.site.url(f"{self.path.rsplit('.', 1)[0]}/{number}"),
            title=title or f"Entry {number}",
            content=content or f"<p>Text of entry {number} in {self.title}.</p>",
            at=time.time() if at is None else at,
        )
        for name, value in fields.items():
            setattr(item, name, value)
        self.items.insert(0, item)
        self.refresh()
        return item

    def publish_many(self, count: int, *, newest: float | None = None, apart: float = 3600) -> list[FeedItem]:
        """``count`` entries, the newest at ``newest`` (default: now), ``apart`` seconds between two."""
        newest = time.time() if newest is None else newest
        return [self.publish(at=newest - apart * back) for back in range(count - 1, -1, -1)]

    def renew_ids(self, mark: str = "renewed") -> None:
        """Give every entry a new id, as careless moves of publishing software do."""
        for item in self.items:
            item.id = f"{mark}-{item.id}"
        self.refresh()

    def refresh(self) -> None:
        """Serve what ``items`` holds now; call it after changing an item by hand."""
        body = render(self.format, self.title, self.site.url("/"), self.url, self.items)
        self.site.put(self.path, body, TYPES[self.format], **self.options)


def _type_of(feed: str) -> str:
    name = urlsplit(feed).path
    if name.endswith(".json"):
        return "application/feed+json"
    return "application/atom+xml" if "atom" in name else "application/rss+xml"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no event worth printing."""


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[Site]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def _answer(self, method: Literal["GET", "HEAD"]) -> None:
        path = self.path
        self.site.note(Seen(path, {name.lower(): value for name, value in self.headers.items()}, time.time()))
        resource = self.site.resource(path) or self.site.resource(path.partition("?")[0])
        if resource is None:
            resource = Resource(b"There is nothing here.", "text/plain", 404)
        if resource.delay:
            time.sleep(resource.delay)
        if resource.hang_up:
            self.close_connection = True
            return
        self._send(method, resource)

    def _send(self, method: str, resource: Resource) -> None:
        unchanged = resource.status == 200 and self._unchanged(resource)
        body = b"" if unchanged else resource.body
        headers = dict(resource.headers)
        if not unchanged:
            headers.setdefault("Content-Type", resource.type)
            if resource.compress:
                body = gzip.compress(body)
                headers["Content-Encoding"] = "gzip"
            headers.setdefault("Content-Length", str(len(body)))
        if tag := resource.tag():
            headers["ETag"] = tag
        if resource.last_modified:
            headers["Last-Modified"] = resource.last_modified
        self.send_response(304 if unchanged else resource.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if method == "GET":
            self.wfile.write(body)

    def _unchanged(self, resource: Resource) -> bool:
        tag = resource.tag()
        if tag is not None and "If-None-Match" in self.headers:
            return self.headers["If-None-Match"] == tag
        return resource.last_modified is not None and self.headers.get("If-Modified-Since") == resource.last_modified

    def log_message(self, format: str, *args: object) -> None:
        """Tests read ``Site.seen`` instead."""


def http_date(at: float) -> str:
    """``at`` (seconds since 1970) as HTTP writes dates."""
    return formatdate(at, usegmt=True)
