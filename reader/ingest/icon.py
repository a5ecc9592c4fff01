"""A site's icon: where it may lie, and what the bytes really are. The content type is never believed."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from reader.errors import Upstream
from reader.ingest.fetch import ACCEPT_IMAGE, Fetched
from reader.ingest.icon_links import IconLink, preference

MAX_ICON = 200_000
MAX_MANIFEST = 100_000
ATTEMPTS = 5
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
    """The best icon of a site as (MIME type, bytes), None when nothing usable comes within five attempts.

    ``links`` are those the page names (page.find); /favicon.ico is tried after them. Errors of a fetch count as an
    attempt that failed. ``await pool_call(sniff, body)`` looks at the bytes in the CPU pool (libmagic and lxml are
    heavy); without it that happens here.
    """
    queue = [link.url for link in sorted(links, key=preference) if link.type != "manifest"]
    manifests = [link.url for link in links if link.type == "manifest"]
    parts = urlsplit(site_url)
    queue = [*dict.fromkeys(queue)][: ATTEMPTS - 2]
    attempts = 0
    if not queue and manifests:
        attempts += 1
        queue += await _from_manifest(manifests[0], fetch)
    queue.append(f"{parts.scheme}://{parts.netloc}/favicon.ico")
    for url in [*dict.fromkeys(queue)][: ATTEMPTS - attempts]:
        found = await _image(url, fetch, pool_call)
        if found is not None:
            return found
    return None


def sniff(body: bytes) -> str | None:
    """The image type of ``body`` by its bytes (libmagic; for SVG a check of our own), None for anything else."""
    if not body or len(body) > MAX_ICON:
        return None
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return "image/svg+xml" if _is_harmless_svg(body) else None
    if body[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    import magic

    return _IMAGES.get(magic.from_buffer(body[:4096], mime=True))


async def _image(url: str, fetch: FetcherLike, pool_call: PoolCall | None) -> tuple[str, bytes] | None:
    try:
        answer = await fetch.get(url, accept=ACCEPT_IMAGE, max_bytes=MAX_ICON)
        kind = await pool_call(sniff, answer.body) if pool_call else sniff(answer.body)
    except Upstream:
        return None  # the next place may hold one; a site without an icon is no fault
    return (kind, answer.body) if kind else None


async def _from_manifest(url: str, fetch: FetcherLike) -> list[str]:
    """Icon URLs of a web app manifest (w3.org/TR/appmanifest), those nearest to the wanted size first."""
    try:
        answer = await fetch.get(url, accept="application/manifest+json, application/json", max_bytes=MAX_MANIFEST)
        icons = json.loads(answer.body).get("icons")
    except (Upstream, ValueError, AttributeError, RecursionError):
        return []
    if not isinstance(icons, list):
        return []
    links = [
        IconLink(urljoin(answer.final_url, icon["src"]), str(icon.get("sizes", "")), str(icon.get("type", "")))
        for icon in icons[:20]
        if isinstance(icon, dict) and isinstance(icon.get("src"), str)
    ]
    return [link.url for link in sorted(links, key=preference) if link.url.startswith(("http://", "https://"))][:2]


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
