"""Many feeds on many hosts of 127.0.0.0/8, well and ill: what an import of a real list meets.

It serves from a thread of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from dataclasses import dataclass
from typing import Literal, Self

from tests.helpers.feeds import TYPES, FeedFormat, FeedItem, render

Kind = Literal["well", "slow", "moved", "broken", "missing", "renewed", "faulty", "busy"]
SHARES: tuple[tuple[Kind, int], ...] = (
    ("well", 790), ("slow", 60), ("moved", 50), ("broken", 40), ("missing", 20), ("renewed", 10), ("faulty", 20),
    ("busy", 10),
)  # fmt: skip
"""Feeds of each kind among a thousand: slow ones answer late, moved ones redirect, broken ones are not well-formed,
missing ones are 404, renewed ones too, but their site names a new one, faulty ones are 500, busy ones 429."""
STATES: dict[Kind, str] = {"missing": "failed", "renewed": "need", "faulty": "failed", "busy": "failed"}
FORMATS: tuple[FeedFormat, ...] = ("rss", "atom", "json", "rss", "rdf")
HOSTS = 6
NEWEST = 1_790_000_000.0


@dataclass(frozen=True)
class Planned:
    """One feed. ``state`` is what its item in an import becomes; ``uids`` what is stored of it then."""

    number: int
    kind: Kind
    url: str
    site: str

    @property
    def state(self) -> str:
        return STATES.get(self.kind, "done")

    @property
    def works(self) -> bool:
        return self.state == "done"


class Farm:
    """``feeds`` feeds with ``entries`` entries each, the same for the same ``seed``. Each answers after a time between
    half and one and a half of ``latency`` seconds; the slow ones take longer."""

    def __init__(self, feeds: int, entries: int, seed: int, latency: float = 0.0) -> None:
        self.entries = entries
        self._chance = random.Random(seed)
        with socket.socket() as probe:
            probe.bind(("127.0.1.1", 0))
            self.port = int(probe.getsockname()[1])
        kinds: list[Kind] = [kind for kind, share in SHARES for _ in range(max(1, round(feeds * share / 1000)))]
        kinds = [*(SHARES[0][0] for _ in range(feeds - len(kinds))), *kinds][-feeds:]
        self._chance.shuffle(kinds)
        self.feeds = [self._plan(number, kind) for number, kind in enumerate(kinds)]
        self._delays = {
            feed.number: latency * self._chance.uniform(0.5, 1.5)
            + (self._chance.uniform(0.3, 1.2) if feed.kind == "slow" else 0.0)
            for feed in self.feeds
        }
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._bodies: dict[int, tuple[bytes, str]] = {}

    def _plan(self, number: int, kind: Kind) -> Planned:
        # A server that asks for a pause holds up its whole host, and one that names a new feed has a page of its own.
        host = f"127.0.2.{number % 250 + 1}" if kind in ("busy", "renewed") else f"127.0.1.{number % HOSTS + 1}"
        return Planned(number, kind, f"http://{host}:{self.port}/{number}.xml", f"http://{host}:{self.port}/s{number}/")

    def uids(self, feed: Planned) -> set[str]:
        return {f"urn:entry:{feed.number}:{n}" for n in range(self.entries)} if feed.works else set()

    def opml(self) -> bytes:
        """All of them, in folders of fifty, two deep."""
        lines = ['<?xml version="1.0"?><opml version="2.0"><body>']
        for at in range(0, len(self.feeds), 50):
            lines.append(f'<outline text="Part {at // 100}"><outline text="Half {at // 50 % 2}">')
            for feed in self.feeds[at : at + 50]:
                title = f"Feed {feed.number}"
                lines.append(f'<outline type="rss" text="{title}" xmlUrl="{feed.url}" htmlUrl="{feed.site}"/>')
            lines.append("</outline></outline>")
        return "\n".join([*lines, "</body></opml>"]).encode()

    # ---- serving

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise AssertionError("the farm does not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        hosts = sorted({feed.url.split("/")[2].partition(":")[0] for feed in self.feeds})
        servers = [self._loop.run_until_complete(asyncio.start_server(self._client, h, self.port)) for h in hosts]
        self._ready.set()
        self._loop.run_forever()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head.split(b" ", 2)[1].decode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, asyncio.CancelledError):
            writer.close()

    async def _answer(self, path: str) -> bytes:
        name = path.lstrip("/").partition("?")[0]
        if name.startswith("s") and name.endswith("/"):
            return self._page(name[1:-1])
        number = name.removeprefix("new/").removesuffix(".xml")
        if not number.isdigit() or int(number) >= len(self.feeds):
            return _http(404, b"Nothing here.", "text/plain")
        feed = self.feeds[int(number)]
        if feed.kind == "moved" and not name.startswith("new/"):
            status = 301 if feed.number % 2 else 302
            return _http(status, b"", "text/plain", f"Location: /new/{number}.xml\r\n")
        if not name.startswith("new/"):
            if feed.kind in ("missing", "renewed"):
                return _http(404, b"It is gone.", "text/plain")
            if feed.kind == "faulty":
                return _http(500, b"A fault.", "text/plain")
            if feed.kind == "busy":
                return _http(429, b"Later.", "text/plain", "Retry-After: 3600\r\n")
        await asyncio.sleep(self._delays.get(feed.number, 0.0))
        body, kind = self._body(feed)
        return _http(200, body, kind)

    def _page(self, number: str) -> bytes:
        link = ""
        if number.isdigit() and int(number) < len(self.feeds) and self.feeds[int(number)].kind == "renewed":
            link = f'<link rel="alternate" type="application/rss+xml" href="/new/{number}.xml">'
        return _http(200, f"<!doctype html><html><head>{link}</head><body>A site.</body></html>".encode(), "text/html")

    def _body(self, feed: Planned) -> tuple[bytes, str]:
        if feed.number not in self._bodies:
            format: FeedFormat = "rss" if feed.kind == "broken" else FORMATS[feed.number % len(FORMATS)]
            items = [
                FeedItem(
                    f"urn:entry:{feed.number}:{n}", f"{feed.site}{n}", f"Entry {n} of {feed.number}",
                    f"<p>Text of entry {n}, with a <a href='/x'>link</a> and some more words.</p>", NEWEST - n * 3600.0,
                )
                for n in range(self.entries)
            ]  # fmt: skip
            text = render(format, f"Feed {feed.number}", feed.site, feed.url, items)
            if feed.kind == "broken":
                text = text.replace("<channel>", "<channel><copyright>A & B</copyright>&nbsp;", 1)
            self._bodies[feed.number] = (text.encode(), TYPES[format])
        return self._bodies[feed.number]


def _http(status: int, body: bytes, kind: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def as_json(farm: Farm) -> str:
    """What is planned, for a look by eye."""
    return json.dumps([[feed.url, feed.kind, feed.state] for feed in farm.feeds], indent=1)
