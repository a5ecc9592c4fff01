"""A site's icon: where it may lie, and what the bytes really are. The content type is never believed."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from reader.errors import Upstream
from reader.ingest.fetch import ACCEPT_IMAGE, Fetched
from reader.ingest.icon_links import IconLink, preference
from reader.ingest.links import absolute
from reader.ingest.pixels import is_bomb

MAX_ICON = 200_000
MAX_MANIFEST = 100_000
NAMED = 3
_IMAGES = {
    "image/png": "image/png",
    "image/gif": "image/gif",
    "image/jpeg": "image/jpeg",
    "image/webp": "image/webp",
    "image/avif": "image/avif",
    "image/bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/x-icon": "image/x-icon",
}
_SVG_FORBIDDEN = {
    *("script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener", "a"),
    *("animate", "set", "animatetransform", "animatemotion", "image", "feimage", "link"),
}
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
_OUTSIDE = re.compile(r"url\s*\(\s*[\"']?(?![\"'\s#])|@import|javascript:|expression\s*\(|data:", re.I)


PoolCall = Callable[..., Awaitable[Any]]


class FetcherLike(Protocol):
    async def get(self, url: str, *, accept: str = ..., max_bytes: int | None = None) -> Fetched: ...


async def find_icon(
    site_url: str, links: Sequence[IconLink], fetch: FetcherLike, pool_call: PoolCall | None = None
) -> tuple[str, bytes] | None:
    """The best icon of a site as (MIME type, bytes), None when nothing usable comes within six fetches.

    ``links`` are those the page names (page.find): the best three are tried, then those of its manifest, then
    /favicon.ico. Errors of a fetch count as an attempt that failed. ``await pool_call(sniff, body)`` looks at the bytes
    in the CPU pool (libmagic and lxml are heavy); without it that happens here.
    """
    wanted = sorted(links, key=preference)
    named = list(dict.fromkeys(link.url for link in wanted if link.type != "manifest"))[:NAMED]
    parts = urlsplit(site_url)
    last = f"{parts.scheme}://{parts.netloc}/favicon.ico"
    for url in named:
        found = await _image(url, fetch, pool_call)
        if found is not None:
            return found
    inside = await _from_manifest(next((link.url for link in wanted if link.type == "manifest"), None), fetch)
    for url in [one for one in (*inside, last) if one not in named]:
        found = await _image(url, fetch, pool_call)
        if found is not None:
            return found
    return None


async def icon_at(url: str, fetch: FetcherLike, pool_call: PoolCall | None = None) -> tuple[str, bytes] | None:
    """The icon at this address (a feed names its own), None if there is none to use."""
    return await _image(url, fetch, pool_call)


def sniff(body: bytes) -> str | None:
    """The image type of ``body`` by its bytes (libmagic; for SVG a check of our own), None for anything else: what is
    no picture, too many bytes, too many pixels."""
    if not body or len(body) > MAX_ICON:
        return None
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return "image/svg+xml" if _is_harmless_svg(body) else None
    if body[4:12] in (b"ftypavif", b"ftypavis"):
        kind: str | None = "image/avif"
    else:
        import magic

        kind = _IMAGES.get(magic.from_buffer(body[:4096], mime=True))
    return None if kind is None or is_bomb(body, kind) else kind


async def _image(url: str, fetch: FetcherLike, pool_call: PoolCall | None) -> tuple[str, bytes] | None:
    try:
        body = _inline(url) if url.startswith("data:") else await _fetched(url, fetch)
        kind = await pool_call(sniff, body) if pool_call else sniff(body)
    except Upstream:
        return None  # the next place may hold one; a site without an icon is no fault
    return (kind, body) if kind else None


async def _fetched(url: str, fetch: FetcherLike) -> bytes:
    answer = await fetch.get(url, accept=ACCEPT_IMAGE, max_bytes=MAX_ICON)
    return answer.body


def _inline(url: str) -> bytes:
    """The bytes of a data: URL (RFC 2397), b"" for one that makes no sense."""
    head, comma, data = url.partition(",")
    if not comma:
        return b""
    plain = unquote_to_bytes(data)
    if not head.lower().replace(" ", "").endswith(";base64"):
        return plain
    try:
        return base64.b64decode(b"".join(plain.split()) + b"==", validate=False)
    except binascii.Error:
        return b""


async def _from_manifest(url: str | None, fetch: FetcherLike) -> list[str]:
    """Icon URLs of a web app manifest (w3.org/TR/appmanifest), the best two; monochrome ones are no icons."""
    if url is None:
        return []
    try:
        answer = await fetch.get(url, accept="application/manifest+json, application/json", max_bytes=MAX_MANIFEST)
        icons = json.loads(answer.body).get("icons")
    except (Upstream, ValueError, AttributeError, RecursionError):
        return []
    if not isinstance(icons, list):
        return []
    links = [link for icon in icons[:50] if isinstance(icon, dict) and (link := _of_manifest(icon, answer.final_url))]
    return [link.url for link in sorted(links, key=preference)][:2]


def _of_manifest(icon: dict[str, Any], base: str) -> IconLink | None:
    source = icon.get("src")
    purpose = str(icon.get("purpose", "any")).lower().split()
    if not isinstance(source, str) or (purpose and not {"any", "maskable"} & set(purpose)):
        return None
    url = absolute(base, source)
    # A maskable one has a margin that is meant to be cut away.
    rel = "icon" if "any" in purpose or not purpose else "maskable"
    return IconLink(url, str(icon.get("sizes", "")), str(icon.get("type", "")), rel) if url else None


def _is_harmless_svg(body: bytes) -> bool:
    """Whether the bytes are an SVG image that neither runs nor fetches anything. It is refused, never mended."""
    from lxml import etree

    if b"<!ENTITY" in body or b"<?xml-stylesheet" in body:
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return False
    if root.tag not in (f"{{{_SVG_NAMESPACE}}}svg", "svg"):
        return False
    return all(_harmless(element) for element in root.iter())


def _harmless(element: object) -> bool:
    tag = getattr(element, "tag", None)
    attributes = getattr(element, "attrib", {})
    if not isinstance(tag, str):
        return type(element).__name__ == "_Comment"
    name = tag.rpartition("}")[2].lower()
    if name in _SVG_FORBIDDEN or (name == "style" and not _inner_style(getattr(element, "text", None) or "")):
        return False
    for name, value in attributes.items():
        local = name.rpartition("}")[2].lower()
        if local.startswith("on") or (local == "href" and not value.startswith("#")) or local in ("src", "base"):
            return False
        if not _inner_style(value) if local == "style" else _OUTSIDE.search(value):
            return False
    return True


def _inner_style(css: str) -> bool:
    """Whether a style refers to nothing outside; an escape could spell what the pattern looks for, so none may be."""
    return "\\" not in css and not _OUTSIDE.search(css)
