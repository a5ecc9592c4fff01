"""A web server on loopback whose every path a test decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from reader.ingest.fetch import Fetcher
from reader.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """``site.on("/path", answer)`` sets an answer: a handler, or keywords of web.Response. ``hits`` lists requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Handler] = {}
        self.hits: list[web.Request] = []
        self.url = ""

    def on(self, path: str, handler: Handler | None = None, **response: object) -> str:
        async def fixed(_: web.Request) -> web.StreamResponse:
            return web.Response(**response)  # type: ignore[arg-type]

        self.answers[path] = handler or fixed
        return self.url + path

    def page(self, path: str, html: str) -> str:
        return self.on(path, body=html.encode(), content_type="text/html", charset="utf-8")

    def feed(self, path: str, xml: str | bytes, content_type: str = "application/xml") -> str:
        return self.on(path, body=xml.encode() if isinstance(xml, str) else xml, content_type=content_type)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.on(path, status=status, headers={"Location": to})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.hits.append(request)
        handler = self.answers.get(request.path)
        return await handler(request) if handler else web.Response(status=404, text="nothing")

    def paths(self) -> list[str]:
        return [request.path for request in self.hits]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", site.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


def make_settings(**changes: object) -> Settings:
    values: dict[str, object] = {"fetch_allow": "127.0.0.0/8", "fetch_timeout": 5, **changes}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.fixture
async def fetch() -> AsyncIterator[Fetcher]:
    async with Fetcher(make_settings()) as fetcher:
        yield fetcher
