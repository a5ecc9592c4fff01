from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import brotli
import pytest
import zstandard
from aiohttp import web

from reader.errors import Upstream
from reader.ingest.fetch import Fetched, Fetcher, FetchFailed, Hop

from .conftest import Site, make_settings

TEXT = b"<rss>" + b"Some words of a feed. " * 500 + b"</rss>"


async def failure(fetch: Fetcher, url: str, **options: Any) -> FetchFailed:
    with pytest.raises(Upstream) as caught:
        await fetch.get(url, **options)
    assert isinstance(caught.value, FetchFailed)
    assert str(caught.value)[0].isupper() or str(caught.value)[0].isdigit(), "a sentence"
    assert str(caught.value).endswith("."), str(caught.value)
    return caught.value


async def test_a_plain_answer(site: Site, fetch: Fetcher) -> None:
    url = site.on("/feed", body=TEXT, headers={"ETag": '"a"', "X-Two": "1"})
    answer = await fetch.get(url)
    assert (answer.url, answer.final_url, answer.status, answer.body) == (url, url, 200, TEXT)
    assert answer.headers["etag"] == '"a"' and answer.redirects == [] and answer.moved_to is None
    assert answer.wire_bytes == len(TEXT) and 0 < answer.elapsed < 5
    sent = site.hits[0].headers
    assert sent["User-Agent"].startswith("Evantr/") and "zstd" in sent["Accept-Encoding"]
    assert "Cookie" not in sent and "If-None-Match" not in sent


async def test_conditional_requests(site: Site, fetch: Fetcher) -> None:
    async def handler(request: web.Request) -> web.Response:
        fresh = request.headers.get("If-None-Match") == '"a"' and request.headers.get("If-Modified-Since") == "Tue"
        return web.Response(status=304 if fresh else 200, body=b"x")

    url = site.on("/feed", handler)
    assert (await fetch.get(url, etag='"a"', last_modified="Tue")).status == 304
    assert (await fetch.get(url, etag='"b"')).status == 200
    assert (await fetch.get(url, etag='"a"\r\nEvil: 1')).status == 200, "no header out of a stored value"


async def test_304_that_was_not_asked_for_is_no_document(site: Site, fetch: Fetcher) -> None:
    assert (await failure(fetch, site.on("/x", status=304))).kind == "status"


async def test_cookies_are_not_kept(site: Site, fetch: Fetcher) -> None:
    url = site.on("/feed", body=b"x", headers={"Set-Cookie": "a=b; Path=/"})
    await fetch.get(url)
    await fetch.get(url)
    assert "Cookie" not in site.hits[1].headers


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body, mtime=0)),
    "br, gzip": lambda body: gzip.compress(brotli.compress(body)),
}


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("coding", CODINGS)
async def test_codings(site: Site, fetch: Fetcher, coding: str) -> None:
    packed = CODINGS[coding](TEXT)
    answer = await fetch.get(site.on("/feed", body=packed, headers={"Content-Encoding": coding}))
    assert answer.body == TEXT and answer.wire_bytes == len(packed)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("deflate", raw_deflate(TEXT)),
        ("gzip", TEXT),  # says so, but is not
        ("gzip", gzip.compress(TEXT[:50], mtime=0) + gzip.compress(TEXT[50:], mtime=0)),  # two members
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0\0\0"),  # padding
        ("", gzip.compress(TEXT, mtime=0)),  # packed file, no word of it
        ("zstd", zstandard.compress(TEXT[:50]) + zstandard.compress(TEXT[50:])),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-8]),  # its checksum is missing
    ],
)
async def test_codings_as_they_come(site: Site, fetch: Fetcher, coding: str, body: bytes) -> None:
    headers = {"Content-Encoding": coding} if coding else {}
    assert (await fetch.get(site.on("/feed", body=body, headers=headers))).body == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"no brotli at all"),
        ("zstd", b"neither"),
        ("compress", b"x"),
        ("gzip, " * 5, b"x"),
        ("gzip", b"\x1f\x8b\x08zz"),
    ],
)
async def test_codings_that_do_not_unpack(site: Site, fetch: Fetcher, coding: str, body: bytes) -> None:
    assert (await failure(fetch, site.on("/feed", body=body, headers={"Content-Encoding": coding}))).kind == "encoding"


def bomb(coding: str, size: int) -> bytes:
    zeros = bytes(size)
    if coding == "zstd":
        return zstandard.ZstdCompressor().compress(zeros)
    return CODINGS[coding](zeros)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_bombs_stop_at_the_limit(site: Site, fetch: Fetcher, coding: str) -> None:
    url = site.on("/bomb", body=bomb(coding, 60_000_000), headers={"Content-Encoding": coding})
    error = await failure(fetch, url)
    assert error.kind == "too_large" and "10 MB" in str(error)


async def test_a_plain_body_stops_at_the_limit(site: Site, fetch: Fetcher) -> None:
    assert (await failure(fetch, site.on("/a", body=bytes(2001)), max_bytes=2000)).kind == "too_large"
    assert len((await fetch.get(site.on("/b", body=bytes(2000)), max_bytes=2000)).body) == 2000


async def test_an_endless_body_stops_at_the_limit(site: Site, fetch: Fetcher) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"<item>" * 2000)
        except (ConnectionError, OSError):
            return response

    assert (await failure(fetch, site.on("/endless", endless), max_bytes=1_000_000)).kind == "too_large"


async def test_redirects_are_told(site: Site, fetch: Fetcher) -> None:
    site.on("/end", body=b"x")
    site.redirect("/c", "/end#part", 302)
    site.redirect("/b", "/c", 308)
    url = site.redirect("/a", site.url + "/b", 301)
    answer = await fetch.get(url)
    assert answer.final_url == site.url + "/end"
    assert answer.redirects == [
        Hop(url, 301, True),
        Hop(site.url + "/b", 308, True),
        Hop(site.url + "/c", 302, False),
    ]
    assert answer.moved_to == site.url + "/c", "as far as the permanent ones lead from the start"


async def test_a_temporary_redirect_first_moves_nothing(site: Site, fetch: Fetcher) -> None:
    site.on("/end", body=b"x")
    site.redirect("/b", "/end", 301)
    assert (await fetch.get(site.redirect("/a", "/b", 307))).moved_to is None


async def test_redirect_loops_and_chains_end(site: Site, fetch: Fetcher) -> None:
    site.redirect("/a", "/b")
    assert (await failure(fetch, site.redirect("/b", "/a"))).kind == "redirects"
    for number in range(20):
        site.redirect(f"/{number}", f"/{number + 1}")
    error = await failure(fetch, site.url + "/0")
    assert error.kind == "redirects" and len(error.redirects) == 11
    site.on("/10", body=b"ten")
    assert (await fetch.get(site.url + "/0")).body == b"ten"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::1]/", "//192.168.0.1/x", "file:///etc/passwd",
        "gopher://127.0.0.1/", "http://0x0a000001/", "http://[::ffff:10.0.0.1]/", "http://169.254.43518/", "ftp://x.example/",
        "javascript:alert(1)", "http://①⓪.0.0.1/", "http://[::1",
    ],
)  # fmt: skip
async def test_redirects_to_inner_addresses_are_refused(site: Site, fetch: Fetcher, target: str) -> None:
    error = await failure(fetch, site.redirect("/a", target))
    assert error.kind in ("refused", "redirects")
    assert site.paths() == ["/a"]


async def test_a_redirect_with_bytes_outside_ascii(site: Site, fetch: Fetcher) -> None:
    site.on("/grüße", body=b"x")
    assert (await fetch.get(site.redirect("/a", "/grüße"))).final_url == site.url + "/gr%C3%BC%C3%9Fe"


async def test_loopback_is_refused_when_it_is_not_allowed(site: Site) -> None:
    port = site.url.rpartition(":")[2]
    async with Fetcher(make_settings(fetch_allow="")) as fetch:
        for host in ("127.0.0.1", "localhost", "2130706433", "[::1]"):
            error = await failure(fetch, f"http://{host}:{port}/")
            assert error.kind == "refused" and "inside this network" in str(error)
    assert site.hits == []


async def test_names_that_lead_inside_are_refused_at_connect(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a public answer is not believed for longer than the connection made with it."""
    port = int(site.url.rpartition(":")[2])
    answers = iter(["127.0.0.1", "10.0.0.1", "169.254.169.254"])

    def lookup(*_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for _ in range(3):
        async with Fetcher(make_settings(fetch_allow="")) as fetch:
            assert (await failure(fetch, f"http://rebind.example:{port}/")).kind == "refused"
    assert site.hits == []


async def test_mixed_answers_connect_to_the_public_one_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(site.url.rpartition(":")[2])

    def lookup(*_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("10.0.0.1", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    site.on("/", body=b"x")
    async with Fetcher(make_settings()) as fetch:  # 127/8 stands for the public one here
        assert (await fetch.get(f"http://mixed.example:{port}/")).body == b"x"


async def test_unknown_hosts_and_closed_ports(fetch: Fetcher) -> None:
    error = await failure(fetch, "http://no-such-host.invalid/")
    assert error.kind == "dns" and "no-such-host.invalid" in str(error)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert (await failure(fetch, f"http://127.0.0.1:{port}/")).kind == "connect"
    assert (await failure(fetch, f"http://{'a' * 70}.example/")).kind == "dns"


async def test_https_to_a_server_without_it(site: Site, fetch: Fetcher) -> None:
    assert (await failure(fetch, site.url.replace("http:", "https:"))).kind in ("tls", "connect")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 429, 500, 502, 503, 504, 522, 300])
async def test_statuses_have_words(site: Site, fetch: Fetcher, status: int) -> None:
    error = await failure(fetch, site.on("/x", status=status))
    assert error.kind == "status" and error.status == status and f"({status})" in str(error)


async def test_retry_after_is_told(site: Site, fetch: Fetcher) -> None:
    error = await failure(fetch, site.on("/x", status=429, headers={"Retry-After": "360"}))
    assert error.retry_after == 360 and "6 minutes" in str(error)
    late = formatdate(time.time() + 10**9, usegmt=True)
    assert (await failure(fetch, site.on("/y", status=503, headers={"Retry-After": late}))).retry_after == 28_800


async def test_a_challenge_for_browsers_is_named(site: Site, fetch: Fetcher) -> None:
    error = await failure(fetch, site.on("/x", status=403, headers={"cf-mitigated": "challenge"}))
    assert "only browsers" in str(error)
    assert error.headers["cf-mitigated"] == "challenge" and error.url.endswith("/x")


async def raw_server(script: Callable[[asyncio.StreamWriter], Any]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await script(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def drip_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(400):
        writer.write(b"X-Drip: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(400):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(20)


@pytest.mark.parametrize("script", [drip_header, drip_body, silence])
async def test_slow_servers_meet_one_deadline(fetch: Fetcher, script: Callable[[asyncio.StreamWriter], Any]) -> None:
    server = await raw_server(script)
    start = time.monotonic()
    error = await failure(fetch, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout=0.4)
    assert error.kind == "timeout" and time.monotonic() - start < 10
    server.close()


async def test_the_deadline_spans_redirects(site: Site, fetch: Fetcher) -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        number = int(request.path.strip("/"))
        return web.Response(status=302, headers={"Location": f"/{number + 1}"})

    for number in range(10):
        site.on(f"/{number}", slow)
    assert (await failure(fetch, site.url + "/0", timeout=0.4)).kind == "timeout"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 3000 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_headers_are_bounded(fetch: Fetcher, head: bytes) -> None:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()

    server = await raw_server(script)
    error = await failure(fetch, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert error.kind == "too_large", error
    server.close()


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-x\r\n", b"\x00\xff\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 abc OK\r\n\r\n"]
)  # fmt: skip
async def test_broken_http_is_a_failure_to_connect(fetch: Fetcher, answer: bytes) -> None:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    server = await raw_server(script)
    assert (await failure(fetch, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")).kind == "connect"
    server.close()


async def test_requests_to_one_host_are_limited(site: Site) -> None:
    running = most = 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.03)
        running -= 1
        return web.Response(body=b"x")

    url = site.on("/slow", slow)
    async with Fetcher(make_settings(fetch_per_host=3)) as fetch:
        answers: list[Fetched] = await asyncio.gather(*(fetch.get(url, timeout=0.2) for _ in range(24)))
        assert len(answers) == 24, "waiting for a place does not count against the deadline"
        assert most == 3 and (fetch._slots._held, fetch._slots._waiting) == ({}, {})


async def test_an_unstarted_fetcher_says_so() -> None:
    with pytest.raises(RuntimeError):
        await Fetcher(make_settings()).get("http://127.0.0.1/")
