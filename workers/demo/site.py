"""The demo's web server: in a thread of its own, on a loopback address of its own."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from reader.container import Container
from workers.demo import pictures
from workers.demo.content import FEEDS, Feed, Format
from workers.demo.render import SOUND_TYPE, TYPES, Dated, feed_document, feed_page, page, post_page

HOST = "127.0.0.2"
PORT = 8901
DAY = 86_400
PUBLISH_EVERY = 40.0
SLOW_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200


class DemoSite:
    """``with DemoSite() as site:`` serves at ``site.base``; a new entry appears every ``every`` seconds."""

    def __init__(self, host: str = HOST, port: int = PORT, every: float = PUBLISH_EVERY) -> None:
        handler = type("Handler", (_Handler,), {"site": self})
        try:
            self._server = _Server((host, port), handler)
        except OSError:  # taken: any free one will do
            self._server = _Server((host, 0), handler)
        self.base = f"http://{host}:{self._server.server_address[1]}"
        self._start = time.time()
        self._every = every
        self._files = _files()
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-site", daemon=True)

    def __enter__(self) -> DemoSite:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def posts(self, feed: Feed) -> list[Dated]:
        """What the feed holds by now, newest first."""
        base = f"{self.base}/{feed.name}"
        old = [
            Dated(post, f"{base}/{number}", self._start - post.days * DAY)
            for number, post in enumerate(reversed(feed.posts), 1)
        ]
        return sorted(old + self._published(feed, base), key=lambda dated: dated.at, reverse=True)

    def _published(self, feed: Feed, base: str) -> list[Dated]:
        """The live entries come round again and again, each time as new ones."""
        if not feed.live:
            return []
        count = int((time.time() - self._start) // self._every)
        return [
            Dated(
                feed.live[number % len(feed.live)],
                f"{base}/live-{int(self._start)}-{number}",
                self._start + (number + 1) * self._every,
            )
            for number in range(max(0, count - 100), count)
        ]

    async def tell(self, container: Container) -> None:
        """Ask for the live feed as soon as it has something new, as a hub would. (Left alone, Evantr comes by every
        two minutes at most, and only once it has learned that this pays.)"""
        while True:
            await asyncio.sleep(self._every - (time.time() - self._start) % self._every + 0.2)
            for feed in FEEDS:
                known = await container.gateways.feeds.at(f"{self.base}/{feed.name}/rss") if feed.live else None
                if known is not None:
                    await container.gateways.feeds.ask(known.id)

    def answer(self, path: str) -> Answer:
        if path in self._files:
            return self._files[path]
        if path == "/":
            return Answer(self._front())
        name, _, rest = path.strip("/").partition("/")
        feed = next((each for each in FEEDS if each.name == name), None)
        if feed is None:
            return Answer(b"There is nothing here.", "text/plain", 404)
        if feed.quirk == "gone":
            return Answer(b"This shop has closed for good.", "text/plain", 410)
        if feed.quirk == "slow":
            time.sleep(SLOW_SECONDS)
        return self._of_feed(feed, rest)

    def _of_feed(self, feed: Feed, rest: str) -> Answer:
        posts, icon = self.posts(feed), _icon_path(feed)
        if not rest:
            return Answer(feed_page(feed, posts, icon))
        if rest in feed.formats:
            format: Format = rest
            size = len(self._files["/sound.wav"].body)
            return Answer(feed_document(feed, format, self.base, posts, size), TYPES[format])
        found = next((dated for dated in posts if dated.url == f"{self.base}/{feed.name}/{rest}"), None)
        return Answer(post_page(feed, found, icon)) if found else Answer(b"There is nothing here.", "text/plain", 404)

    def _front(self) -> bytes:
        items = "".join(f"<li><a href='/{feed.name}/'>{feed.title}</a> — {feed.about}</li>" for feed in FEEDS)
        body = f"<h1>Demo Bay</h1><p>A small place with many writers.</p><ul>{items}</ul>"
        named = [feed for feed in FEEDS if not feed.quirk]
        return page("Demo Bay", body, feeds=named, icon="/icons/leaf.svg")


def _icon_path(feed: Feed) -> str:
    if feed.name in _COLOURS:
        return f"/icons/{feed.name}.png"
    return "/icons/leaf.svg" if feed.name == "kettle" else ""


_COLOURS: dict[str, pictures.Colour] = {
    "tideline": (61, 107, 115),
    "programs": (96, 78, 132),
    "station": (70, 110, 160),
    "radio": (170, 84, 70),
    "workbench": (150, 110, 66),
    "harbour": (38, 70, 96),
}


def _files() -> dict[str, Answer]:
    files = {
        "/pictures/coast.png": Answer(pictures.png(320, 200, pictures.coast), "image/png"),
        "/pictures/bench.png": Answer(pictures.png(320, 200, pictures.bench), "image/png"),
        "/icons/leaf.svg": Answer(pictures.svg_leaf(), "image/svg+xml"),
        "/favicon.ico": Answer(pictures.ico(pictures.png(32, 32, pictures.disc((91, 127, 90))), 32), "image/x-icon"),
        "/sound.wav": Answer(pictures.wav(), SOUND_TYPE),
    }
    for name, colour in _COLOURS.items():
        files[f"/icons/{name}.png"] = Answer(pictures.png(32, 32, pictures.disc(colour)), "image/png")
    return files


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up need not be mentioned."""


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[DemoSite]
    protocol_version = "HTTP/1.1"
    server_version = "DemoBay"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        answer = self.site.answer(self.path.partition("?")[0])
        tag = f'"{hashlib.blake2b(answer.body, digest_size=8).hexdigest()}"'
        unchanged = answer.status == 200 and self.headers.get("If-None-Match") == tag
        self.send_response(304 if unchanged else answer.status)
        self.send_header("ETag", tag)
        if not unchanged:
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """The demo is quiet."""
