"""Where feeds lie when no page says so: rules for well-known platforms, then well-known paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

WELL_KNOWN = (
    "/feed",
    "/feed.xml",
    "/rss.xml",
    "/atom.xml",
    "/index.xml",
    "/rss",
    "/feed/",
    "/feed.json",
    "/feeds/posts/default",
    "/blog/feed",
    "/blog/rss.xml",
    "/?feed=rss2",
)
_BELOW = ("feed", "rss.xml", "atom.xml", "index.xml")


def guesses(url: str) -> list[str]:
    """Well-known feed addresses for the page at ``url``: below its own path first, then at the root of its host."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    folder = parts.path if parts.path.endswith("/") else parts.path.rpartition("/")[0] + "/"
    own = parts.path.rstrip("/")
    below = [f"{root}{own}/{name}" for name in _BELOW] if own and "." not in own.rpartition("/")[2] else []
    if not below and folder not in ("", "/"):
        below = [f"{root}{folder}{name}" for name in _BELOW]
    return list(dict.fromkeys([*below, *(root + path for path in WELL_KNOWN)]))


def platform_feeds(url: str, *, channel: str | None = None) -> list[str]:
    """Feed addresses that follow from the address of a page on a known platform, best first; often none.

    ``channel``: a YouTube channel id that was found in the page.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("old.")
    path = parts.path.rstrip("/")
    steps = [part for part in path.split("/") if part]
    if host == "youtube.com" or host == "youtu.be":
        return _youtube(steps, parse_qs(parts.query), channel)
    for name, rule in _RULES.items():
        if host == name or host.endswith("." + name):
            return rule(host, steps)
    if steps and re.fullmatch(r"@[\w.-]+(?:@[\w.-]+)?", steps[0]):  # Mastodon and its kin, on any host
        return [f"https://{parts.netloc}/{steps[0]}.rss"]
    return []


def _youtube(steps: list[str], query: dict[str, list[str]], channel: str | None) -> list[str]:
    feed = "https://www.youtube.com/feeds/videos.xml?"
    if lists := query.get("list"):
        return [f"{feed}playlist_id={quote(lists[0])}"]
    if len(steps) > 1 and steps[0] == "channel":
        return [f"{feed}channel_id={quote(steps[1])}"]
    found = [f"{feed}channel_id={channel}"] if channel else []
    if len(steps) > 1 and steps[0] == "user":
        found.append(f"{feed}user={quote(steps[1])}")
    return found


def _reddit(_host: str, steps: list[str]) -> list[str]:
    if len(steps) > 1 and steps[0] in ("r", "user", "u"):
        kind = "user" if steps[0] == "u" else steps[0]
        rest = "/".join([kind, *steps[1:4]])
        return [f"https://www.reddit.com/{rest}/.rss"]
    return ["https://www.reddit.com/.rss"]


def _github(_host: str, steps: list[str]) -> list[str]:
    if len(steps) == 1:
        return [f"https://github.com/{steps[0]}.atom"]
    if len(steps) < 2:
        return []
    repository = f"https://github.com/{steps[0]}/{steps[1]}"
    if len(steps) > 3 and steps[2] in ("commits", "tree"):
        return [f"{repository}/commits/{'/'.join(steps[3:])}.atom"]
    feeds = [f"{repository}/releases.atom", f"{repository}/commits.atom", f"{repository}/tags.atom"]
    return sorted(feeds, key=lambda feed: steps[-1] not in feed)


def _gitlab(_host: str, steps: list[str]) -> list[str]:
    if len(steps) < 2:
        return [f"https://gitlab.com/{steps[0]}.atom"] if steps else []
    project = "https://gitlab.com/" + "/".join(steps[: steps.index("-")] if "-" in steps else steps)
    return [f"{project}/-/releases.atom", f"{project}/-/commits?format=atom", f"{project}.atom"]


def _medium(host: str, steps: list[str]) -> list[str]:
    if host != "medium.com":
        return [f"https://{host}/feed"]
    if not steps:
        return []
    return [f"https://medium.com/feed/{'/'.join(steps[:2]) if steps[0] == 'tag' else steps[0]}"]


def _blogger(host: str, _steps: list[str]) -> list[str]:
    return [f"https://{host}/feeds/posts/default"]


def _tumblr(host: str, steps: list[str]) -> list[str]:
    if host != "tumblr.com":
        return [f"https://{host}/rss"]
    name = steps[0].removeprefix("@") if steps and steps[0] != "blog" else ""
    return [f"https://{name}.tumblr.com/rss"] if name else []


def _slash_feed(host: str, _steps: list[str]) -> list[str]:
    return [f"https://{host}/feed"]


def _wordpress(host: str, _steps: list[str]) -> list[str]:
    return [f"https://{host}/feed/"]


def _bluesky(_host: str, steps: list[str]) -> list[str]:
    return [f"https://bsky.app/profile/{steps[1]}/rss"] if len(steps) > 1 and steps[0] == "profile" else []


def _vimeo(_host: str, steps: list[str]) -> list[str]:
    return [f"https://vimeo.com/{steps[0]}/videos/rss"] if steps else []


def _stack(host: str, steps: list[str]) -> list[str]:
    if len(steps) > 2 and steps[:2] == ["questions", "tagged"]:
        return [f"https://{host}/feeds/tag/{steps[2]}"]
    return [f"https://{host}/feeds"]


def _hackernews(_host: str, _steps: list[str]) -> list[str]:
    return ["https://news.ycombinator.com/rss"]


_RULES: dict[str, Callable[[str, list[str]], list[str]]] = {
    "reddit.com": _reddit,
    "github.com": _github,
    "gitlab.com": _gitlab,
    "medium.com": _medium,
    "blogspot.com": _blogger,
    "tumblr.com": _tumblr,
    "substack.com": _slash_feed,
    "ghost.io": _slash_feed,
    "wordpress.com": _wordpress,
    "bsky.app": _bluesky,
    "vimeo.com": _vimeo,
    "stackoverflow.com": _stack,
    "stackexchange.com": _stack,
    "news.ycombinator.com": _hackernews,
}
