"""What an OPML file says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outline:
    """One place where a feed stands. ``folders``: titles of the folders around it, outermost first; ``title`` is plain
    text, None where the file says nothing; ``line``: where the outline begins, from 1."""

    xml_url: str
    title: str | None
    html_url: str | None
    folders: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An outline that looks like a feed and cannot be one; ``reason`` in words, ``title`` and ``url`` as written."""

    line: int
    reason: str
    title: str | None = None
    url: str | None = None
    folders: tuple[str, ...] = ()


@dataclass(slots=True)
class Opml:
    """A whole file, in document order."""

    title: str | None = None
    outlines: list[Outline] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
