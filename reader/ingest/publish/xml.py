"""XML written so that nothing in it can break it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate

from lxml import etree

from reader.ingest.parse.names import ATOM, PREFERRED
from reader.ingest.publish.model import Item
from reader.models.share import Link

THR, EV, DC, DCTERMS = PREFERRED["thr"], PREFERRED["evantr"], PREFERRED["dc"], PREFERRED["dcterms"]
FH = "http://purl.org/syndication/history/1.0"
SPACES = {"thr": THR, "fh": FH, "dcterms": DCTERMS, "ev": EV}
# What XML 1.0 cannot hold (2.2), not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = etree._Element


def plain(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def add(parent: Element, name: str, text: str | None = None, space: str | None = ATOM, **attributes: str) -> Element:
    """A new last child. Names of attributes are written as they are."""
    element = etree.SubElement(parent, f"{{{space}}}{name}" if space else name)
    for key, value in attributes.items():
        element.set(key.rstrip("_"), plain(value))
    if text is not None:
        element.text = plain(text)
    return element


def link(parent: Element, rel: str, href: str, **attributes: str) -> Element:
    """An atom:link."""
    return add(parent, "link", rel=rel, href=href, **attributes)


def person(parent: Element, role: str, name: str, uri: str | None = None) -> None:
    """A person construct (RFC 4287, 3.2)."""
    element = add(parent, role)
    add(element, "name", name)
    if uri:
        add(element, "uri", uri)


def rfc3339(at: float) -> str:
    """To the second where that is exact, else to the microsecond."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def rfc822(at: float) -> str:
    return formatdate(at, usegmt=True)


def chain(parent: Element, item: Item) -> None:
    """The way of a share, in standard elements as far as there are any: a via link for each who passed it on, the
    answer to the last of them (RFC 4685), comments; and who shares it here."""
    for step in item.before:
        _via(parent, step)
    last = item.before[-1] if item.before else None
    if last is not None and re.match("[a-z][a-z0-9+.-]*:", last.id):
        answers = add(parent, "in-reply-to", space=THR, ref=last.id)
        if last.url:
            answers.set("href", plain(last.url))
            answers.set("type", "text/html")
    replies = link(parent, "replies", f"{item.page}#comments", type="text/html")
    replies.set(f"{{{THR}}}count", str(item.comments))
    add(parent, "total", str(item.comments), THR)
    share = add(parent, "share", item.step.note or None, EV, by=item.step.name)
    if item.step.url:
        share.set("href", plain(item.step.url))
    if item.published_at is not None:
        share.set("published", rfc3339(item.published_at))
        add(parent, "created", rfc3339(item.published_at), DCTERMS)
    if item.story is not None and item.url is None:
        share.set("story", item.story.hex())


def _via(parent: Element, step: Link) -> None:
    via = link(parent, "via", step.url or step.id, title=step.name)
    via.set(f"{{{EV}}}id", plain(step.id))
    if step.at is not None:
        via.set(f"{{{EV}}}at", rfc3339(step.at))
    if step.note:
        add(via, "note", step.note, EV)


def document(root: Element) -> bytes:
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return body
