"""Names of XML elements, shortened: "{http://purl.org/dc/elements/1.1/}creator" is "dc:creator"."""

from __future__ import annotations

from functools import lru_cache

ATOM = "http://www.w3.org/2005/Atom"
ATOM_03 = "http://purl.org/atom/ns#"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

# Without scheme and trailing punctuation, lower case: publishers vary in both.
_PREFIXES = {
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/elements/1.0": "dc",
    "purl.org/dc/terms": "dcterms",
    "search.yahoo.com/mrss": "media",
    "www.rssboard.org/media-rss": "media",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "purl.org/rss/1.0/modules/slash": "slash",
    "www.google.com/schemas/reader/atom": "gr",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "wellformedweb.org/commentapi": "wfw",
    "www.w3.org/1999/xhtml": "xhtml",
    "www.youtube.com/xml/schemas/2015": "yt",
    "purl.org/rss/1.0/modules/encoded": "content",
    "purl.org/rss/1.0/modules/annotate": "annotate",
    "purl.org/rss/modules/content": "content",
    "podcastindex.org/namespace/1.0": "podcast",
    "www.georss.org/georss": "georss",
}
_CORE = (
    "purl.org/rss/1.0",
    "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9",
    "purl.org/net/rss1.1",
    "backend.userland.com",
    "blogs.law.harvard.edu/tech/rss",
    "my.netscape.com/publish/formats/rss",
    "www.rssboard.org/rss-specification",
)


@lru_cache(maxsize=4096)
def short(tag: object) -> str:
    """Shorten the name of an element or attribute. Plain RSS names have no prefix, unknown namespaces give ""."""
    if not isinstance(tag, str):
        return ""
    if not tag.startswith("{"):
        return _undeclared(tag)
    namespace, _, local = tag[1:].partition("}")
    bare = namespace.lower().removeprefix("http://").removeprefix("https://").rstrip("/#")
    if bare in _PREFIXES:
        return f"{_PREFIXES[bare]}:{local}"
    return local.lower() if bare.startswith(_CORE) or not bare else ""


def _undeclared(tag: str) -> str:
    """A name without namespace; a prefix that was never declared (a recovering parser keeps it) still counts."""
    prefix, colon, local = tag.partition(":")
    if colon:
        return f"{prefix.lower()}:{local}"
    return tag.lower()
