"""Limits that hold before any parser sees a document. What is over one is refused, with the limit in the words."""

from __future__ import annotations

import re

from reader.errors import Upstream

MAX_BODY = 20_000_000
MAX_TOKEN = 1_000_000  # a tag, comment or instruction: no feed needs one of a hundredth of this
MAX_TEXT = 10_000_000  # one run of text or CDATA; libxml2 takes no longer one
MAX_TAGS_OUTSIDE_CDATA = 400_000  # each becomes a node of the tree
MAX_ATTRIBUTES = 1000  # of one tag: libxml2 takes quadratic time
MAX_DEPTH = 256  # libxml2's own
MAX_ENTRIES = 10_000
_SMALL = 500_000  # nothing in a document this short can be over a limit of length
_FEW_ATTRIBUTES = 4000
_LONG_TAG = re.compile(r"<[^<>!?/][^<>]{4000,}")
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)


def check_size(body: bytes) -> None:
    """Refuse a document of over 20 MB. Raises Upstream("too_large")."""
    if len(body) > MAX_BODY:
        raise too_large(f"The document is larger than {MAX_BODY // 1_000_000} MB.")


def check_markup(text: str) -> None:
    """Refuse single tokens and numbers of tags beyond measure. Linear in the length. Raises Upstream("too_large")."""
    if text.count("=") > _FEW_ATTRIBUTES:
        for match in _LONG_TAG.finditer(text):
            if match[0].count("=") > MAX_ATTRIBUTES:
                raise too_large(f"One of its tags has more than {MAX_ATTRIBUTES} attributes.")
    if len(text) <= _SMALL:
        return
    if text.count("<") > MAX_TAGS_OUTSIDE_CDATA and _CDATA.sub("", text).count("<") > MAX_TAGS_OUTSIDE_CDATA:
        raise too_large(f"The document has more than {MAX_TAGS_OUTSIDE_CDATA} tags.")
    at = 0
    while (start := text.find("<", at)) >= 0:
        if start - at > MAX_TEXT:
            break
        if text.startswith("<![CDATA[", start):
            limit, end = MAX_TEXT, text.find("]]>", start)
        else:
            limit, end = MAX_TOKEN, text.find("-->" if text.startswith("<!--", start) else ">", start)
        end = len(text) if end < 0 else end
        if end - start > limit:
            raise too_large(f"One piece of its markup is longer than {limit // 1_000_000} MB.")
        at = end
    if len(text) - at > MAX_TEXT or start - at > MAX_TEXT:
        raise too_large(f"One piece of its text is longer than {MAX_TEXT // 1_000_000} MB.")


def check_entries(number: int) -> None:
    """Refuse more entries than a feed can be meant to have. Raises Upstream("too_large")."""
    if number > MAX_ENTRIES:
        raise too_large(f"The document has more than {MAX_ENTRIES} entries.")


def too_large(why: str) -> Upstream:
    """The error for a document that is over a limit."""
    return Upstream("too_large", why)
