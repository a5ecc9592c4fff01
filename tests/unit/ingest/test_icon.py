# ruff: noqa: E501  # documents as they are
from __future__ import annotations

import base64
import struct
import zlib

import pytest

from reader.ingest.fetch import Fetcher
from reader.ingest.icon import MAX_ICON, find_icon, sniff
from reader.ingest.page import IconLink

from .conftest import Site


def png(size: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\0" * size for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


GIF = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
ICO = struct.pack("<HHHBBBBHHII", 0, 1, 1, 1, 1, 0, 0, 1, 32, len(png()), 22) + png()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (png(), "image/png"),
        (GIF, "image/gif"),
        (ICO, "image/x-icon"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\xff\xd9", "image/jpeg"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00" + bytes(24), "image/webp"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", "image/avif"),
        (SVG, "image/svg+xml"),
        (b"<!-- drawn by hand -->\n" + SVG, "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n' + SVG, "image/svg+xml"),
        (SVG.replace(b"<path", b"<style>path{fill:url(#a)}@media (prefers-color-scheme:dark){path{fill:#fff}}</style><path"), "image/svg+xml"),
        (b"<html><body>Not found</body></html>", None),
        (b"Not found", None),
        (b"", None),
        (b"%PDF-1.4", None),
        (b"PK\x03\x04", None),
        (png() + bytes(MAX_ICON), None),
    ],
)  # fmt: skip
def test_types_are_read_from_the_bytes(body: bytes, kind: str | None) -> None:
    assert sniff(body) == kind


@pytest.mark.parametrize(
    "inner",
    ["<script>alert(1)</script>", "<path onload='alert(1)'/>", "<foreignObject><p/></foreignObject>", "<use href='https://x.example/#a'/>",
     "<use xmlns:x='http://www.w3.org/1999/xlink' x:href='data:image/svg+xml,x'/>", "<image href='x.png'/>", "<style>@import 'x';</style>",
     "<style>a{background:url(https://x.example/)}</style>", "<style>a{background:\\75rl(x)}</style>", "<path style='fill:url(//x)'/>",
     "<a href='javascript:alert(1)'><path/></a>", "<animate attributeName='href' values='javascript:alert(1)'/>", "<set/>",
     "<path fill='url(https://x.example/#p)'/>", "<?xml-stylesheet href='x'?>", "<iframe xmlns='http://www.w3.org/1999/xhtml'/>", "<path>",
     "<h:script xmlns:h='http://www.w3.org/1999/xhtml'/>"],
)  # fmt: skip
def test_svg_that_does_anything_is_refused(inner: str) -> None:
    assert sniff(SVG.replace(b"<path", inner.encode() + b"<path")) is None


def test_svg_with_entities_or_another_root_is_refused() -> None:
    assert sniff(b'<!DOCTYPE svg [<!ENTITY x "y">]>' + SVG) is None
    assert sniff(b"<x>" + SVG + b"</x>") is None
    assert sniff(b"<svg onload='alert(1)'/>") is None


async def test_the_best_link_first(site: Site, fetch: Fetcher) -> None:
    site.on("/16.png", body=png(16))
    site.on("/64.png", body=png(64), content_type="text/html")
    links = [IconLink(site.url + "/16.png", "16x16", ""), IconLink(site.url + "/64.png", "64x64", "image/png")]
    assert await find_icon(site.url + "/", links, fetch) == ("image/png", png(64)), "the content type is not believed"
    assert site.paths() == ["/64.png"]


async def test_favicon_ico_is_the_last_resort(site: Site, fetch: Fetcher) -> None:
    site.on("/favicon.ico", body=ICO)
    site.page("/broken.png", "<html>Not found</html>")
    assert await find_icon(site.url + "/a/b", [IconLink(site.url + "/broken.png", "", "")], fetch) == (
        "image/x-icon",
        ICO,
    )


async def test_a_manifest_is_read_when_the_page_has_nothing_else(site: Site, fetch: Fetcher) -> None:
    site.on(
        "/app/m.json", text='{"icons": [{"src": "big.png", "sizes": "512x512"}, {"src": "i.png", "sizes": "96x96"}, 5]}'
    )
    site.on("/app/i.png", body=png(8))
    assert await find_icon(site.url, [IconLink(site.url + "/app/m.json", "", "manifest")], fetch) == (
        "image/png",
        png(8),
    )


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"icons": 5}', '{"icons": [{"src": "javascript:1"}]}'])
async def test_nothing_is_found_within_five_attempts(site: Site, fetch: Fetcher, manifest: str) -> None:
    site.on("/m", text=manifest)
    assert await find_icon(site.url, [IconLink(site.url + "/m", "", "manifest")], fetch) is None
    links = [IconLink(f"{site.url}/{n}", "", "") for n in range(30)]
    site.hits.clear()
    assert await find_icon(site.url, links, fetch) is None and len(site.hits) <= 5


async def test_an_icon_over_the_limit_is_passed_over(site: Site, fetch: Fetcher) -> None:
    site.on("/favicon.ico", body=png() + bytes(MAX_ICON))
    assert await find_icon(site.url, [], fetch) is None
