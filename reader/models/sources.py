"""What a stream shares by itself: feeds attached to it, each with a rule (SPEC E3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from reader.models.entry import Entry

WORDS_MOST = 20
TEXT_MOST = 200_000  # characters of an entry that a rule looks through
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which entries match: all of ``words`` and none of ``without`` stand in title or text, ``author`` in the author's
    name, ``tag`` is one of the tags. No regard to case. An empty rule matches everything."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    author: str = ""
    tag: str = ""

    def matches(self, entry: Entry) -> bool:
        if self.author and self.author.casefold() not in (entry.author or "").casefold():
            return False
        if self.tag and self.tag.casefold() not in [tag.casefold() for tag in entry.tags]:
            return False
        if not self.words and not self.without:
            return True
        text = unescape(f"{entry.title} {_TAG.sub(' ', entry.content[:TEXT_MOST])}").casefold()
        return all(_stands(word, text) for word in self.words) and not any(_stands(word, text) for word in self.without)


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A feed attached to a stream: its entries above ``seq`` have not been looked at yet."""

    stream_id: int
    feed_id: int
    rule: Rule
    seq: int
    created_at: float


def _stands(word: str, text: str) -> bool:
    """Whether a word (or a phrase) stands in a case-folded text as a whole; what has no word boundary, anywhere."""
    folded = " ".join(word.casefold().split())
    pattern = re.escape(folded).replace(r"\ ", r"\s+")
    before = r"(?<!\w)" if folded[:1].isascii() and folded[:1].isalnum() else ""
    after = r"(?!\w)" if folded[-1:].isascii() and folded[-1:].isalnum() else ""
    return re.search(f"{before}{pattern}{after}", text) is not None
