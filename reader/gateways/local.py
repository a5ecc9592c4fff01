"""Addresses of this instance's own people and streams, as somebody may type or import them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

NAME = re.compile(r"@?([a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?)", re.IGNORECASE)
PATH = re.compile(
    r"/u/@?([a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?)(?:/([a-z0-9-]{1,64}))?(?:\.(?:atom|rss|json|xml))?/?", re.IGNORECASE
)


class Target(NamedTuple):
    """Somebody, and one of their streams; ``stream`` None is the default one."""

    name: str
    stream: str | None = None


def local_target(typed: str, hosts: Iterable[str]) -> Target | None:
    """What "@name", "/u/NAME/STREAM.atom" or such an address at one of ``hosts`` (with port, if any) means; None for
    everything else. A bare word is no target: it may be a host."""
    text = typed.strip()
    if text.startswith("@"):
        match = NAME.fullmatch(text)
        return Target(match[1]) if match else None
    if text.startswith("/"):
        return _of_path(text)
    scheme, _, rest = text.rpartition("://")
    if scheme and scheme.lower() not in ("http", "https", "feed"):
        return None
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:  # brackets that hold no address
        return None
    own = {host.lower() for host in hosts if host}
    return _of_path(parts.path) if parts.netloc.rpartition("@")[2].lower() in own else None


def own_host(base_url: str) -> str:
    """Host and port of this instance's public address; empty when it has none."""
    return urlsplit(base_url).netloc.lower()


def _of_path(path: str) -> Target | None:
    match = PATH.fullmatch(unquote(path.partition("?")[0].partition("#")[0]))
    return Target(match[1], match[2].lower() if match[2] else None) if match else None
