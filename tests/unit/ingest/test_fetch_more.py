"""Fetcher: what is sent, cookies on the way, answers that are no document, circumstances of connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from reader.errors import Upstream
from reader.ingest.connect import HostSlots
from reader.ingest.fetch import Fetcher, FetchFailed

from .conftest import Site, make_settings


async def test_a_post_sends_its_body_and_headers(site: Site, fetch: Fetcher) -> None:
    got: list[tuple[str, bytes, str]] = []

    async def hook(request: web.Request) -> web.Response:
        got.append((request.method, await request.read(), request.headers["Content-Type"]))
        return web.Response(status=202, text="thanks")

    answer = await fetch.post(site.on("/hook", hook), b'{"a": 1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.body) == (202, b"thanks")
    assert got == [("POST", b'{"a": 1}', "application/json")]
    assert (await fetch.post(site.on("/none", status=204), b"", {})).status == 204


async def test_a_post_follows_only_what_keeps_it_a_post(site: Site, fetch: Fetcher) -> None:
    bodies: list[bytes] = []

    async def hook(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    target = site.on("/hook", hook)
    assert (await fetch.post(site.redirect("/for-good", target, 308), b"x", {})).final_url == target
    for status in (301, 302, 303):
        with pytest.raises(FetchFailed) as caught:
            await fetch.post(site.redirect("/elsewhere", target, status), b"x", {})
        assert caught.value.kind == "redirects"
    assert bodies == [b"x"]


async def test_a_post_meets_the_same_guard() -> None:
    async with Fetcher(make_settings(fetch_allow="")) as guarded:
        for url in ("http://127.0.0.1:1/", "http://[::1]/", "ftp://x.example/", "http://168.63.129.16/", "http://0/"):
            with pytest.raises(FetchFailed) as caught:
                await guarded.post(url, b"x", {})
            assert caught.value.kind == "refused"


async def test_a_circle_that_wants_a_cookie_ends(site: Site, fetch: Fetcher) -> None:
    async def door(request: web.Request) -> web.Response:
        if request.cookies.get("seen") == "yes":
            return web.Response(body=b"<rss/>")
        return web.Response(status=302, headers={"Location": request.path, "Set-Cookie": "seen=yes; Path=/; HttpOnly"})

    url = site.on("/door", door)
    assert (await fetch.get(url)).body == b"<rss/>"
    assert (await fetch.get(url)).body == b"<rss/>"
    assert ["Cookie" in hit.headers for hit in site.hits] == [False, True, False, True]


async def test_a_cookie_goes_to_no_other_host(site: Site, fetch: Fetcher) -> None:
    other = site.url.replace("127.0.0.1", "localhost")
    site.on("/end", body=b"x")
    url = site.on("/start", status=302, headers={"Location": f"{other}/end", "Set-Cookie": "secret=1"})
    await fetch.get(url)
    assert "Cookie" not in site.hits[-1].headers


async def test_a_cookie_does_not_make_a_circle_endless(site: Site, fetch: Fetcher) -> None:
    url = site.on("/round", status=302, headers={"Location": "/round", "Set-Cookie": "a=b"})
    with pytest.raises(FetchFailed) as caught:
        await fetch.get(url)
    assert caught.value.kind == "redirects"
    assert len(site.hits) <= 12


@pytest.mark.parametrize("status", [204, 205])
async def test_an_answer_without_document(site: Site, fetch: Fetcher, status: int) -> None:
    with pytest.raises(FetchFailed) as caught:
        await fetch.get(site.on("/x", status=status))
    assert (caught.value.kind, caught.value.status) == ("status", status)


@pytest.mark.parametrize(
    ("content_range", "whole"),
    [(None, True), ("bytes 0-4/5", True), ("bytes 0-4/9", False), ("bytes 3-4/5", False), ("bytes 0-4/*", False),
     ("nonsense", False), ("bytes -/", False)],
)  # fmt: skip
async def test_a_part_is_no_document(site: Site, fetch: Fetcher, content_range: str | None, whole: bool) -> None:
    headers = {"Content-Range": content_range} if content_range else {}
    url = site.on("/x", status=206, body=b"<rss>", headers=headers)
    if whole:
        assert (await fetch.get(url)).body == b"<rss>"
        return
    with pytest.raises(FetchFailed) as caught:
        await fetch.get(url)
    assert caught.value.status == 206


async def test_connections_are_kept(site: Site, fetch: Fetcher) -> None:
    ports: set[object] = set()

    async def note(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.Response(body=b"x")

    url = site.on("/x", note)
    for _ in range(5):
        await fetch.get(url)
    assert len(ports) == 1


async def test_fragments_and_users_in_an_address(site: Site, fetch: Fetcher) -> None:
    url = site.on("/feed", body=b"x")
    assert (await fetch.get(url + "#part")).final_url == url
    with_user = url.replace("http://", "http://ada:word@")
    assert (await fetch.get(with_user)).status == 200
    assert site.hits[-1].headers["Authorization"].startswith("Basic ")


async def raw(answer: bytes, use: Callable[[str], Awaitable[None]]) -> None:
    """A server that sends these bytes and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        await use(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    finally:
        server.close()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<rss>and more", None),
        (b"HTTP/1.1 200 OK\r\n\r\n<rss>", b"<rss>"),
        (b"HTTP/1.0 200 OK\r\n\r\n<rss>", b"<rss>"),
        (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n<rss>", b"<rss>"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<rss>", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n<rss>", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<rss>\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n", None),
        (b"<rss>", None),
        (b"", None),
    ],
)
async def test_lengths_that_lie_and_half_http(fetch: Fetcher, answer: bytes, body: bytes | None) -> None:
    async def use(url: str) -> None:
        if body is not None:
            assert (await fetch.get(url)).body == body
            return
        with pytest.raises(FetchFailed) as caught:
            await fetch.get(url)
        assert caught.value.kind in ("connect", "too_large")
        assert str(caught.value).endswith(".")

    await raw(answer, use)


async def test_a_cancelled_wait_leaves_no_place_taken() -> None:
    slots = HostSlots(1)
    await slots.enter("a")
    waiting = [asyncio.create_task(slots.enter("a")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    slots.leave("a")
    await asyncio.wait_for(waiting[1], 1)
    waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    slots.leave("a")
    await asyncio.wait_for(slots.enter("a"), 1)
    slots.leave("a")
    assert (slots._held, slots._waiting) == ({}, {})


async def test_a_place_given_to_who_just_left_goes_on() -> None:
    slots = HostSlots(1)
    await slots.enter("a")
    first, second = (asyncio.create_task(slots.enter("a")) for _ in range(2))
    await asyncio.sleep(0)
    slots.leave("a")
    first.cancel()  # it has the place, and does not know yet
    await asyncio.wait_for(second, 1)
    with pytest.raises(asyncio.CancelledError):
        await first
    slots.leave("a")
    assert slots._held == {}


async def test_what_is_refused_is_refused_every_time() -> None:
    async with Fetcher(make_settings(fetch_allow="")) as guarded:
        for _ in range(3):
            with pytest.raises(Upstream) as caught:
                await guarded.get("http://127.0.0.1/")
            assert caught.value.kind == "refused"
