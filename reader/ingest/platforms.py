"""Where feeds lie on well-known platforms, by the address of a page and by what the page itself says.

Two kinds of rules: a table of patterns (``platform_table``) and functions for what a pattern cannot say. Both give
addresses that the platform documents or links to itself; nothing is guessed here. Guesses are ``guesses``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from reader.ingest.platform_facts import PageFacts, RuledFeed
from reader.ingest.platform_software import by_software
from reader.ingest.platform_table import by_table

__all__ = ["PageFacts", "RuledFeed", "guesses", "platform_feeds"]

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
_CHANNEL = "UC[\\w-]{4,40}"  # 22 as a rule
_CHANNEL_MARKS = (
    rf'rel="canonical" href="https?://www\.youtube\.com/channel/({_CHANNEL})',
    rf'itemprop="(?:identifier|channelId)" content="({_CHANNEL})"',
    rf'property="og:url" content="https?://www\.youtube\.com/channel/({_CHANNEL})',
    rf'"externalId":"({_CHANNEL})"',
    rf'"externalChannelId":"({_CHANNEL})"',
    rf'"(?:channelId|browseId)":"({_CHANNEL})"',
    rf"/channel/({_CHANNEL})",
)
_NO_PLAYLIST = ("RD", "WL", "LL", "LM", "HL")  # mixes and private lists have no feed


_BY_GENERATOR = (
    ("Hugo", "/index.xml"),
    ("Jekyll", "/feed.xml"),
    ("Hexo", "/atom.xml"),
    ("Drupal", "/rss.xml"),
    ("Eleventy", "/feed.xml"),
    ("Gatsby", "/rss.xml"),
    ("Astro", "/rss.xml"),
    ("Zola", "/atom.xml"),
    ("Pelican", "/feeds/all.atom.xml"),
    ("Movable Type", "/atom.xml"),
    ("Joomla", "/?format=feed&type=atom"),
    ("DokuWiki", "/feed.php"),
    ("vBulletin", "/external.php?type=RSS2"),
    ("Squarespace", "/?format=rss"),
    ("Weebly", "/1/feed"),
)


def guesses(url: str, generator: str = "") -> list[str]:
    """Well-known feed addresses for the page at ``url``: where its software keeps it, then below the page's own path,
    then at the root of its host."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    folder = parts.path if parts.path.endswith("/") else parts.path.rpartition("/")[0] + "/"
    own = parts.path.rstrip("/")
    below = [f"{root}{own}/{name}" for name in _BELOW] if own and "." not in own.rpartition("/")[2] else []
    if not below and folder not in ("", "/"):
        below = [f"{root}{folder}{name}" for name in _BELOW]
    usual = [root + path for name, path in _BY_GENERATOR if generator.startswith(name)]
    return list(dict.fromkeys([*usual, *below, *(root + path for path in WELL_KNOWN)]))


def platform_feeds(url: str, page: PageFacts | None = None) -> list[RuledFeed]:
    """Feeds that follow from the address of a page on a known platform, and from the page itself where it is at hand;
    best first, often none."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return []
    page = page or PageFacts()
    found: list[RuledFeed] | None = None
    for name, rule in _RULES.items():
        if host == name or host.endswith("." + name):
            steps = [part for part in parts.path.split("/") if part]
            found = rule(host, steps, parse_qs(parts.query), page)
            break
    if found is None:
        found = by_table(url)
    if found is None:
        found = by_software(url, page)
    return list({one.url: one for one in found if one.url != url}.values())


Query = dict[str, list[str]]


def _youtube(_host: str, steps: list[str], query: Query, page: PageFacts) -> list[RuledFeed]:
    feed = "https://www.youtube.com/feeds/videos.xml?"
    found = []
    if len(steps) > 1 and steps[0] == "channel":
        found.append(RuledFeed(f"{feed}channel_id={quote(steps[1])}", "atom"))
    elif channel := page.first(_CHANNEL_MARKS):
        if steps and steps[0] not in ("results", "feed", "hashtag", "gaming", "premium"):
            found.append(RuledFeed(f"{feed}channel_id={channel}", "atom"))
    elif len(steps) > 1 and steps[0] == "user":
        found.append(RuledFeed(f"{feed}user={quote(steps[1])}", "atom"))
    lists = query.get("list", [""])[0]
    if lists and not lists.startswith(_NO_PLAYLIST):
        found.insert(0, RuledFeed(f"{feed}playlist_id={quote(lists)}", "atom"))
    return found


def _reddit(_host: str, steps: list[str], query: Query, _page: PageFacts) -> list[RuledFeed]:
    root = "https://www.reddit.com"
    if steps and steps[-1] == "search" and query.get("q"):
        where = "/".join(["", *steps[:-1]])
        inside = {"restrict_sr": "on"} if where else {}
        return [
            RuledFeed(f"{root}{where}/search.rss?{urlencode({'q': query['q'][0], **inside, 'sort': 'new'})}", "atom")
        ]
    if len(steps) > 1 and steps[0] in ("r", "user", "u", "domain"):
        kind = "user" if steps[0] == "u" else steps[0]
        whole = RuledFeed(f"{root}/{kind}/{steps[1]}/.rss", "atom")
        if len(steps) > 3 and steps[2] == "comments":
            return [whole, RuledFeed(f"{root}/{'/'.join([kind, *steps[1:5]])}/.rss", "atom")]
        if len(steps) > 2 and steps[2] in ("new", "top", "hot", "rising", "controversial", "best", "submitted", "m"):
            span = f"?t={quote(query['t'][0])}" if query.get("t") else ""
            return [RuledFeed(f"{root}/{'/'.join([kind, *steps[1:4]])}/.rss{span}", "atom")]
        return [whole]
    return [] if steps and steps[0] in ("login", "register", "settings") else [RuledFeed(f"{root}/.rss", "atom")]


_GITHUB_OWN = {
    "about", "account", "apps", "blog", "careers", "codespaces", "collections", "contact", "copilot",
    "customer-stories", "dashboard", "education", "enterprise", "events", "explore", "features", "feed", "home",
    "issues", "join", "login", "logout", "marketplace", "mobile", "new", "nonprofit", "notifications",
    "organizations", "password_reset", "premium-support", "pricing", "pulls", "readme", "resources", "search",
    "security", "sessions", "settings", "signup", "site", "solutions", "sponsors", "stars", "team", "topics",
    "trending", "watching",
}  # fmt: skip


def _github(host: str, steps: list[str], _query: Query, _page: PageFacts) -> list[RuledFeed]:
    if host not in ("github.com", "gist.github.com"):
        return []
    if steps and steps[0] == "orgs":
        steps = steps[1:2]
    if not steps or steps[0] in _GITHUB_OWN or (host != "github.com" and steps[0] == "discover"):
        return []
    if len(steps) == 1 or host != "github.com":
        starred = "/starred" if host != "github.com" and steps[1:] == ["starred"] else ""
        return [RuledFeed(f"https://{host}/{steps[0]}{starred}.atom", "atom")]
    repository = f"https://github.com/{steps[0]}/{steps[1].removesuffix('.git')}"
    named = {name: RuledFeed(f"{repository}/{name}.atom", "atom") for name in ("releases", "commits", "tags")}
    if len(steps) > 3 and steps[2] in ("commits", "tree", "blob"):
        return [RuledFeed(f"{repository}/commits/{'/'.join(steps[3:])}.atom", "atom"), named["releases"]]
    if len(steps) > 2 and steps[2] in ("wiki", "discussions"):
        return [RuledFeed(f"{repository}/{steps[2]}.atom", "atom"), *named.values()]
    wanted = next((step for step in steps[2:] if step in named), "releases")
    return sorted(named.values(), key=lambda one: one is not named[wanted])


def _medium(host: str, steps: list[str], _query: Query, _page: PageFacts) -> list[RuledFeed]:
    if host != "medium.com":
        return [RuledFeed(f"https://{host}/feed", "rss")]
    own = (
        "m",
        "p",
        "me",
        "search",
        "about",
        "policy",
        "plans",
        "membership",
        "topics",
        "feed",
        "new-story",
        "jobs-at-medium",
    )
    if not steps or steps[0] in own:
        return []
    if len(steps) > 1 and steps[0] == "tag":
        return [RuledFeed(f"https://medium.com/feed/tag/{steps[1]}", "rss")]
    found = [RuledFeed(f"https://medium.com/feed/{steps[0]}", "rss")]
    if len(steps) > 2 and steps[1] == "tagged":
        found.insert(0, RuledFeed(f"https://medium.com/feed/{steps[0]}/tagged/{steps[2]}", "rss"))
    return found


def _substack(host: str, steps: list[str], _query: Query, page: PageFacts) -> list[RuledFeed]:
    if host == "open.substack.com":
        return (
            [RuledFeed(f"https://{steps[1]}.substack.com/feed", "rss")] if len(steps) > 1 and steps[0] == "pub" else []
        )
    if host != "substack.com":
        return [RuledFeed(f"https://{host}/feed", "rss")]
    home = page.first((r'\\?"subdomain\\?":\\?"([a-z0-9-]{2,60})\\?"',)) if steps and steps[0].startswith("@") else None
    return [RuledFeed(f"https://{home}.substack.com/feed", "rss")] if home else []


_APPLE_FEED = (r'\\?"feedUrl\\?"\s*:\s*\\?"(https?:[^"<>\s]{4,2000}?)\\?"', r'feed-url="(https?:[^"<>\s]{4,2000})"')


def _apple(_host: str, _steps: list[str], _query: Query, page: PageFacts) -> list[RuledFeed]:
    feed = page.first(_APPLE_FEED)
    if feed is None:
        return []
    plain = re.sub(r"\\+u002[fF]", "/", feed).replace("\\u0026", "&").replace("\\u003d", "=").replace("\\/", "/")
    return [RuledFeed(plain.replace("&amp;", "&"), "rss")]


def _soundcloud(_host: str, steps: list[str], _query: Query, page: PageFacts) -> list[RuledFeed]:
    marks = (
        r"soundcloud://users:(\d{1,15})",
        r"soundcloud:users:(\d{1,15})",
        r'"hydratable":"user","data":\{[^{}]*?"id":(\d+)',
    )
    number = page.first(marks) if steps else None
    feed = "https://feeds.soundcloud.com/users/soundcloud:users:{}/sounds.rss"
    return [RuledFeed(feed.format(number), "rss")] if number else []


def _flickr(_host: str, steps: list[str], _query: Query, page: PageFacts) -> list[RuledFeed]:
    if len(steps) < 2 or steps[0] not in ("photos", "people") or steps[1] == "tags":
        return []
    number = steps[1] if re.fullmatch(r"\d+@N\d\d", steps[1]) else page.first((r'"(?:nsid|ownerNsid)":"(\d+@N\d\d)"',))
    feed = "https://www.flickr.com/services/feeds/photos_public.gne?id={}&lang=en-us&format=atom"
    return [RuledFeed(feed.format(quote(number)), "atom")] if number else []


def _blogger(host: str, steps: list[str], _query: Query, _page: PageFacts) -> list[RuledFeed]:
    found = [RuledFeed(f"https://{host}/feeds/posts/default", "atom")]
    if steps[:2] == ["search", "label"] and len(steps) > 2:
        found.append(RuledFeed(f"https://{host}/feeds/posts/default/-/{steps[2]}", "atom"))
    return found


def _stack(host: str, steps: list[str], _query: Query, _page: PageFacts) -> list[RuledFeed]:
    if len(steps) > 2 and steps[:2] == ["questions", "tagged"]:
        several = "+" in steps[2] or "%20" in steps[2]
        tail = f"?tagnames={steps[2].replace('%20', '+')}&sort=newest" if several else f"/{steps[2]}"
        return [RuledFeed(f"https://{host}/feeds/tag{tail}", "atom")]
    if len(steps) > 1 and steps[0] in ("questions", "users") and steps[1].isdecimal():
        kind = "question" if steps[0] == "questions" else "user"
        return [RuledFeed(f"https://{host}/feeds/{kind}/{steps[1]}", "atom")]
    return [RuledFeed(f"https://{host}/feeds", "atom")]


_RULES: dict[str, Callable[[str, list[str], Query, PageFacts], list[RuledFeed]]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _youtube,
    "reddit.com": _reddit,
    "github.com": _github,
    "medium.com": _medium,
    "substack.com": _substack,
    "podcasts.apple.com": _apple,
    "itunes.apple.com": _apple,
    "soundcloud.com": _soundcloud,
    "flickr.com": _flickr,
    **dict.fromkeys(
        [
            f"blogspot.{end}"
            for end in ("com", "co.uk", "de", "fr", "it", "es", "in", "jp", "com.br", "ca", "com.au", "nl")
        ],
        _blogger,
    ),
    **dict.fromkeys(
        (
            "stackoverflow.com",
            "stackexchange.com",
            "superuser.com",
            "serverfault.com",
            "askubuntu.com",
            "mathoverflow.net",
        ),
        _stack,
    ),
}
