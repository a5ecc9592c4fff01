"""WebSub (www.w3.org/TR/websub) as far as it needs neither database nor network: links, signatures, addresses."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

METHODS = ("sha256", "sha1", "sha384", "sha512")
"""Digests that a signature may be of (8.1); the first is what we sign with."""
_NAME = r"[\w!#$&+.^`|~*-]++"
_QUOTED = r'"((?:[^"\\]|\\.)*+)"'
_PARAMETER = re.compile(rf'\s*+;\s*+({_NAME})\s*+(?:=\s*+(?:{_QUOTED}|([^\s",;]*+)))?')
LONGEST_LINK = 8000


class Ends(NamedTuple):
    """Where a topic is subscribed to. ``topic``: its own name for itself."""

    hub: str
    topic: str


def links(header: str, base: str) -> Iterator[tuple[str, str]]:
    """(relation, absolute URL) of each http(s) link of a Link header (RFC 8288), relations in lower case. Where it
    cannot be read on, it ends."""
    from reader.ingest.parse.values import web_url  # late: lxml comes with it, which workers do without at first

    rest = header[:LONGEST_LINK].strip()
    while rest.startswith("<") and (end := rest.find(">")) > 0:
        target, at = web_url(base, rest[1:end].strip()), end + 1
        parameters: dict[str, str] = {}
        while match := _PARAMETER.match(rest, at):
            parameters.setdefault(match[1].lower(), match[2] or match[3] or "")
            at = match.end()
        if target and "anchor" not in parameters:
            for relation in parameters.get("rel", "").lower().split():
                yield relation, target
        rest = rest[at:].lstrip()
        if not rest.startswith(","):
            return
        rest = rest[1:].lstrip(", \t")


def discover(headers: Mapping[str, str], url: str, hub: str | None, own: str | None) -> Ends | None:
    """Hub and topic of a document that was fetched from ``url`` (4): of its Link headers, else what the document itself
    says (``hub``, ``own``). Without a name of its own it is the topic under the address it has."""
    told: dict[str, str] = {}
    for relation, target in links(headers.get("link", ""), url):
        told.setdefault(relation, target)
    where = told.get("hub") or hub
    return Ends(where, told.get("self") or own or url) if where else None


def sign(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature (7)."""
    return f"{METHODS[0]}={hmac.new(secret.encode(), body, METHODS[0]).hexdigest()}"


def is_signed(body: bytes, secret: str, header: str | None) -> bool:
    """Whether X-Hub-Signature is right, compared in constant time. A method that is not known is wrong."""
    method, _, given = (header or "").strip().partition("=")
    if method.lower() not in METHODS:
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().encode("utf-8", "replace"))


def with_query(callback: str, parameters: Mapping[str, str]) -> str:
    """A callback's address with parameters added; what its query holds stays (5.1)."""
    page, mark, fragment = callback.partition("#")
    joint = "" if page.endswith(("?", "&")) else "&" if "?" in page else "?"
    return page + joint + urlencode(parameters) + mark + fragment


def same_place(one: str, other: str) -> bool:
    """Whether two addresses differ at most in scheme, www. and a slash at the end."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(urljoin(url, ""))
    return parts.netloc.lower().removeprefix("www."), parts.path.rstrip("/"), parts.query
