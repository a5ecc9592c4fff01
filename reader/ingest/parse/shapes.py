"""What the elements of feeds can hold, by local name in lower case: for documents whose tags do not tell."""

from __future__ import annotations

ROOTS = {"rss", "rdf", "feed", "channel"}
ENTRIES = {"item", "entry"}
CONTAINERS = ROOTS | ENTRIES | {
    "image", "textinput", "author", "contributor", "source", "group", "items", "seq", "skiphours", "skipdays", "owner",
    "category",
}  # fmt: skip
MAYBE_EMPTY = {"category"}
BODIES = {"description", "encoded", "content", "summary", "subtitle", "tagline", "body", "div", "abstract", "info"}
PLAIN = {
    "title", "link", "guid", "pubdate", "name", "email", "uri", "url", "id", "updated", "published", "issued",
    "modified",
    "created",
    "date", "creator", "subject", "comments", "language", "docs", "generator", "copyright", "rights", "ttl",
    "lastbuilddate", "managingeditor", "webmaster", "keywords", "duration", "explicit", "origlink", "commentrss",
    "thumbnail", "icon", "logo", "enclosure", "author", "hour", "day", "updateperiod", "updatefrequency", "homepage",
}  # fmt: skip
LEAVES = BODIES | PLAIN - {"author"}
# Names that HTML has too: inside a body they begin an element of the feed only where they cannot be HTML.
SHARED = {
    "title",
    "link",
    "summary",
    "source",
    "image",
    "name",
    "content",
    "body",
    "div",
    "day",
    "date",
    "icon",
    "logo",
}
UNSHARED = (LEAVES | ENTRIES | ROOTS | {"category", "author", "contributor"}) - SHARED
HTML = {
    "a", "abbr", "address", "article", "aside", "audio", "b", "big", "blockquote", "body", "center", "cite", "code",
    "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3",
    "h4", "h5",
    "h6", "header", "i", "iframe", "ins", "kbd", "li", "main", "mark", "nav", "object", "ol", "p", "picture", "pre",
    "q", "s", "samp", "script", "section", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "video",
}  # fmt: skip
EMPTY = {"enclosure", "thumbnail"}
