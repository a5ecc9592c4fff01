"""Pages that tell one thing after another on themselves: changelogs, release notes, diaries.

Headings of one kind that hold a version or a date, each with the text below it.
"""

from __future__ import annotations

import math
import re
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from reader.ingest.generate.dates import date_in_text, date_of
from reader.ingest.generate.document import PageTree, text_of, up
from reader.ingest.generate.item import HEADINGS, Item, link_of
from reader.ingest.generate.lists import LEAST_ITEMS, MOST_ITEMS, Found, is_outside

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_CONTENT = 20_000
_VERSION = re.compile(
    r"(?:^|[\s\[(v])v?\d{1,4}\.\d{1,4}(?:\.\d{1,6})*(?:[-.+]?(?:rc|beta|alpha|dev|b|a|pre|post)[.\d]*)?"
    r"(?=$|[\s\])(:,–—-])",
    re.I,
)
_MOST_BELOW = 200


def sections(page: PageTree) -> Found:
    """The sections of a changelog or the like; empty if the page is none."""
    best = Found()
    body = next(page.root.iter("body"), page.root)
    for tag in (*HEADINGS[:5], "dt"):
        headings = [one for one in body.iter(tag) if not is_outside(one)]
        for group in _alike(headings):
            found = _of(group, page)
            if found.score > best.score:
                best = found
    return best


def _alike(headings: list[_Element]) -> list[list[_Element]]:
    groups: dict[tuple[str, ...], list[_Element]] = {}
    for one in headings[:1000]:
        groups.setdefault(tuple(str(parent.tag) for parent in islice(up(one), 2)), []).append(one)
    return [group for group in groups.values() if len(group) >= LEAST_ITEMS]


def _of(headings: list[_Element], page: PageTree) -> Found:
    texts = [text_of(one) for one in headings]
    versions = sum(bool(_VERSION.search(text)) for text in texts)
    dates = sum(date_in_text(text) is not None for text in texts)
    if max(versions, dates) < 0.6 * len(headings):
        return Found()
    items: dict[str, Item] = {}
    for heading, text in zip(headings[:MOST_ITEMS], texts, strict=False):
        item = _section(heading, text.strip(" ¶#§"), page)
        if item is not None:
            items.setdefault(item.url, item)
    if len(items) < LEAST_ITEMS or not any(item.text for item in items.values()):
        return Found()
    kept = list(items.values())
    dated = sum(item.published_at is not None for item in kept) / len(kept)
    return Found(kept, 14 + 2 * math.log2(len(kept)) + 4 * dated)  # a section holds what links would only point to


def _section(heading: _Element, title: str, page: PageTree) -> Item | None:
    below = _below(heading)
    if not title or not below or _only_links(below):
        return None
    whole = " ".join(text_of(one) for one in below[:5])[:400]
    mark = _anchor(heading) or re.sub(r"\W+", "-", title).strip("-").lower()[:80]
    below_first = next((at for one in below[:2] if (at := date_of(one, ""))), None)
    date = date_in_text(title) or date_of(heading, "") or below_first or date_in_text(whole[:80])
    content = "".join(etree.tostring(one, encoding="unicode", method="html", with_tail=False) for one in below)
    here = f"{page.url.partition('#')[0]}#{mark}"
    link = next((url for one in heading.iter("a") if (url := link_of(one, page))), here)
    item = Item(title[:200], link, date, headed=True, text=len(whole))
    item.html = content[:MAX_CONTENT]
    return item


def _only_links(below: list[_Element]) -> bool:
    """Whether a section merely lists things that stand on pages of their own: then those are the items."""
    linked = sum(len(text_of(one)) for part in below for one in part.iter("a"))
    return linked > 0.7 * sum(len(text_of(part)) for part in below)


def _below(heading: _Element) -> list[_Element]:
    """What follows a heading up to the next one of its kind or above; the heading may stand in a box of its own."""
    start = heading
    for _ in range(3):
        parent = start.getparent()
        if start.getnext() is not None or parent is None or parent.tag in ("body", "main"):
            break
        start = parent
    found: list[_Element] = []
    for one in start.itersiblings():
        ends = one.tag == heading.tag or (one.tag in HEADINGS and str(one.tag) < str(heading.tag))
        if ends or next(one.iter(str(heading.tag)), None) is not None or len(found) >= _MOST_BELOW:
            break
        found.append(one)
    return found


def _anchor(heading: _Element) -> str | None:
    """The name under which a section can be linked to: the heading's, of something in it, or of the box around."""
    for one in (heading, *heading.iter("a", "span")):
        mark = _mark(one)
        if mark:
            return mark
    boxes: list[_Element | None] = [heading.getprevious(), *islice(up(heading), 2)]
    for box in boxes:
        if box is None or box.tag in ("body", "main", "html"):
            continue
        if _mark(box) and next(iter(box.iter(str(heading.tag))), heading) is heading:
            return _mark(box)
    return None


def _mark(element: _Element) -> str:
    href = element.get("href") or ""
    return element.get("id") or element.get("name") or (href[1:] if href.startswith("#") else "")
