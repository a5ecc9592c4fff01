"""Serves the corpus on many loopback addresses: gzip bodies made beforehand, ETags, 304. A process of its own.

``python -m benchmarks.feedserver PORT HOSTS FEEDS`` listens on 127.0.0.1 … 127.0.0.HOSTS. /feed/N.xml is a feed.
POST /change?every=10 gives each tenth feed two new entries; POST /delay?ms=150 makes every answer late.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
from typing import cast
from urllib.parse import parse_qs, urlsplit

from benchmarks.corpus import Document, documents

ITEM = re.compile(rb"[ \t]*<(item|entry)\b.*?</\1>\s*", re.DOTALL)
NEW = 2


class Feeds:
    """The answers, ready to send."""

    def __init__(self, count: int) -> None:
        self._documents = list(documents(count))
        self.full = [_answer(document, 0) for document in self._documents]
        self.tags = [b'"0"'] * count
        self.delay = 0.0

    def change(self, every: int) -> None:
        for number in range(0, len(self.full), every):
            document = self._documents[number]
            version = int(self.tags[number].strip(b'"')) + 1
            self._documents[number] = grown(document, version)
            self.full[number] = _answer(self._documents[number], version)
            self.tags[number] = b'"%d"' % version


def grown(document: Document, version: int) -> Document:
    """The document with NEW more entries on top: copies of the first one under other ids, addresses and titles."""
    match = ITEM.search(document.body)
    assert match is not None
    first = match[0]
    address = re.search(rb"https://site\d+\.example/[^<\"'\s?]+", first)
    assert address is not None
    copies = [first.replace(address[0], address[0] + b"-v%d-%d" % (version, n)) for n in range(NEW)]
    body = document.body[: match.start()] + b"".join(copies) + document.body[match.start() :]
    return Document(
        document.url, document.content_type, body, document.format, document.encoding, document.html, document.damage
    )


def _answer(document: Document, version: int) -> bytes:
    body = gzip.compress(document.body, 6, mtime=0)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {document.content_type}\r\nContent-Encoding: gzip\r\n"
        f'Content-Length: {len(body)}\r\nETag: "{version}"\r\n\r\n'
    )
    return head.encode() + body


class Server(asyncio.Protocol):
    """HTTP/1.1, keep-alive, one request after the other."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            answer = self._respond(head)
            if self._feeds.delay:
                asyncio.get_running_loop().call_later(self._feeds.delay, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)

    def _respond(self, head: bytes) -> bytes:
        target = head.split(b" ", 2)[1]
        if target.startswith(b"/feed/"):
            number = int(target[6:].partition(b".")[0])
            tag = self._feeds.tags[number]
            if b": " + tag in head:
                return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
            return self._feeds.full[number]
        parts = urlsplit(target.decode())
        values = parse_qs(parts.query)
        if parts.path == "/change":
            self._feeds.change(int(values["every"][0]))
        elif parts.path == "/delay":
            self._feeds.delay = int(values["ms"][0]) / 1000
        else:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def url_of(number: int, port: int, hosts: int) -> str:
    """Where feed ``number`` is served."""
    return f"http://127.0.0.{number % hosts + 1}:{port}/feed/{number}.xml"


async def main(port: int, hosts: int, count: int) -> None:
    feeds = Feeds(count)
    loop = asyncio.get_running_loop()
    # The one that a caller waits for comes last.
    for number in range(hosts, 0, -1):
        await loop.create_server(lambda: Server(feeds), f"127.0.0.{number}", port, backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(*map(int, sys.argv[1:4])))
