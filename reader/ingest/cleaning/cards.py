"""Frames and players of entries become cards: figures that keep the address and load when somebody asks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlsplit

from reader.ingest.cleaning import embeds
from reader.ingest.cleaning.images import PLACEHOLDER
from reader.ingest.cleaning.links import absolute

# Elements of component libraries: attribute with the medium's name → address of its frame, or of its page.
COMPONENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "amp-youtube": (("data-videoid", "https://www.youtube.com/embed/{}"),),
    "lite-youtube": (("videoid", "https://www.youtube.com/embed/{}"),),
    "amp-vimeo": (("data-videoid", "https://player.vimeo.com/video/{}"),),
    "lite-vimeo": (("videoid", "https://player.vimeo.com/video/{}"),),
    "amp-dailymotion": (("data-videoid", "https://www.dailymotion.com/embed/video/{}"),),
    "amp-soundcloud": (
        ("data-trackid", "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/{}"),
        ("data-playlistid", "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/playlists/{}"),
    ),
    "amp-twitter": (("data-tweetid", "https://twitter.com/i/status/{}"),),
    "amp-instagram": (("data-shortcode", "https://www.instagram.com/p/{}/"),),
    "amp-facebook": (("data-href", ""),),
    "amp-reddit": (("data-src", ""),),
    "amp-tiktok": (("data-src", "https://www.tiktok.com/embed/v2/{}"),),
}
_TITLE_LENGTH = 200
_WHITE = re.compile(r"\s+")


def of_frame(given: dict[str, str], base: str, lazy: Sequence[str]) -> str | None:
    """HTML that stands for an ``iframe`` with the attributes ``given``; None: it shows nothing to a reader."""
    written = given.get("src", "")
    if not written or PLACEHOLDER.search(written):
        written = next((value for name in (*lazy, "data-cookieblock-src", "data-cmp-src", "data-lazysrc")
                        if (value := given.get(name, ""))), written)  # fmt: skip
    src = absolute(written, base)
    if src is None or (_small(given) and embeds.known(src) is None):
        return None
    return _card(src, given.get("title", ""))


def of_object(given: dict[str, str], base: str) -> str | None:
    """HTML for an ``object`` or ``embed`` that shows a known medium; None for all others."""
    src = absolute(given.get("data") or given.get("src"), base)
    return _card(src, given.get("title", "")) if src and embeds.known(src) else None


def of_component(tag: str, given: dict[str, str], base: str) -> str | None:
    """HTML for one of COMPONENTS."""
    for name, pattern in COMPONENTS.get(tag, ()):
        value = given.get(name, "").strip()
        if value:
            src = absolute(pattern.format(quote(value, safe="")) if pattern and "://" not in value else value, base)
            return _card(src, given.get("title", "")) if src else None
    return None


def _small(given: dict[str, str]) -> bool:
    sizes = [given.get(name, "").strip() for name in ("width", "height")]
    return any(size in ("0", "1", "0px", "1px") for size in sizes)


def _card(src: str, title: str) -> str | None:
    title = _WHITE.sub(" ", title).strip()[:_TITLE_LENGTH].strip()
    embed = embeds.known(src)
    if embed is None:
        host = (urlsplit(src).hostname or "") if "[" not in src else ""
        return f'<p><a href="{escape(src)}">{escape(title or f"Embedded page of {host}")}</a></p>' if host else None
    words = escape(title or f"{embed.kind} on {embed.provider}")
    return (
        f'<figure class="embed" data-src="{escape(embed.src)}" data-provider="{embed.provider}">'
        f'<figcaption><a href="{escape(embed.page)}">{words}</a></figcaption></figure>'
    )
