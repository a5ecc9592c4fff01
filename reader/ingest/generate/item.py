"""One thing to read in a page: what it is called, where it leads, when it was, what it says."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reader.ingest.generate.dates import date_in_url, date_of, is_date, is_relative
from reader.ingest.generate.document import PageTree, text_of, words_of
from reader.ingest.links import absolute, host_of
from reader.ingest.parse.model import ParsedEntry
from reader.ingest.text import squeeze

if TYPE_CHECKING:
    from lxml.etree import _Element

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MAX_EXCERPT = 500
_MORE = re.compile(
    r"^\W*(?:read|view|see|learn|show|find out|continue|more|mehr|weiter|lire|suite|leer|ver|leggi|scopri|details?|"
    r"go|open|download|buy|add to|apply|register|tickets?|reply|quote|share|like|\d+ (?:comments?|replies|points?)|"
    r"comments?|no comments?|leave a|hide|next|prev(?:ious)?|older|newer|permalink|edit|source|link)\b",
    re.I,
)
_TEASER = re.compile(r"excerpt|summary|description|teaser|content|intro|lead|snippet|body|abstract", re.I)
_TITLE = re.compile(r"title|headline|heading|name|subject", re.I)
_MONEY = r"(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|kr|zł)\b)"
_PRICE = re.compile(rf"{_MONEY}\s?\d[\d.,]*|\d[\d.,]*\s?{_MONEY}")
_ORNAMENT = re.compile(r"avatar|icon|logo|pixel|spacer|badge", re.I)


@dataclass(slots=True)
class Item:
    """``url`` keeps its fragment; ``html`` is raw HTML for the cleaner. ``evidence`` holds words for what speaks for
    a list of things that come out one after another: "date", "ago", "price", "number"."""

    title: str
    url: str
    published_at: float | None = None
    excerpt: str = ""
    html: str | None = None
    image: str | None = None
    headed: bool = False
    text: int = 0
    evidence: set[str] = field(default_factory=set)

    def entry(self, base: str, latest: float | None = None) -> ParsedEntry:
        """As the entry of a feed; a time after ``latest`` is none."""
        at = self.published_at
        picture = f'<p><img src="{html.escape(self.image)}" alt=""></p>' if self.image else ""
        words = f"<p>{html.escape(self.excerpt)}</p>" if self.excerpt else ""
        return ParsedEntry(
            uid=self.url,
            url=self.url,
            title=self.title,
            summary_html=None if self.html else (picture + words) or None,
            content_html=self.html,
            published_at=at if latest is None or (at or 0) <= latest else None,
            base=base,
        )


def item_of(block: _Element, page: PageTree) -> Item | None:
    """The item that a block shows; None if it leads nowhere or has no name."""
    link, title, headed = _title_of(block, page)
    if link is None or not title:
        return None
    text = text_of(block)
    around = " ".join(filter(None, [text, *_beside(block)]))
    item = Item(title, link, headed=headed, text=len(text))
    item.published_at = date_of(block, around) or date_in_url(link)
    item.excerpt = _excerpt(block, title, text)
    item.image = _image(block, page)
    if item.published_at is not None:
        item.evidence.add("date")
    elif is_relative(around):
        item.evidence.add("ago")
    if _PRICE.search(text):
        item.evidence.add("price")
    parts = urlsplit(link)
    if re.search(r"\d{3,}", parts.path.rpartition("/")[2] + parts.query) or re.search(r"/\d{3,}(?:/|$)", parts.path):
        item.evidence.add("number")
    return item


def link_of(anchor: _Element, page: PageTree) -> str | None:
    """Where an anchor leads, fragment included; None if nowhere or only about on this very page."""
    href = (anchor.get("href") or "").strip()
    url = absolute(page.base, href)
    if url is None:
        return None
    fragment = href.partition("#")[2]
    if url == page.url.partition("#")[0] or url == absolute(page.base, page.base):
        return f"{url}#{fragment}" if fragment and fragment not in ("top", "content", "main") else None
    return url


def _title_of(block: _Element, page: PageTree) -> tuple[str | None, str, bool]:
    """(link, title, from a heading). A heading's link first, then the element called title, then the longest link."""
    anchors = [block] if block.tag == "a" else []
    anchors += [one for one in block.iter("a") if one is not block][:40]
    links = [(one, url) for one in anchors if (url := link_of(one, page))]
    if not links:
        return None, "", False
    for heading in block.iter(*HEADINGS):
        title = _name(heading)
        if title:
            about = {id(heading), *map(id, heading.iterancestors()), *map(id, heading.iter("a"))}
            return next((url for one, url in links if id(one) in about), links[0][1]), title, True
    named = [(one, url) for one, url in links if _is_name(text_of(one))]
    for one, url in named:
        if called := _called_title(one, block):
            return url, called, True
    if not named:
        return None, "", False
    longest, url = max(named, key=lambda pair: min(len(text_of(pair[0])), 120))
    return url, _name(longest), False


def _called_title(anchor: _Element, block: _Element) -> str:
    """The part of a link whose class says that it is the title, or all of it if its surroundings say so."""
    for part in anchor.iter():
        if isinstance(part.tag, str) and _TITLE.search(words_of(part)):
            return _name(part)
    parent = anchor.getparent()
    if parent is None or parent is block or anchor is block:
        return ""
    return _name(anchor) if _TITLE.search(words_of(parent)) else ""


def _is_name(text: str) -> bool:
    """Whether the words of a link can be a title: no "Read more", no bare date, no "3 hours ago"."""
    return len(text) > 3 and not _MORE.match(text) and not is_date(text)


def _name(element: _Element) -> str:
    """A title. Of a link around a whole block only the first part counts that can be one."""
    text = text_of(element)
    parts = list(element.iter("p", "div", "strong", "b")) if element.tag == "a" or len(text) > 200 else []
    leaves = (text_of(part) for part in parts if part is not element and len(list(part.iter("p", "div", "b"))) < 2)
    inner = (part for part in leaves if _is_name(part) and len(part) <= 200)
    return squeeze(next(inner, text).strip(" ¶#§"), limit=200)


def _excerpt(block: _Element, title: str, text: str) -> str:
    """The longest paragraph that is not the title."""
    found = [text_of(one) for one in block.iter("p", "dd", "blockquote")]
    found += [
        text_of(one)
        for one in block.iter("div", "span", "td")
        if _TEASER.search(one.get("class") or "") and not any(True for _ in one.iter(*HEADINGS))
    ]
    fit = [one for one in found if len(one) >= 25 and not one.startswith(title[:60]) and not is_date(one[:30])]
    return squeeze(max(fit, key=len), limit=MAX_EXCERPT) if fit else ""


def _image(block: _Element, page: PageTree) -> str | None:
    for one in block.iter("img"):
        source = one.get("data-src") or one.get("data-lazy-src") or one.get("src")
        url = absolute(page.base, source)
        if url and not _is_small(one) and not _ORNAMENT.search(url + words_of(one)):
            return url
    return None


def _is_small(image: _Element) -> bool:
    sides = ((image.get(name) or "").removesuffix("px") for name in ("width", "height"))
    return any(side.isdecimal() and len(side) < 3 and int(side) < 50 for side in sides)


def _beside(block: _Element) -> list[str]:
    """Text that belongs to a block without being in it: the row below of another kind, the term above, the heading
    over a day's list."""
    found = []
    before, after = block.getprevious(), block.getnext()
    if block.tag == "dd" and before is not None and before.tag == "dt":
        found.append(text_of(before))
    if block.tag == "dt" and after is not None and after.tag == "dd":
        found.append(text_of(after)[:300])
    if block.tag == "tr" and after is not None and after.tag == "tr" and after.get("class") != block.get("class"):
        found += [text_of(after)[:300], *(one.get("title") or "" for one in after.iter("span", "time", "abbr"))]
    parent = block.getparent()
    above = parent.getprevious() if parent is not None and parent.tag in ("ul", "ol", "div", "section", "dl") else None
    if above is not None and above.tag in (*HEADINGS, "dt", "p", "time") and len(text_of(above)) < 40:
        found.append(text_of(above))
    return found


def same_site(url: str, page: PageTree) -> bool:
    """Whether a link stays on the page's site."""
    return host_of(url) == host_of(page.url)
