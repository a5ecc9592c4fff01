"""The list that a page is about: blocks built alike, each with a link of its own.

Every element around a link is put together with those built like it. A group of at least three is judged by what its
blocks hold; menus, footers, tag clouds, cards of a landing page and what stands beside an article must not win.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reader.ingest.generate.document import PageTree, text_of, up, words_of
from reader.ingest.generate.item import HEADINGS, Item, item_of, same_site

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_ITEMS = 100
LEAST_ITEMS = 3
MOST_LINKS = 3000
MOST_GROUPS = 60
_LEVELS = 7
_BLOCKS = {
    *("a", "li", "article", "section", "div", "tr", "td", "p", "dl", "dd", "dt", "figure", "span", "header"),
    *HEADINGS,
}
_OUTSIDE = {"nav", "footer", "aside", "menu"}
_OUTSIDE_ROLES = {"navigation", "contentinfo", "complementary", "menu", "menubar", "banner", "dialog", "search"}
_OUTSIDE_WORDS = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|footer|sidebar|side-bar|breadcrumbs?|pagination|pager|paging|"
    r"tag-?cloud|tags|social|share|sharing|related|recommend(?:ed|ations?)?|widget|cookies?|consent|comments?|"
    r"comment-?list|respond|language|lang|toolbar|topbar|subnav|sitemap|ads?|advert\w*|sponsors?|popular|trending|"
    r"most-?read|author-?box|see-also|also|partners?|testimonials?|reviews?|features?|pricing|clients|logos|faq|toc|"
    r"table-of-contents|skip|references?|reflist|footnotes?|citations?|bibliography|infobox|navbox|catlinks|byline)"
    r"(?:$|[\s_-])",
    re.I,
)
_TELLING = re.compile(
    r"(?:^|/|-)(?:news|blogs?|posts?|articles?|stor(?:y|ies)|events?|releases?|changelog|press|updates?|announcements?|"
    r"threads?|topics?|jobs?|careers?|vacanc(?:y|ies)|positions?|stellen\w*|aktuell\w*|nachrichten|actualit\w*|noticias|"
    r"archiv\w*|journal|notes?|episodes?|podcasts?|videos?|publications?|papers?|bulletins?|magazine|diary|showthread|"
    r"viewtopic|forum|discussions?|questions?|termine|veranstaltung\w*|agenda|calendar|tenders?|notices?)(?:$|[/.-])",
    re.I,
)
_STATE = re.compile(
    r"\d|^(?:first|last|odd|even|active|current|sticky|featured|alt|new|visited|row|col|clearfix|left|right)$"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(slots=True)
class Found:
    """Items with the weight of what speaks for them; no items, no weight."""

    items: list[Item] = field(default_factory=list)
    score: float = 0.0


def best_list(page: PageTree) -> Found:
    """The list of things to read in ``page``; empty if nothing is one."""
    length = len(text_of(page.root)) or 1
    best = Found()
    for blocks in _groups(page):
        found = _judged(blocks, page, length)
        if found.score > best.score:
            best = found
    return best


def _groups(page: PageTree) -> list[list[_Element]]:
    """Groups of blocks built alike, the largest first: by tags and classes, and by tags alone."""
    grouped: dict[tuple[str, ...], dict[_Element, None]] = {}
    body = next(page.root.iter("body"), page.root)
    for anchor in list(body.iter("a"))[:MOST_LINKS]:
        if not anchor.get("href") or is_outside(anchor):
            continue
        block: _Element | None = anchor
        for _ in range(_LEVELS):
            if block is None or block is body or block.tag not in _BLOCKS:
                break
            grouped.setdefault(("class", *_signature(block, True)), {})[block] = None
            grouped.setdefault(("tag", *_signature(block, False)), {})[block] = None
            block = block.getparent()
    sets = {tuple(map(id, blocks)): list(blocks) for blocks in grouped.values() if len(blocks) >= LEAST_ITEMS}
    return sorted(sets.values(), key=len, reverse=True)[:MOST_GROUPS]


def _signature(element: _Element, classes: bool) -> tuple[str, ...]:
    """How an element is built and where it stands: tags (and classes that are no state) up to four levels."""
    path = [_shape(element, classes)]
    for parent, _ in zip(up(element), range(3), strict=False):
        path.append(_shape(parent, classes))
    return tuple(path)


def _shape(element: _Element, classes: bool) -> str:
    if not classes:
        return str(element.tag)
    kept = sorted(word for word in (element.get("class") or "").lower().split() if not _STATE.search(word))
    return f"{element.tag}.{'.'.join(kept[:2])}"


def is_outside(element: _Element) -> bool:
    """Whether an element is in a menu, a footer, a side column or the like."""
    for one in (element, *up(element)):
        if one.tag in ("body", "html", "main"):
            return False
        if one.tag in _OUTSIDE or (one.get("role") or "") in _OUTSIDE_ROLES:
            return True
        if _OUTSIDE_WORDS.search(words_of(one)) and one.tag != "article":
            return True
    return False


def _judged(blocks: list[_Element], page: PageTree, length: int) -> Found:
    items = _unique([item for block in blocks[: MOST_ITEMS * 3] if (item := item_of(block, page))])[:MOST_ITEMS]
    if len(items) < LEAST_ITEMS or len(items) < 0.6 * min(len(blocks), MOST_ITEMS):
        return Found()
    if _holds_lists(blocks) or not _speaks(items, page) or _is_beside_article(blocks, items, page):
        return Found()
    return Found(items, _score(blocks, items, page, length))


def _unique(items: list[Item]) -> list[Item]:
    kept: dict[str, Item] = {}
    for item in items:
        before = kept.get(item.url)
        if before is None:
            kept[item.url] = item
    return list(kept.values())


def _holds_lists(blocks: list[_Element]) -> bool:
    """Whether the blocks are columns that hold several things each, rather than the things."""
    looked = blocks[:20]
    return sum(map(_holds_several, looked)) > len(looked) / 2


def _holds_several(block: _Element) -> bool:
    tags = [one.tag for one in block.iter(*HEADINGS)]
    rows = sum(1 for _ in block.iter("li", "tr", "article"))
    return any(tags.count(tag) > 1 for tag in set(tags)) or rows > 2 + (block.tag in ("li", "tr"))


def _share(items: list[Item], word: str) -> float:
    return sum(word in item.evidence for item in items) / len(items)


def _speaks(items: list[Item], page: PageTree) -> bool:
    """Whether something tells that new things come to this list: times, prices, numbers, or what it is called."""
    if len({item.title.casefold() for item in items}) < 0.7 * len(items):
        return False
    words = [len(item.title.split()) for item in items]
    letters = median(len(item.title) for item in items)
    if letters < 8 and not _unspaced(items):
        return False
    dated = _share(items, "date") + _share(items, "ago")
    if dated >= 0.5:
        return True
    if _share(items, "price") >= 0.5:
        return len(items) >= 4
    paths = [urlsplit(item.url).path for item in items]
    telling = sum(bool(_TELLING.search(path.rpartition("/")[0] or path)) for path in paths) / len(items)
    about = bool(_TELLING.search(urlsplit(page.url).path))
    if telling >= 0.6 or about:
        return len(items) >= 4 and (fmean(words) >= 2 or letters >= 15)
    if _share(items, "number") >= 0.6:
        return len(items) >= 4 and fmean(words) >= 2.5
    return len(items) >= 8 and (fmean(words) >= 5 or letters >= 32)


def _unspaced(items: list[Item]) -> bool:
    """Chinese, Japanese and the like need few letters and no spaces."""
    return sum(bool(_UNSPACED.search(item.title)) for item in items) > len(items) / 2


def _is_beside_article(blocks: list[_Element], items: list[Item], page: PageTree) -> bool:
    """Whether the page is one text to read, with some links to others beside or below it."""
    inside = {id(one) for block in blocks for one in block.iter("p")}
    prose = sum(len(text) for one in page.root.iter("p") if id(one) not in inside and len(text := text_of(one)) > 80)
    own = sum(item.text for item in items)
    return prose > max(1200, 2 * own) or (page.kind == "article" and prose > own)


def _score(blocks: list[_Element], items: list[Item], page: PageTree, length: int) -> float:
    count = len(items)
    words = fmean(min(len(item.title.split()), 12) for item in items)
    score = 2 * math.log2(count) + words / 2
    score += 4 * (_share(items, "date") + 0.8 * _share(items, "ago")) + 2 * _share(items, "price")
    score += 2.5 * sum(item.headed for item in items) / count
    score += 2 * sum(bool(item.excerpt) for item in items) / count
    score += 0.7 * sum(bool(item.image) for item in items) / count
    score += 5 * min(1.0, sum(item.text for item in items) / length)
    score += 0.5 if sum(same_site(item.url, page) for item in items) >= count / 2 else 0
    if any(one.tag in ("main", "article") or "content" in words_of(one) for one in up(blocks[0])):
        score += 1.5
    return score
