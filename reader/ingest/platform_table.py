"""Where feeds lie on platforms: one line per kind of page. The first line that fits counts.

``host`` as in the address without "www."; "*." stands for any host below it. ``path`` is matched at the start of the
path; its groups fill the {0}, {1} … of the feeds, {host} is the host.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

from reader.ingest.platform_facts import RuledFeed
from reader.ingest.platform_software import gitea, gitlab

_NAME = r"([\w.~-]+)"
_ANY = r""
# host, path, format, feeds
_TABLE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("bsky.app", r"/profile/([\w.:-]+)", "rss", ("https://bsky.app/profile/{0}/rss",)),
    ("*.wordpress.com", r"/((?:category|tag|author)/[\w-]+)", "rss",
     ("https://{host}/{0}/feed/", "https://{host}/feed/")),
    ("*.wordpress.com", _ANY, "rss", ("https://{host}/feed/",)),
    ("*.ghost.io", _ANY, "rss", ("https://{host}/rss/",)),
    ("tumblr.com", r"/(?:blog/(?:view/)?)?(?!dashboard|explore|login|register|search|tagged|settings)@?([\w-]+)", "rss",
     ("https://{0}.tumblr.com/rss",)),
    ("*.tumblr.com", r"/tagged/([^/]+)", "rss", ("https://{host}/tagged/{0}/rss", "https://{host}/rss")),
    ("*.tumblr.com", _ANY, "rss", ("https://{host}/rss",)),
    ("vimeo.com", r"/(channels|groups)/([\w-]+)", "rss", ("https://vimeo.com/{0}/{1}/videos/rss",)),
    ("vimeo.com", r"/(?!\d+(?:/|$)|categories|watch|features|upload|log_in|join|blog)([\w-]+)", "rss",
     ("https://vimeo.com/{0}/videos/rss",)),
    ("dailymotion.com", r"/playlist/(\w+)", "rss", ("https://www.dailymotion.com/rss/playlist/{0}",)),
    ("dailymotion.com", r"/(?!video|rss/|[a-z]{2}$|search|signin|login|upload|settings|trending)(?:user/)?([\w-]+)",
     "rss", ("https://www.dailymotion.com/rss/user/{0}",)),
    ("odysee.com", r"/(@[^/]+)", "rss", ("https://odysee.com/$/rss/{0}",)),
    ("bitchute.com", r"/channel/([\w-]+)", "rss", ("https://www.bitchute.com/feeds/rss/channel/{0}",)),
    ("nicovideo.jp", r"/user/(\d+)", "rss", ("https://www.nicovideo.jp/user/{0}/video?rss=2.0",)),
    ("news.ycombinator.com", r"/show", "rss", ("https://news.ycombinator.com/showrss", "https://news.ycombinator.com/rss")),
    ("news.ycombinator.com", _ANY, "rss", ("https://news.ycombinator.com/rss",)),
    ("lobste.rs", r"/t/([\w.,+-]+)", "rss", ("https://lobste.rs/t/{0}.rss", "https://lobste.rs/rss")),
    ("lobste.rs", r"/(~[\w-]+)", "rss", ("https://lobste.rs/{0}/stories.rss",)),
    ("lobste.rs", r"/(top(?:/\w+)?)", "rss", ("https://lobste.rs/{0}/rss",)),
    ("lobste.rs", r"/(domains/[\w.-]+)", "rss", ("https://lobste.rs/{0}.rss",)),
    ("lobste.rs", r"/(newest|comments)", "rss", ("https://lobste.rs/{0}.rss", "https://lobste.rs/rss")),
    ("lobste.rs", _ANY, "rss", ("https://lobste.rs/rss",)),
    ("tildes.net", r"/(~[\w.]+)", "atom", ("https://tildes.net/{0}/topics.atom",)),
    ("dev.to", r"/t/([\w-]+)", "rss", ("https://dev.to/feed/tag/{0}",)),
    ("dev.to", r"/(?!t$|search|tags|about|settings|enter|latest|top|videos)(\w+)", "rss", ("https://dev.to/feed/{0}",)),
    ("dev.to", _ANY, "rss", ("https://dev.to/feed",)),
    ("arxiv.org", r"/(?:list|archive)/([\w.-]+)", "atom", ("https://rss.arxiv.org/atom/{0}",)),
    ("deviantart.com", r"/tag/([\w-]+)", "rss",
     ("https://backend.deviantart.com/rss.xml?type=deviation&q=tag%3A{0}",)),
    ("deviantart.com", r"/([\w-]+)/favourites", "rss",
     ("https://backend.deviantart.com/rss.xml?type=deviation&q=favby%3A{0}",)),
    ("deviantart.com", r"/([\w-]+)/gallery/(\d+)", "rss",
     ("https://backend.deviantart.com/rss.xml?type=deviation&q=gallery%3A{0}%2F{1}",)),
    ("deviantart.com", r"/(?!tag/|search|about|join|daily|watch|core|forum|shop)([\w-]+)", "rss",
     ("https://backend.deviantart.com/rss.xml?type=deviation&q=by%3A{0}+sort%3Atime+meta%3Aall",)),
    ("behance.net", r"/(?!search|galleries|blog|about|live|joblist|hire|help)([\w-]+)", "rss",
     ("https://www.behance.net/feeds/user?username={0}",)),
    ("kickstarter.com", r"/projects/([\w-]+/[\w-]+)", "atom", ("https://www.kickstarter.com/projects/{0}/posts.atom",)),
    ("*.itch.io", r"/([\w-]+)(?:/devlog)?", "rss", ("https://{host}/{0}/devlog.rss",)),
    ("itch.io", r"/((?:games|jams|game-assets|tools|comics|books)(?:/[\w-]+)*)", "rss", ("https://itch.io/{0}.xml",)),
    ("store.steampowered.com", r"/(?:app|news/app)/(\d+)", "rss", ("https://store.steampowered.com/feeds/news/app/{0}/",)),
    ("store.steampowered.com", r"/news", "rss", ("https://store.steampowered.com/feeds/news/",)),
    ("steamcommunity.com", r"/app/(\d+)", "rss", ("https://store.steampowered.com/feeds/news/app/{0}/",)),
    ("steamcommunity.com", r"/(groups|games)/([\w-]+)", "rss", ("https://steamcommunity.com/{0}/{1}/rss/",)),
    ("rubygems.org", r"/gems/([\w.-]+)", "atom", ("https://rubygems.org/gems/{0}/versions.atom",)),
    ("packagist.org", r"/packages/([\w.-]+/[\w.-]+)", "rss", ("https://packagist.org/feeds/package.{0}.rss",)),
    ("nuget.org", r"/packages/([\w.-]+)", "atom", ("https://www.nuget.org/packages/{0}/atom.xml",)),
    ("hackage.haskell.org", r"/package/([\w-]+?)(?:-[\d.]+)?(?:/|$)", "rss", ("https://hackage.haskell.org/package/{0}.rss",)),
    ("metacpan.org", r"/(?:dist|release)/([\w-]+)", "rss", ("https://metacpan.org/dist/{0}/releases.rss",)),
    ("sourceforge.net", r"/projects/([\w-]+)", "rss",
     ("https://sourceforge.net/projects/{0}/rss?path=/", "https://sourceforge.net/p/{0}/activity/feed.rss")),
    ("git.sr.ht", r"/(~[\w-]+/[\w.-]+)", "rss", ("https://git.sr.ht/{0}/refs/rss.xml", "https://git.sr.ht/{0}/log/rss.xml")),
    ("launchpad.net", r"/([\w.+-]+)/?$", "atom", ("http://feeds.launchpad.net/{0}/announcements.atom",)),
    ("letterboxd.com", r"/(?!film/|films|lists|list/|members|journal|search)([\w-]+)", "rss", ("https://letterboxd.com/{0}/rss/",)),
    ("pinterest.com", r"/(?!pin/|search|ideas)([\w-]+)/([\w-]+)", "rss",
     ("https://www.pinterest.com/{0}/{1}.rss", "https://www.pinterest.com/{0}/feed.rss")),
    ("pinterest.com", r"/(?!pin/|search|ideas)([\w-]+)", "rss", ("https://www.pinterest.com/{0}/feed.rss",)),
    ("pinboard.in", r"/(u:[\w-]+|t:[\w-]+)", "rss", ("https://feeds.pinboard.in/rss/{0}/",)),
    ("producthunt.com", r"/topics/([\w-]+)", "atom", ("https://www.producthunt.com/feed?topic={0}",)),
    ("producthunt.com", _ANY, "atom", ("https://www.producthunt.com/feed",)),
    ("news.google.com", r"/(topics/[\w-]+|search)", "rss", ("https://news.google.com/rss/{0}{query}",)),
    ("news.google.com", _ANY, "rss", ("https://news.google.com/rss{query}",)),
    ("note.com", r"/(?!search|hashtag)(\w+)", "rss", ("https://note.com/{0}/rss",)),
    ("zenn.dev", r"/(topics/[\w-]+|p/[\w-]+|(?!search|articles|books)\w+)", "rss", ("https://zenn.dev/{0}/feed",)),
    ("qiita.com", r"/(tags/[^/]+|(?!search|trend)[\w-]+)", "atom", ("https://qiita.com/{0}/feed.atom",)),
    ("*.hatenablog.com", _ANY, "atom", ("https://{host}/feed",)),
    ("*.tistory.com", _ANY, "rss", ("https://{host}/rss",)),
    ("blog.naver.com", r"/(\w+)", "rss", ("https://rss.blog.naver.com/{0}.xml",)),
    ("velog.io", r"/@([\w-]+)", "rss", ("https://v2.velog.io/rss/{0}",)),
    ("ameblo.jp", r"/([\w-]+)", "rss", ("https://rssblog.ameba.jp/{0}/rss20.xml",)),
    ("*.livejournal.com", _ANY, "atom", ("https://{host}/data/atom",)),
    ("*.dreamwidth.org", _ANY, "atom", ("https://{host}/data/atom",)),
    ("write.as", r"/([\w-]+)", "rss", ("https://write.as/{0}/feed/",)),
    ("*.write.as", _ANY, "rss", ("https://{host}/feed/",)),
    ("*.bearblog.dev", _ANY, "atom", ("https://{host}/feed/",)),
    ("*.mataroa.blog", _ANY, "rss", ("https://{host}/rss/",)),
    ("*.micro.blog", _ANY, "rss", ("https://{host}/feed.xml",)),
    ("*.hashnode.dev", _ANY, "rss", ("https://{host}/rss.xml",)),
    ("buttondown.com", r"/(?!features|pricing|login|register|blog)([\w-]+)", "rss", ("https://buttondown.com/{0}/rss",)),
    ("buttondown.email", r"/([\w-]+)", "rss", ("https://buttondown.com/{0}/rss",)),
    ("*.posthaven.com", _ANY, "atom", ("https://{host}/posts.atom",)),
)  # fmt: skip
_FORGES = {
    "gitlab.com": gitlab,
    "salsa.debian.org": gitlab,
    "invent.kde.org": gitlab,
    "codeberg.org": gitea,
    "gitea.com": gitea,
}
_LINES: dict[str, list[tuple[re.Pattern[str], str, tuple[str, ...]]]] = {}
for _host, _path, _format, _feeds in _TABLE:
    _LINES.setdefault(_host, []).append((re.compile(_path), _format, _feeds))


def by_table(url: str) -> list[RuledFeed] | None:
    """Feeds of the page at ``url``; None when its host is not in the table."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    forge = _FORGES.get(host) or (gitlab if host.startswith("gitlab.") else None)
    if forge is not None:
        steps = [part for part in parts.path.split("/") if part]
        return forge(f"https://{parts.netloc}", steps) if steps else []
    lines = _LINES.get(host) or _LINES.get("*." + host.partition(".")[2])
    if lines is None:
        return None
    for pattern, format_, feeds in lines:
        match = pattern.match(parts.path)
        if match is not None:
            values = [quote(group, safe="%@:~$/+,-._") for group in match.groups() if group is not None]
            query = f"?{parts.query}" if parse_qs(parts.query) else ""
            return [RuledFeed(feed.format(*values, host=host, query=query), format_) for feed in feeds]
    return []
