"""What rules for platforms get and give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SEARCHED = 5_000_000


@dataclass(frozen=True, slots=True)
class RuledFeed:
    """A feed that follows from a rule; ``format`` "rss", "atom" or "json"."""

    url: str
    format: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The page that rules may look into: its ``text``, the ``generator`` it names, its <link>s as attributes, the
    ``base`` of its links; ``named``: it names feeds itself. All empty when there is no page at hand."""

    text: str = ""
    generator: str = ""
    links: tuple[dict[str, str], ...] = ()
    base: str = ""
    named: bool = False

    def first(self, patterns: Iterable[str]) -> str | None:
        """The first group of the first pattern that is found."""
        for pattern in patterns:
            match = re.compile(pattern, re.S).search(self.text, 0, _SEARCHED)
            if match is not None:
                return match[1]
        return None

    def has(self, *words: str) -> bool:
        """Whether the page holds one of ``words``, letters as they are."""
        return any(self.text.find(word, 0, _SEARCHED) >= 0 for word in words)
