"""URLs as a page writes them."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from reader.errors import Invalid
from reader.ingest.address import URL_LIMIT, canonical

_WRAPPER = re.compile(r"(?:feed|feeds|rss|pcast|podcast|itpc):(?://)?", re.I)
_SLASHES = re.compile(r"(https?:)?//+", re.I)  # browsers take any number of them at the start
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


def absolute(base: str, href: str | None) -> str | None:
    """The http(s) URL that ``href`` means on a page with that base, in its one spelling and without fragment.

    As browsers read it (url.spec.whatwg.org): spaces around and line ends inside do not count, a backslash is a
    slash. ``feed:`` and its like in front of an address are taken off. None for everything else.
    """
    text = (href or "").strip("\x00\t\n\x0b\x0c\r \xa0")
    if not text or len(text) > URL_LIMIT:
        return None
    text = re.sub(r"[\t\n\r]", "", text)
    if wrapped := _WRAPPER.match(text):
        rest = text[wrapped.end() :].lstrip("/")
        text = rest if _SCHEME.match(rest) and "://" in rest[:9] else f"http://{rest}"
    head = re.split(r"[?#]", text, maxsplit=1)[0]
    text = head.replace("\\", "/") + text[len(head) :]
    if slashes := _SLASHES.match(text):
        text = f"{slashes[1] or ''}//{text[slashes.end() :]}"
    try:
        url = urljoin(base, text)
        return canonical(url) if url[:8].lower().startswith(("http://", "https://")) else None
    except (Invalid, ValueError):
        return None


def is_wrapped(href: str) -> bool:
    """Whether an address says of itself that it is a feed (feed:, podcast: …)."""
    return bool(_WRAPPER.match(href.strip()))


def host_of(url: str) -> str:
    """The host of ``url`` without "www.", "" when there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
