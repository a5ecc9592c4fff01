"""Frames of known media sites: what may become a card that loads the frame when it is asked to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from reader.ingest.cleaning.embed_table import TABLE


@dataclass(frozen=True, slots=True)
class Embed:
    """``src``: URL of the frame; ``page``: where the medium is at home; ``kind``: Video, Audio, Post or Code."""

    src: str
    page: str
    provider: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    kind: str
    path: re.Pattern[str]  # of path and query; whole
    src: str  # filled with the groups of ``path`` and the host
    page: str


_QUERY = r"\?(?:[^&]*&)*?"


def _read(table: str) -> dict[str, list[_Rule]]:
    """Rules by host."""
    rules: dict[str, list[_Rule]] = {}
    name, kind, hosts = "", "", [""]
    lines = [line for line in table.splitlines() if line]
    for number, line in enumerate(lines):
        if not line.startswith(" "):
            kind, _, rest = line.partition(": ")
            name, _, places = rest.partition(" on ")
            hosts = places.split()
        elif not line.startswith("    "):
            source = lines[number + 1].strip()
            after = lines[number + 2] if number + 2 < len(lines) else ""
            page = after.strip() if after.startswith("    ") else source
            path = re.compile(f"(?:{line.strip().replace('QUERY', _QUERY)})(?:[/?&#].*)?")
            for host in hosts:
                rules.setdefault(host, []).append(_Rule(name, kind, path, source, page))
    return rules


_RULES = _read(TABLE)

# No host of their own: any server may run these, but their frames have a path that nothing else has.
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9A-HJ-NP-Za-km-z]{22}"
_PEERTUBE = re.compile(rf"/(?:videos/embed|w)/(?P<id>{_ID})/?")
_PEERTUBE_LIST = re.compile(rf"/video-playlists/embed/(?P<id>{_ID})/?")
_MASTODON = re.compile(r"/@(?P<who>[\w.-]{1,60})/(?P<id>\d{15,20})/embed/?")
_HOST = re.compile(r"(?=.{4,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.[a-z]{2,}")


@lru_cache(maxsize=256)
def known(url: str) -> Embed | None:
    """Recognise the absolute URL of a frame. The ``src`` of the answer is written anew, so that nothing of the
    original but the name of the medium is left; known(known(url).src) is the same again. None: not known."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or port not in (None, 80, 443) or "@" in parts.netloc:
        return None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    for rule in _RULES.get(host, ()):
        match = rule.path.fullmatch(path.replace("&amp;", "&"))
        if match:
            filled = {"host": host, **match.groupdict()}
            return Embed(rule.src.format(**filled), rule.page.format(**filled), rule.name, rule.kind)
    return _of_any_host(host, parts.path) if _HOST.fullmatch(host) and host not in _RULES else None


def _of_any_host(host: str, path: str) -> Embed | None:
    home = f"https://{host}"
    if match := _PEERTUBE.fullmatch(path):
        return Embed(f"{home}/videos/embed/{match['id']}", f"{home}/w/{match['id']}", "PeerTube", "Video")
    if match := _PEERTUBE_LIST.fullmatch(path):
        source = f"{home}/video-playlists/embed/{match['id']}"
        return Embed(source, f"{home}/w/p/{match['id']}", "PeerTube", "Video")
    if match := _MASTODON.fullmatch(path):
        page = f"{home}/@{match['who']}/{match['id']}"
        return Embed(f"{page}/embed", page, "Mastodon", "Post")
    return None
