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
_START = re.compile(r"<!DOCTYPE([^\[>]*)", re.IGNORECASE)
_END = re.compile(r"\s*>")
_MARK = re.compile(r"[\]\"']|<!--|<\?")
_CLOSED_BY = {'"': '"', "'": "'", "<!--": "-->", "<?": "?>"}
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
    found = _well_formed(text, at) or _loose(text, at)
    if found is None:
        return text, Entities()
    head, subset, end = found
    entities = Entities(external="system" in head.lower() or "public" in head.lower())
    for entity in _ENTITY.finditer(subset):
        if len(entities.declared) >= MAX_ENTITIES:
            raise too_large(f"It declares more than {MAX_ENTITIES} entities.")
        entities.declared.setdefault(entity[1], entity[2] if entity[2] is not None else entity[3])
    return text[:at] + text[end:], entities


def _well_formed(text: str, at: int) -> tuple[str, str, int] | None:
    """The head of the document type at ``at``, its internal subset and the index behind it; None when it is broken."""
    start = _START.match(text, at)
    if start is None:
        return None
    subset_end = start.end()
    if text[subset_end : subset_end + 1] == "[":
        subset_end = _subset_end(text, subset_end + 1)
    end = _END.match(text, subset_end) if subset_end > 0 else None
    return (start[1], text[start.end() : subset_end], end.end()) if end else None


def _subset_end(text: str, at: int) -> int:
    """The index behind the "]" of a subset whose inside starts at ``at``; 0 when it has none.

    What has no end is looked for once only, so that a crowd of openings costs one pass.
    """
    endless = set()
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark[0] == "]":
            return at
        closing = _CLOSED_BY[mark[0]]
        close = -1 if closing in endless else text.find(closing, at)
        if close >= 0:
            at = close + len(closing)
        elif closing in ('"', "'"):
            return 0
        else:
            endless.add(closing)
    return 0


def _loose(text: str, at: int) -> tuple[str, str, int] | None:
    match = _LOOSE.match(text, at)
    return (match[0], match[0], match.end()) if match else None
