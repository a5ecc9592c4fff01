"""Check 9: ten thousand redirects, loops, ways inside and to other schemes. It stops after ten; no canary is hit."""

from __future__ import annotations

import pytest

from reader.ingest.fetch import MAX_REDIRECTS, Fetcher, FetchFailed
from tests.threats.network import redirecting, serving, settings, watched

SCHEMES = ["file:///etc/passwd", "gopher://127.0.0.2:{port}/", "ftp://127.0.0.2:{port}/", "dict://127.0.0.2:{port}/",
           "data:text/xml,<rss/>", "javascript:alert(1)", "unix:/run/x", "jar:http://127.0.0.2:{port}/!/"]  # fmt: skip
INSIDE = ["http://127.0.0.2:{port}/secret", "//127.0.0.2:{port}/", "http://0x7f000002:{port}/", "http://127.2:{port}/",
          "http://0177.0.0.2:{port}/", "http://[::ffff:127.0.0.2]:{port}/", "http://user@127.0.0.2:{port}/",
          "http://127.0.0.2.:{port}/", "http:\\\\127.0.0.2:{port}\\", "\\\\127.0.0.2:{port}/", "http://①②⑦.⓪.⓪.②:{port}/",
          "http://%31%32%37.0.0.2:{port}/", "http://2130706434:{port}/", "https://127.0.0.2:{port}/"]  # fmt: skip


async def test_ten_thousand_redirects_end_after_ten() -> None:
    asked = []

    def on(path: str, number: int) -> str:
        asked.append(path)
        return f"/{number % 10_000}"

    async with serving(redirecting(on)) as port, Fetcher(settings()) as fetcher:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.get(f"http://127.0.0.1:{port}/start")
    assert caught.value.kind == "redirects"
    assert len(asked) <= MAX_REDIRECTS + 1 <= 11


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_loops_end(length: int) -> None:
    asked = []

    def on(path: str, number: int) -> str:
        asked.append(path)
        return f"/{(int(path[1:]) + 1) % length}"

    async with serving(redirecting(on)) as port, Fetcher(settings()) as fetcher:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.get(f"http://127.0.0.1:{port}/0")
    assert caught.value.kind == "redirects"
    assert len(asked) == length


@pytest.mark.parametrize("target", SCHEMES + INSIDE)
async def test_no_way_inside_and_to_no_other_scheme(target: str) -> None:
    async with watched() as canary:
        location = target.format(port=canary.port)
        async with serving(redirecting(lambda path, number: location)) as port, Fetcher(settings()) as fetcher:
            for url in (f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/x#y"):
                with pytest.raises(FetchFailed) as caught:
                    await fetcher.get(url)
                assert caught.value.kind in ("refused", "redirects", "dns")
                assert "secret" not in str(caught.value)
            with pytest.raises(FetchFailed):
                await fetcher.post(f"http://127.0.0.1:{port}/", b"x", {})
    assert canary.hits == 0
