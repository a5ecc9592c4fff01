# ruff: noqa: E501  # documents as they are
from __future__ import annotations

import base64
import struct
import zlib

import pytest

from reader.ingest.fetch import Fetcher
from reader.ingest.icon import MAX_ICON, find_icon, sniff
from reader.ingest.page import IconLink, find
from reader.ingest.pixels import size_of

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


def pixels(width: int, height: int) -> dict[str, bytes]:
    """Heads of pictures of that size, one per format, as far as a type and a size can be read from them."""
    dib = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 2835, 2835, 0, 0)
    png_head = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    )
    webp = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return {
        "image/png": png_head + bytes(4),
        "image/gif": b"GIF89a" + struct.pack("<HH", width, height) + bytes(20),
        "image/bmp": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + dib,
        "image/webp": b"RIFF" + struct.pack("<I", 4 + len(webp)) + b"WEBP" + webp,
        "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00\x11\x08"
        + struct.pack(">HH", height, width)
        + bytes(12),
        "image/x-icon": struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(png_head), 22)
        + png_head
        + bytes(16),
        "image/avif": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf\x00\x00\x00\x14ispe\x00\x00\x00\x00"
        + struct.pack(">II", width, height),
    }


@pytest.mark.parametrize("kind", list(pixels(1, 1)))
def test_pixels_are_counted_before_anything_is_decoded(kind: str) -> None:
    small, large = pixels(48, 32)[kind], pixels(60_000, 30_000)[kind]
    assert sniff(small) == kind and size_of(small, kind) == (48, 32)
    assert size_of(large, kind) == (60_000, 30_000) and sniff(large) is None


@pytest.mark.parametrize("kind", list(pixels(1, 1)))
def test_cut_pictures_raise_nothing(kind: str) -> None:
    whole = pixels(48, 32)[kind]
    for end in range(len(whole)):
        size_of(whole[:end], kind)
        sniff(whole[:end])


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("data:image/png;base64," + base64.b64encode(png()).decode(), "image/png"),
        ("data:image/gif;base64," + base64.b64encode(GIF).decode().rstrip("="), "image/gif"),
        (
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Ctext%3Ex%3C/text%3E%3C/svg%3E",
            "image/svg+xml",
        ),
        ("data:image/svg+xml;charset=utf-8,<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", None),
        ("data:image/png;base64,%%%", None),
        ("data:,", None),
        ("data:image/png", None),
    ],
)
async def test_icons_in_the_page_itself(site: Site, fetch: Fetcher, url: str, kind: str | None) -> None:
    found = await find_icon(site.url + "/", [IconLink(url, "", "")], fetch)
    assert (found[0] if found else None) == kind


def test_an_empty_icon_is_none() -> None:
    page = find(
        b'<link rel=icon href="data:,"><link rel=icon href="data:image/png;base64,AAAA">', url="https://x.example/"
    )
    assert [one.url for one in page.icons] == ["data:image/png;base64,AAAA"]


ORDER = {
    "svg first": ('<link rel=icon href=/a.png sizes=64x64><link rel=icon href=/b.svg type=image/svg+xml>', ["/b.svg", "/a.png"]),
    "nearest size, larger before smaller": ('<link rel=icon href=/a sizes=16x16><link rel=icon href=/b sizes=512x512><link rel=icon href=/c sizes=96x96><link rel=icon href=/d sizes=32x32>', ["/c", "/d", "/a", "/b"]),
    "several sizes in one": ('<link rel=icon href=/a.ico sizes="16x16 64x64"><link rel=icon href=/b sizes=96x96>', ["/a.ico", "/b"]),
    "the light theme": ('<link rel=icon href=/dark.svg media="(prefers-color-scheme: dark)"><link rel=icon href=/light.svg media="(prefers-color-scheme: light)">', ["/light.svg", "/dark.svg"]),
    "touch icons": ('<link rel=apple-touch-icon-precomposed href=/t.png><link rel="shortcut icon" href=/f.ico>', ["/t.png", "/f.ico"]),
    "masks and tiles last": ('<link rel=mask-icon href=/m.svg><meta name=msapplication-TileImage content=/tile.png><link rel=fluid-icon href=/fluid.png><link rel=icon href=/f.ico>', ["/f.ico", "/fluid.png", "/tile.png", "/m.svg"]),
    "none twice": ('<link rel=icon href=/f.ico><link rel="shortcut icon" href=/f.ico>', ["/f.ico"]),
    "no icons": ('<link rel=preload as=image href=/x.png><link rel=image_src href=/y.png><link rel=stylesheet href=/icon.css>', []),
    "bad addresses": ('<link rel=icon href="javascript:1"><link rel=icon href=""><link rel=icon>', []),
}  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), ORDER.values(), ids=ORDER.keys())
def test_the_best_icon_first(html: str, expected: list[str]) -> None:
    page = find(html.encode(), url="https://x.example/")
    assert [one.url.removeprefix("https://x.example") for one in page.icons] == expected


async def test_a_manifest_after_icons_that_do_not_work(site: Site, fetch: Fetcher) -> None:
    site.on("/gone.png", status=404)
    site.on(
        "/m.json",
        text='{"icons": [{"src": "mono.png", "purpose": "monochrome"}, {"src": "mask.png", "sizes": "64x64", "purpose": "maskable"}, {"src": "any.png", "sizes": "512x512"}, {"src": 5}, null]}',
    )
    for name, size in (("mono", 2), ("mask", 3), ("any", 4)):
        site.on(f"/{name}.png", body=png(size))
    links = [IconLink(site.url + "/gone.png", "", ""), IconLink(site.url + "/m.json", "", "manifest", "manifest")]
    assert await find_icon(site.url + "/", links, fetch) == ("image/png", png(4))
