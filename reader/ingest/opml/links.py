"""Addresses as OPML files write them."""

from __future__ import annotations

import re

from reader.errors import Invalid, Upstream
from reader.ingest.address import INSIDE, IPAddress, canonical, check, check_url, is_web, literal, shorten, split_scheme
from reader.settings import Network

# Programs put their own scheme before an address or instead of http.
_WRAPPERS = {"feed": "http", "feeds": "https", "rss": "http", "pcast": "http", "itpc": "http", "podcast": "http"}
_USUAL_LENGTH = 500
_WEB = ("http", "https")
_UNSEEN = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_LOCALHOST = re.compile(r"https?://(?:[^/?#@]*@)?(?:[\w-]+\.)*localhost\.?(?=[:/?#]|$)", re.IGNORECASE)
# Nearly every address: nothing to mend, and its host is a name that is no number and not localhost.
_USUAL = re.compile(
    r"https?://(?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++(?!localhost)[a-z]{2,24}(?::\d{1,4})?/(?:(?!&amp;)[!#-;=?-Z_a-z~])*"
)
_PLAIN = re.compile(r"[!-~]+")
_WWW = re.compile(r"www\.[\w-]+(?:\.[\w-]+)+(?=[:/?#]|$)", re.IGNORECASE)


def feed_url(written: str, allow: tuple[Network, ...]) -> str:
    """The absolute http(s) URL that an attribute means: line breaks inside, wrappers (``feed:``) and a second escaping
    of "&" removed, percent-encoded where it holds what no URL may. Raises Invalid or Upstream, in words, for one that
    must not or cannot be fetched; nothing is looked up."""
    if len(written) < _USUAL_LENGTH and _USUAL.fullmatch(written):
        return written
    text = _unwrapped(_UNSEEN.sub("", written).strip().strip("<>\"'“”").strip().replace("&amp;", "&"))
    if not text:
        raise Invalid("It has no address.", {"url": "empty"})
    check_url(text, allow)
    _check_localhost(text, allow)
    spelled = canonical(text)
    return text if _PLAIN.fullmatch(text) else spelled


def page_url(written: str) -> str | None:
    """The address of a feed's site; None for what is no absolute http(s) URL."""
    if len(written) < _USUAL_LENGTH and _USUAL.fullmatch(written):
        return written
    text = _UNSEEN.sub("", written).strip().replace("&amp;", "&")
    if not is_web(text):
        return None
    try:
        spelled = canonical(text)
    except Invalid:
        return None
    return text if _PLAIN.fullmatch(text) else spelled


def _unwrapped(text: str) -> str:
    for _ in range(3):
        scheme, rest = split_scheme(text)
        if scheme not in _WRAPPERS:
            break
        inner = split_scheme(rest)[0]
        text = rest if inner in _WEB or inner in _WRAPPERS else f"{_WRAPPERS[scheme]}://{rest.lstrip('/')}"
    scheme, _rest = split_scheme(text)
    if scheme or not text:
        return text
    if text.startswith("//"):
        return "https:" + text
    if _WWW.match(text):
        return "http://" + text
    raise Invalid(f"“{shorten(text)}” is not a whole address: it has no http:// or https://.", {"url": "relative"})


def _check_localhost(url: str, allow: tuple[Network, ...]) -> None:
    """RFC 6761: the name localhost, and all below it, is this machine."""
    if _LOCALHOST.match(url):
        itself: IPAddress | None = literal("127.0.0.1")
        if itself is not None and check(itself, allow):
            raise Upstream("refused", INSIDE)
