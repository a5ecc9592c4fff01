"""Which links of a page are feeds, and which of them is the one that a person wants."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from urllib.parse import parse_qs, unquote, urlsplit

from reader.ingest.links import absolute, host_of, is_wrapped
from reader.ingest.text import clean_text


class Tier(IntEnum):
    """How much speaks for a candidate; lower is better. Generic XML types and anchors come below every link that
    calls itself a feed; comments and parts of a site below the site."""

    LINK = 0
    RULE = 1
    LINK_PART = 2
    LINK_COMMENTS = 3
    GENERIC = 4
    ANCHOR = 5
    ANCHOR_WEAK = 6
    OTHER_PART = 7
    OTHER_COMMENTS = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that may be a feed. ``format`` is what the page claims ("rss", "atom", "json", "" unknown), ``hreflang``
    the language it names; ``rank`` is the place among the page's candidates, 0 the best."""

    url: str
    title: str
    format: str
    rank: int
    tier: Tier = Tier.LINK
    hreflang: str = ""


_TYPES = {
    "application/atom+xml": "atom", "application/x.atom+xml": "atom", "application/x-atom+xml": "atom",
    "application/atom": "atom", "text/atom": "atom", "text/atom+xml": "atom", "atom": "atom",
    "application/rss+xml": "rss", "application/x.rss+xml": "rss", "application/x-rss+xml": "rss",
    "application/rss": "rss", "text/rss": "rss", "text/rss+xml": "rss", "application/xml+rss": "rss",
    "application/rss xml": "rss", "rss": "rss",
    "application/feed+json": "json", "application/json+feed": "json",
}  # fmt: skip
_GENERIC = {"text/xml", "application/xml", "application/rdf+xml", "text/rdf+xml", "application/x-cdf"}
_CARELESS = ("rss", "self", "subscribe", "subscription", "syndication", "xml")
_RDF = ("application/rdf+xml", "text/rdf+xml")

_PATH = re.compile(
    r"/(?:feeds?|rss2?|rss[_-]?feeds?|atom|rdf|rss\.rdf|webfeed|newsfeed|blog-feed|syndication|\.rss)/?$"
    r"|\.(?:rss2?|atom|rdf|jsonfeed)$"
    r"|/(?:[\w.-]*[._-])?(?:feeds?|rss2?|atom|rdf|index|backend|podcast)(?:[._-]?\d)?\.(?:xml|php|aspx?|cgi|cfm|jsp|json)$"
    r"|/(?:feeds?|rss|atom)[\w-]*\.(?:xml|json|php)$"
    r"|/(?:feeds?|rss|atom|rdf|syndication)/(?!.*\.(?:html?|pdf|png|jpe?g|gif|svg|css|js|zip)$)",
    re.I,
)
_QUERY = re.compile(
    r"(?:^|&)(?:feed|format|type|alt|output|mode|tempskin|action|view|do|option|fmt)=_?(?:rss2?|rss20|atom|feed|rdf|"
    r"xml_rss|comments-rss2)(?:&|$)|(?:^|&)(?:rss|atom|feed)(?:=1)?(?:&|$)",
    re.I,
)
_HOST = re.compile(r"^(?:feeds?\d?|rss|feedproxy)\.", re.I)
_NO_FEED = re.compile(
    r"\.(?:html?|png|jpe?g|gif|svg|webp|ico|css|m?js|pdf|zip|gz|exe|dmg|apk|mp[34]|m4a|ogg|opml|txt|md|woff2?)$"
    r"|/(?:sitemap|opensearch|osd|browserconfig|manifest|crossdomain|xmlrpc|wlwmanifest)[\w-]*\.(?:xml|php|json)$"
    r"|/(?:wp-json|oembed|feedback)(?:/|$)|/wiki/[^/]*$",
    re.I,
)
_LABEL = re.compile(
    r"\brss\b|\brss ?2|\bатом\b|\brdf\b|\bsyndicat|\b(?:rss|atom|xml|web|json|blog|our|the|this|full|main|site|posts?|"
    r"articles?|podcast|news|subscribe to)[ -]?feeds?\b|^\W*(?:web)?feeds?\W*$|^\W*atom(?: \d\.\d)?\W*$|^\W*xml\W*$"
    r"|\bfeed (?:rss|atom|xml)\b|\bflux rss\b",
    re.I,
)
_CLASS = re.compile(r"(?:^|[\s_-])(?:rss|feed|atom|rss2|rss-feed|xml-feed)(?=$|[\s_-])", re.I)
_JSON = re.compile(r"feed|jsonfeed", re.I)
_FORMAT_WORDS = re.compile(
    r"\b(?:rss|atom|rdf|json|xml|feeds?|flux|subscribe|syndication|v?\d(?:\.\d+)*)\b|[^\w]|_", re.I
)

_COMMENT_PATH = re.compile(
    r"(?:^|[/._=-])(?:comments?|kommentare?|commentaires?|comentarios?|replies|reviews)(?=$|[/._=&?-])|trackback", re.I
)
_COMMENT_TITLE = re.compile(
    r"\bcomments\b|\bcomment feed|\bkommentar|\bcommentaires?\b|\bréponses\b|\bcomentários?\b|\bcomentarios?\b"
    r"|\bcommenti\b|\breacties\b|\bkomentarz|\bkomentáře\b|\bкомментари|\bкоментар|\byorum|\bhozzászól|\bkommentit\b"
    r"|σχόλια|评论|評論|留言|コメント|댓글|تعليق|תגובות|\breplies\b|\btrackback",
    re.I,
)
_PART_PATH = re.compile(
    r"/(?:category|categories|categoria|kategorie|tags?|author|authors|topics?|labels?|archives?|search|section)/"
    r"|[?&](?:cat|tag|author|s|search|q|label|category)=|/-/",
    re.I,
)
_PART_TITLE = re.compile(
    r"\b(?:category|tag|author|search results?|term|archive) feed\b|\b(?:posts|articles|entries) (?:by|from|tagged)\b"
    r"|\bKategorie-Feed|\bSchlagwort-Feed|\bFlux (?:de la catégorie|des mots clés)|\bFeed der Kategorie",
    re.I,
)
_READERS = re.compile(
    r"(?:^|\.)(?:feedly\.com|inoreader\.com|newsblur\.com|theoldreader\.com|netvibes\.com|bloglines\.com|subtome\.com"
    r"|add\.my\.yahoo\.com|my\.msn\.com|feedvalidator\.org|validator\.w3\.org|google\.com|follow\.it|feedbin\.com"
    r"|rapidfeeds\.com|feedreader\.com|bazqux\.com|miniflux\.app|reader\.miniflux\.app|addtoany\.com)$",
    re.I,
)
_INNER = re.compile(r"https?(?::|%3a)(?:/|%2f){2}[^&\s]+", re.I)


def linked(attributes: dict[str, str], base: str) -> Candidate | None:
    """The feed that a <link> (or a Link header) names; None if it names none."""
    rel = attributes.get("rel", "").lower().split()
    named = "feed" in rel or "service.feed" in rel
    careless = not rel or rel[0] in _CARELESS  # by its type alone it is told to be a feed
    if not (named or careless or "alternate" in rel) or "stylesheet" in rel:
        return None
    kind = re.sub(r"\s+", " ", attributes.get("type", "").split(";")[0]).strip().lower()
    title = clean_text(attributes.get("title", ""), limit=300)
    url = absolute(base, attributes.get("href"))
    if url is None:
        return None
    verdict = _verdict(kind, url, title, named)
    if verdict is None:
        return None
    format_, tier = verdict
    if careless and not named:
        if kind not in _TYPES:
            return None
        tier = Tier.GENERIC
    return Candidate(url, title, format_, 0, tier, attributes.get("hreflang", "").strip()[:35])


def _verdict(kind: str, url: str, title: str, named: bool) -> tuple[str, Tier] | None:
    """(format, tier) by what the link says of its type; None when that is no feed."""
    if kind in _TYPES:
        return _TYPES[kind], Tier.LINK
    if kind in _GENERIC:
        parts = urlsplit(url)
        if not named and (_NO_FEED.search(parts.path) or "oembed" in url.lower()):
            return None
        return "rss" if kind in _RDF else "", Tier.LINK if named else Tier.GENERIC
    if kind in ("application/json", "text/json"):
        spoken = _JSON.search(title) or _JSON.search(urlsplit(url).path)
        return ("json", Tier.LINK) if named or (spoken and not _NO_FEED.search(urlsplit(url).path)) else None
    if kind:
        return None
    if named:
        return "", Tier.LINK
    return ("", Tier.GENERIC) if looks_like_feed(url) else None


def looks_like_feed(url: str) -> bool:
    """Whether the address alone suggests a feed."""
    parts = urlsplit(url)
    if _NO_FEED.search(parts.path) or parts.path.lower().endswith("/feed/update"):
        return False
    return bool(_PATH.search(parts.path) or _QUERY.search(parts.query) or _HOST.match(parts.hostname or ""))


def anchored(attributes: dict[str, str], words: str, base: str, page: str) -> Candidate | None:
    """The feed that an <a> may lead to. ``words``: the text inside and the alternative texts of pictures."""
    url = absolute(base, attributes.get("href"))
    if url is None:
        return None
    if _READERS.search(urlsplit(url).hostname or ""):
        url = _inside(url)
        if url is None:
            return None
        return _anchor(url, words, Tier.ANCHOR)
    kind = attributes.get("type", "").split(";")[0].strip().lower()
    if kind in _TYPES:
        return replace(_anchor(url, words, Tier.ANCHOR), format=_TYPES[kind])
    if looks_like_feed(url) or is_wrapped(attributes.get("href", "")):
        return _anchor(url, words, Tier.ANCHOR if host_of(url) == host_of(page) else Tier.ANCHOR_WEAK)
    labels = (words, attributes.get("title", ""), attributes.get("aria-label", ""))
    spoken = any(len(label) <= 40 and _LABEL.search(label) for label in labels)
    if not spoken and not _CLASS.search(attributes.get("class", "")):
        return None
    if _NO_FEED.search(urlsplit(url).path) or (host_of(url) != host_of(page) and not url.endswith((".xml", ".json"))):
        return None
    return _anchor(url, words or attributes.get("title", ""), Tier.ANCHOR_WEAK)


def _anchor(url: str, words: str, tier: Tier) -> Candidate:
    return Candidate(url, clean_text(words, limit=100), "", 0, tier)


def _inside(url: str) -> str | None:
    """The feed in an address of the kind "add this to your reader"."""
    for match in _INNER.finditer(url, 8):
        inner = absolute(url, unquote(match[0]))
        if inner is not None:
            return inner
    values = [value for given in parse_qs(urlsplit(url).query).values() for value in given]
    return next((inner for value in values if "://" in value and (inner := absolute(url, value))), None)


def in_order(found: list[Candidate], page: str) -> list[Candidate]:
    """Best first, none twice: by tier, then as the page has them; of one feed in two formats Atom before RSS before
    JSON. Feeds of comments, categories, tags and authors come below the others of their kind."""
    unique: dict[str, Candidate] = {}
    for one in found:
        before = unique.get(one.url)
        if before is None or one.tier < before.tier:
            unique[one.url] = one if before is None or one.title else replace(one, title=before.title)
    unique.pop(page, None)
    ranked = _lowered(list(unique.values()), page)
    first: dict[tuple[Tier, str], int] = {}
    for place, one in enumerate(ranked):
        first.setdefault(_twin_key(one), place)
    ranked.sort(key=lambda one: (one.tier, first[_twin_key(one)], _FORMATS.get(one.format, 3)))
    return [replace(one, rank=rank) for rank, one in enumerate(ranked)]


_FORMATS = {"atom": 0, "rss": 1, "json": 2}


def _twin_key(one: Candidate) -> tuple[Tier, str]:
    """Links that differ in their titles' words for formats only are one feed in two forms."""
    if one.tier > Tier.RULE:
        return one.tier, one.url
    return one.tier, f"{one.hreflang}|{host_of(one.url)}|{_FORMAT_WORDS.sub('', one.title.lower())}"


def _lowered(found: list[Candidate], page: str) -> list[Candidate]:
    main = [one for one in found if one.tier == Tier.LINK]
    titles = [one.title for one in main if one.title]
    telling = not (titles and all(_COMMENT_TITLE.search(title) for title in titles))
    return [_placed(one, page, telling, main) for one in found]


def _placed(one: Candidate, page: str, telling: bool, main: list[Candidate]) -> Candidate:
    if one.tier == Tier.RULE:
        return one
    parts = urlsplit(one.url)
    where = f"{parts.path}?{parts.query}"
    link = one.tier == Tier.LINK
    if _COMMENT_PATH.search(where) or (telling and _COMMENT_TITLE.search(one.title)):
        return replace(one, tier=Tier.LINK_COMMENTS if link else Tier.OTHER_COMMENTS)
    part = _PART_PATH.search(where) or _PART_TITLE.search(one.title) or (link and _of_this_page(one, page, main))
    if part:
        return replace(one, tier=Tier.LINK_PART if link else Tier.OTHER_PART)
    return one


def _of_this_page(one: Candidate, page: str, main: list[Candidate]) -> bool:
    """WordPress puts a feed below each page: its comments. The site's own feed has the same end, further up."""
    here = urlsplit(page).path.rstrip("/")
    end = urlsplit(one.url).path.rstrip("/").removeprefix(here)
    if not here or not urlsplit(one.url).path.startswith(here + "/") or end.strip("/") != "feed":
        return False
    others = (urlsplit(other.url) for other in main if other.url != one.url and host_of(other.url) == host_of(one.url))
    return any(
        other.path.rstrip("/").endswith(end) and here.startswith(other.path.rstrip("/").removesuffix(end))
        for other in others
    )
