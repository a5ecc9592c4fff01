"""Check 13: compressed bodies that unpack to hundreds of megabytes: stopped at the limit, under 30 MB more memory."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from tests.threats.measure import growth_of
from tests.threats.network import serving

SIZE = 200_000_000
PIECE = bytes(1_000_000)


def gzipped(size: int = SIZE) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(PIECE) for _ in range(size // len(PIECE))) + packer.flush()


def brotlied(size: int = SIZE) -> bytes:
    packer = brotli.Compressor(quality=1)
    packed: bytes = b"".join(packer.process(PIECE) for _ in range(size // len(PIECE))) + packer.finish()
    return packed


def zstandarded(size: int = SIZE) -> bytes:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(packer.compress(PIECE) for _ in range(size // len(PIECE))) + packer.flush()


BOMBS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "gzip": lambda: ("gzip", gzipped()),
    "deflate": lambda: ("deflate", zlib.compress(gzip.decompress(gzipped(50_000_000)), 1)),
    "br": lambda: ("br", brotlied()),
    "zstd": lambda: ("zstd", zstandarded()),
    "gzip twice": lambda: ("gzip, gzip", gzip.compress(gzipped())),
    "gzip in zstd": lambda: ("gzip, zstd", zstandard.compress(gzipped())),
    "br in gzip": lambda: ("br, gzip", gzip.compress(brotlied())),
    "unlabelled": lambda: ("", gzipped()),
    "many members": lambda: ("gzip", gzipped(20_000_000) * 10),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_stops_at_the_limit(name: str) -> None:
    coding, body = BOMBS[name]()

    async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        label = f"Content-Encoding: {coding}\r\n" if coding else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{label}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async with serving(bomb) as port:
        grown = await growth_of(f"""
            import brotli, zstandard, zlib
            from tests.threats.network import settings
            from reader.errors import Upstream
            from reader.ingest.fetch import Fetcher
            async def work():
                async with Fetcher(settings(fetch_timeout=30)) as fetcher:
                    try:
                        await fetcher.get("http://127.0.0.1:{port}/")
                    except Upstream as error:
                        assert error.kind in ("too_large", "encoding"), error
                        return
                    raise AssertionError("it was read")
            before()
            asyncio.run(work())
            """)
    assert grown < 30, f"{grown:.0f} MB"
