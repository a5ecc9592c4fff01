"""Where to look on from a page that names no feed: where it sends a browser, its frames, other pages of the site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from reader.ingest.links import absolute, host_of
from reader.ingest.text import clean_text
from reader.ingest.walls import Wall, wall_of

MOST_PAGES = 40
MOST_FRAMES = 3
LONGEST_REFRESH = 15
_REFRESH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)?\s*[;,\s]?\s*(?:url\s*=\s*)?[\"']?([^\"']*)", re.I)
_WALL_SOURCE = 600_000
_LIKELY = (
    (re.compile(r"\b(?:rss|feeds?|atom|syndication|abonn\w*|subscribe)\b", re.I), 10),
    (
        re.compile(
            r"\b(?:blogs?|weblog|news|journal|diary|actualit\w*|aktuell\w*|nachrichten|noticias|notizie|nieuws)\b", re.I
        ),
        8,
    ),
    (
        re.compile(
            r"\b(?:posts?|articles?|artikel|stories|updates?|announcements?|press\w*|changelog|releases?)\b", re.I
        ),
        6,
    ),
    (
        re.compile(
            r"\b(?:podcasts?|episodes?|videos?|magazine?|archives?|archiv|publications?|notes|writing|essays)\b", re.I
        ),
        5,
    ),
    (re.compile(r"ブログ|お知らせ|ニュース|新闻|博客|新聞|새소식|블로그|новости|блог|أخبار|מאמרים|חדשות"), 8),
)
_UNLIKELY = re.compile(
    r"\b(?:log-?in|sign-?in|register|cart|checkout|account|privacy|terms|imprint|impressum|datenschutz|contact|kontakt|"
    r"cookies?|legal|donate|help|faq|search|wp-admin|logout|download)\b",
    re.I,
)
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|m?js|pdf|zip|gz|exe|dmg|mp[34]|m4a|ogg|woff2?|xml|json|rss|atom)$", re.I
)


def refresh(metas: Iterable[dict[str, str]], base: str, url: str) -> str | None:
    """Where <meta http-equiv=refresh> leads to within seconds; None if it only loads the page again."""
    for values in metas:
        if values.get("http-equiv", "").lower().strip() != "refresh":
            continue
        match = _REFRESH.match(values.get("content", ""))
        target = absolute(base, match[2]) if match and match[2].strip() else None
        if match and target and target != url and float(match[1] or 0) <= LONGEST_REFRESH:
            return target
    return None


def frames(sources: Iterable[str], base: str, text: str) -> list[str]:
    """Pages that this one shows instead of itself: those of a frameset, or an inner frame with little beside it."""
    found = [one for source in sources if (one := absolute(base, source))]
    is_set = re.search(r"<frameset[\s>]", text[:200_000], re.I) is not None
    if not found or (not is_set and (len(text) > 20_000 or len(clean_text(text)) > 300)):
        return []
    return list(dict.fromkeys(found))[:MOST_FRAMES]


def other_pages(anchors: Iterable[tuple[str, str]], base: str, url: str) -> list[str]:
    """Pages of the same site that may name a feed, the most likely first: (href, words) are the page's links."""
    scores: dict[str, float] = {}
    for href, words in anchors:
        target = absolute(base, href)
        if target is None or target == url or host_of(target) != host_of(url):
            continue
        scores[target] = max(scores.get(target, -9), _likelihood(target, words))
    root = urljoin(url, "/")
    for place in (root, urljoin(url, "./")):
        if place != url:
            scores[place] = max(scores.get(place, 0), 7.0)
    likely = sorted((one for one in scores if scores[one] > -5), key=lambda one: -scores[one])
    return likely[:MOST_PAGES]


def _likelihood(url: str, words: str) -> float:
    parts = urlsplit(url)
    if _FILE.search(parts.path):
        return -9
    spoken = f"{parts.path.replace('/', ' ').replace('-', ' ').replace('_', ' ')} {words[:60]}"
    if _UNLIKELY.search(spoken):
        return -9
    best = max((score for pattern, score in _LIKELY if pattern.search(spoken)), default=0)
    return best - parts.path.rstrip("/").count("/") * 0.8 - (2 if parts.query else 0)


def wall(text: str, title: str, url: str) -> Wall | None:
    """What stands where the page should be; None for a page. Walls are short."""
    if len(text) > _WALL_SOURCE:
        return None
    body = clean_text(text)
    return wall_of(text, title=title, text_length=len(body), url=url, words=body[len(title) :][:200].strip())
