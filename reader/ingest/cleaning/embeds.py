"""Frames of known media sites: what may become a card that loads the frame when it is asked to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Embed:
    """``src``: URL of the frame; ``page``: where the medium is at home; ``kind``: Video, Audio or Post."""

    src: str
    page: str
    provider: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Provider:
    name: str
    kind: str
    hosts: tuple[str, ...]
    path: re.Pattern[str]
    src: str  # filled with the groups of ``path``
    page: str
    query: bool = False  # whether the query names the medium


def _provider(
    name: str, kind: str, hosts: str, path: str, src: str, page: str = "{src}", *, query: bool = False
) -> _Provider:
    return _Provider(name, kind, tuple(hosts.split()), re.compile(path), src, page, query)


_PROVIDERS = (
    _provider(
        "YouTube",
        "Video",
        "youtube.com youtube-nocookie.com",
        r"/(?:embed|v|e)/(?!videoseries)(?P<id>[\w-]{6,20})",
        "https://www.youtube-nocookie.com/embed/{id}",
        "https://www.youtube.com/watch?v={id}",
    ),
    _provider(
        "YouTube",
        "Video",
        "youtube.com youtube-nocookie.com",
        r"/embed/videoseries\?(?:.*&)?list=(?P<id>[\w-]{6,64})",
        "https://www.youtube-nocookie.com/embed/videoseries?list={id}",
        "https://www.youtube.com/playlist?list={id}",
        query=True,
    ),
    _provider(
        "Vimeo",
        "Video",
        "player.vimeo.com",
        r"/video/(?P<id>\d{4,15})",
        "https://player.vimeo.com/video/{id}",
        "https://vimeo.com/{id}",
    ),
    _provider(
        "Dailymotion",
        "Video",
        "dailymotion.com",
        r"/embed/video/(?P<id>\w{4,20})",
        "https://www.dailymotion.com/embed/video/{id}",
        "https://www.dailymotion.com/video/{id}",
    ),
    _provider(
        "Twitch",
        "Video",
        "clips.twitch.tv",
        r"/embed\?(?:.*&)?clip=(?P<id>[\w-]{4,100})",
        "https://clips.twitch.tv/embed?clip={id}",
        "https://clips.twitch.tv/{id}",
        query=True,
    ),
    _provider(
        "TED",
        "Video",
        "embed.ted.com",
        r"/talks/(?P<id>[\w/]{3,120})",
        "https://embed.ted.com/talks/{id}",
        "https://www.ted.com/talks/{id}",
    ),
    _provider(
        "Arte",
        "Video",
        "arte.tv",
        r"/(?P<id>embeds/[\w/-]{3,80})",
        "https://www.arte.tv/{id}",
    ),
    _provider(
        "SoundCloud",
        "Audio",
        "w.soundcloud.com",
        r"/player/?\?(?:.*&)?url=(?P<id>https?(?::|%3A)[\w%./:-]{10,200})",
        "https://w.soundcloud.com/player/?url={id}",
        query=True,
    ),
    _provider(
        "Spotify",
        "Audio",
        "open.spotify.com",
        r"/(?:embed|embed-podcast)/(?P<id>(?:track|album|playlist|episode|show|artist)/\w{10,40})",
        "https://open.spotify.com/embed/{id}",
        "https://open.spotify.com/{id}",
    ),
    _provider(
        "Apple",
        "Audio",
        "embed.podcasts.apple.com embed.music.apple.com",
        r"/(?P<id>[\w/%.-]{3,200})",
        "https://{host}/{id}",
    ),
    _provider(
        "Bandcamp",
        "Audio",
        "bandcamp.com",
        r"/(?P<id>EmbeddedPlayer/[\w=/.-]{5,200})",
        "https://bandcamp.com/{id}",
    ),
    _provider(
        "Mixcloud",
        "Audio",
        "mixcloud.com player-widget.mixcloud.com",
        r"/widget/iframe/?\?(?:.*&)?feed=(?P<id>[\w%./:-]{3,200})",
        "https://player-widget.mixcloud.com/widget/iframe/?feed={id}",
        query=True,
    ),
)
# PeerTube has no host of its own: any server may run it, but its frames have a path that nothing else has.
_PEERTUBE = re.compile(
    r"/videos/embed/(?P<id>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9A-HJ-NP-Za-km-z]{22})"
)


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
    for provider in _PROVIDERS:
        if host in provider.hosts:
            path = f"{parts.path}?{parts.query}" if provider.query else parts.path
            match = provider.path.match(path)
            if match:
                src = provider.src.format(host=host, **match.groupdict())
                return Embed(src, provider.page.format(src=src, **match.groupdict()), provider.name, provider.kind)
    match = _PEERTUBE.fullmatch(parts.path.rstrip("/"))
    if match and re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", host):
        home = f"https://{host}"
        return Embed(f"{home}/videos/embed/{match['id']}", f"{home}/w/{match['id']}", "PeerTube", "Video")
    return None
