"""Which icons a page names, the best one first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reader.ingest.links import absolute

WANTED_SIZE = 64
MOST_DATA = 100_000
_TOUCH = {"apple-touch-icon": 180, "apple-touch-icon-precomposed": 180}
_SIZE = re.compile(r"(\d{1,5})\s*x\s*\d{1,5}", re.I)
_DATA = re.compile(r"data:image/[\w.+-]+[;,]", re.I)


@dataclass(frozen=True, slots=True)
class IconLink:
    """An icon that a page names: ``sizes`` and ``type`` as written, "" for nothing; type "manifest" is a web app
    manifest. ``rel`` is what the page calls it; ``media`` the condition it sets (a dark or a light theme)."""

    url: str
    sizes: str
    type: str
    rel: str = "icon"
    media: str = ""


def icon_of(attributes: dict[str, str], base: str) -> IconLink | None:
    """The icon that a <link> (or a Link header) names."""
    rel = set(attributes.get("rel", "").lower().split())
    kind = attributes.get("type", "").strip().lower()[:60]
    sizes = re.sub(r"\s+", " ", attributes.get("sizes", "")).strip().lower()[:100]
    media = attributes.get("media", "").strip().lower()[:100]
    href = attributes.get("href", "").strip()
    url = href if "icon" in rel and _DATA.match(href) and len(href) <= MOST_DATA else absolute(base, href)
    if url is None:
        return None
    if "manifest" in rel:
        return IconLink(url, "", "manifest", "manifest")
    for name in ("icon", *_TOUCH, "fluid-icon", "mask-icon"):
        if name in rel:
            return IconLink(url, sizes, kind, name, media)
    return None


def tile_of(attributes: dict[str, str], base: str) -> IconLink | None:
    """The icon of a <meta name=msapplication-TileImage> and its like."""
    name = attributes.get("name", "").lower()
    if name not in ("msapplication-tileimage", "msapplication-square70x70logo", "msapplication-square150x150logo"):
        return None
    url = absolute(base, attributes.get("content"))
    size = _SIZE.search(name)
    return IconLink(url, size[0] if size else "", "", "tile") if url else None


def in_order(found: list[IconLink]) -> list[IconLink]:
    """Best first, none twice: SVG, then the size nearest to the wanted one, larger before smaller; pictures for the
    dark theme alone, masks and tiles last."""
    unique: dict[str, IconLink] = {}
    for one in found:
        unique.setdefault(one.url, one)
    return sorted(unique.values(), key=preference)


def preference(link: IconLink) -> tuple[int, int, int]:
    """(kind, form, distance from the wanted size); the least is the best."""
    kind = {"icon": 0, "apple-touch-icon": 0, "apple-touch-icon-precomposed": 0, "manifest": 0}.get(link.rel, 2)
    if kind == 0 and "dark" in link.media:
        kind = 1
    if link.rel == "mask-icon":
        kind = 3
    if link.type == "manifest":
        return 0, 3, 0
    path = link.url.split("?")[0].lower()
    if "svg" in link.type or path.endswith(".svg") or path.startswith("data:image/svg"):
        return kind, 0, 0
    sizes = [int(width) for width in _SIZE.findall(link.sizes)] or [_TOUCH.get(link.rel, 0)]
    if sizes == [0]:
        return kind, 2, 0
    return kind, 1, min(size - WANTED_SIZE if size >= WANTED_SIZE else (WANTED_SIZE - size) * 4 for size in sizes)
