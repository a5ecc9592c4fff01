"""The document type: taken out of the text, with the entities that it declares inside the document.

Nothing outside is ever read. What such entities expand to is bounded, so that "billion laughs" end before they begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reader.ingest.parse.limits import too_large

MAX_ENTITIES = 1000
MAX_EXPANDED = 1_000_000
_HEAD = 10_000  # a document type stands before the first element
_SUBSET = r"\[(?>\"[^\"]*\"|'[^']*'|<!--.*?-->|<\?.*?\?>|[^\]\"'])*+\]"
_DOCTYPE = re.compile(rf"<!DOCTYPE(?P<name>[^\[>]*)(?P<subset>{_SUBSET})?\s*>", re.DOTALL | re.IGNORECASE)
_LOOSE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+([\w.:-]{1,100})\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([\w.:-]{1,100}));")


@dataclass(slots=True)
class Entities:
    """Entities by name with the text they stand for. ``external``: a DTD elsewhere may declare more."""

    declared: dict[str, str] = field(default_factory=dict)
    external: bool = False
    _ready: dict[str, str] = field(default_factory=dict)
    _spent: int = 0

    def expand(self, name: str) -> str | None:
        """What ``&name;`` stands for, entities inside expanded; None when it is not declared.

        Raises Upstream("too_large") when all references together come to more than 1 MB.
        """
        if name not in self.declared:
            return None
        text = self._resolve(name, ())
        self._spent += len(text)
        if self._spent > MAX_EXPANDED:
            raise too_large("Its entities expand to more than 1 MB.")
        return text

    def _resolve(self, name: str, within: tuple[str, ...]) -> str:
        if name in self._ready:
            return self._ready[name]
        if name in within or len(within) > 50:
            raise too_large("Its entities contain themselves.")
        size = 0

        def one(match: re.Match[str]) -> str:
            nonlocal size
            if match[3] is None:
                return match[0]
            inner = self._resolve(match[3], (*within, name)) if match[3] in self.declared else match[0]
            size += len(inner)
            if size > MAX_EXPANDED:
                raise too_large("Its entities expand to more than 1 MB.")
            return inner

        self._ready[name] = _REFERENCE.sub(one, self.declared[name])
        return self._ready[name]


def take_doctype(text: str) -> tuple[str, Entities]:
    """``text`` without its document type, and the entities of its internal subset."""
    at = text[:_HEAD].lower().find("<!doctype")
    if at < 0:
        return text, Entities()
    match = _DOCTYPE.match(text, at) or _LOOSE.match(text, at)
    if match is None:
        return text, Entities()
    head, subset = (match["name"], match["subset"] or "") if match.re is _DOCTYPE else (match[0], match[0])
    entities = Entities(external="system" in head.lower() or "public" in head.lower())
    for found in _ENTITY.finditer(subset):
        if len(entities.declared) >= MAX_ENTITIES:
            raise too_large(f"It declares more than {MAX_ENTITIES} entities.")
        entities.declared.setdefault(found[1], found[2] if found[2] is not None else found[3])
    return text[:at] + text[match.end() :], entities
