"""Names of XML elements, shortened: "{http://purl.org/dc/elements/1.1/}creator" is "dc:creator"."""

from __future__ import annotations

from functools import lru_cache

ATOM = "http://www.w3.org/2005/Atom"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

PREFERRED = {
    "atom": ATOM, "a10": ATOM, "atom10": ATOM, "rdf": RDF, "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/", "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/", "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/", "slash": "http://purl.org/rss/1.0/modules/slash/",
    "gr": "http://www.google.com/schemas/reader/atom/", "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/", "xhtml": "http://www.w3.org/1999/xhtml",
    "thr": "http://purl.org/syndication/thread/1.0", "podcast": "https://podcastindex.org/namespace/1.0",
    "georss": "http://www.georss.org/georss", "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "yt": "http://www.youtube.com/xml/schemas/2015",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "source": "http://source.scripting.com/", "evantr": "urn:evantr:feed",
}  # fmt: skip
"""What the usual prefixes stand for, where a document does not say."""

# Without scheme and trailing punctuation, lower case: publishers vary in both.
_PREFIXES = {
    "purl.org/atom/ns": "atom", "example.com/newformat": "atom", "example.com/necho": "atom", "purl.org/echo": "atom",
    "purl.org/pie": "atom", "uri/of/echo/namespace": "atom", "purl.org/dc/elements/1.0": "dc",
    "purl.org/dc/elements": "dc",
    "www.rssboard.org/media-rss": "media", "tools.search.yahoo.com/mrss": "media",
    "video.search.yahoo.com/mrss": "media",
    "example.com/dtds/podcast-1.0.dtd": "itunes", "itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "purl.org/rss/1.0/modules/encoded": "content", "purl.org/rss/modules/content": "content",
    "purl.org/rss/1.0/modules/threading": "thr",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner", "source.scripting.com": "source",
}  # fmt: skip
_CORE = {
    "", "purl.org/rss/1.0", "my.netscape.com/rdf/simple/0.9", "channel.netscape.com/rdf/simple/0.9",
    "purl.org/net/rss1.1", "backend.userland.com/rss", "backend.userland.com/rss2", "backend.userland.com/rss091",
    "backend.userland.com/rss092", "backend.userland.com/rss093", "blogs.law.harvard.edu/tech/rss",
    "cyber.law.harvard.edu/rss", "cyber.law.harvard.edu/rss/rss.html", "my.netscape.com/publish/formats/rss-0.91.dtd",
    "www.rssboard.org/rss-specification", "purl.org/rss/1.0/modules/rss091", "purl.org/rss/2.0",
}  # fmt: skip


def _bare(namespace: str) -> str:
    return namespace.strip().lower().removeprefix("http://").removeprefix("https://").rstrip("/#")


for _prefix, _uri in PREFERRED.items():
    _PREFIXES.setdefault(_bare(_uri), "atom" if _uri == ATOM else _prefix)


@lru_cache(maxsize=4096)
def short(tag: object) -> str:
    """Shorten the name of an element or attribute, in lower case. Plain RSS names have no prefix, those of unknown
    namespaces give ""."""
    if not isinstance(tag, str):
        return ""
    if not tag.startswith("{"):
        return tag.lower()
    namespace, _, local = tag[1:].partition("}")
    bare = _bare(namespace)
    if bare in _PREFIXES:
        return f"{_PREFIXES[bare]}:{local.lower()}"
    return local.lower() if bare in _CORE else ""


@lru_cache(maxsize=4096)
def local(tag: object) -> str:
    """The name without its namespace, in lower case."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def namespace(tag: str) -> str:
    """The namespace of an element's name, "" without one."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def is_old_atom(tag: str) -> bool:
    """Whether the element is of Atom 0.3 or one of its drafts."""
    bare = _bare(namespace(tag))
    return bare != _bare(ATOM) and _PREFIXES.get(bare) == "atom"
