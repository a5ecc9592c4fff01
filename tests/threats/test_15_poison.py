"""Check 15: inputs that break parsers and databases, through a feed: no failure, and its other entries are stored."""

from __future__ import annotations

import json

import pytest

from tests.helpers.naughty import PLAIN
from tests.threats.versions import document, item, replay

# 2B of the list: character references that Python's parsers raise on, NUL, lone surrogates, huge numbers.
POISON = [
    "&#xD800;", "&#55357;", "&#xDFFF;", "&#x110000;", "&#99999999999;", "&#0;", "&#x0;", "&#xFFFE;", "&#xFFFF;", "&#1;",
    "&#-1;",
    "&#x;", "&#;", "&;", "&nosuch;", "&amp", "&#xD83D;&#xDE00;", "\x00", "\x01\x02\x08\x0b\x1f", "\x7f\x80\x9f",
    "]]>", "<![CDATA[", "<!--", "<?php", "</title>", "<title>", "</item>", "<b", "\ufeff", "\u202e", "\u0000\u0000",
    "9" * 30, str(2**63), str(2**64), "-" + str(2**63),
]  # fmt: skip
SURROGATES = [b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xff\xfe\xfd", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80"]
FIELDS = ("title", "guid", "link", "text")


def poisoned(field: str, poison: bytes) -> bytes:
    """A document whose middle entry bears the poison in one field, unescaped."""
    marked = item(2, **{field: "https://gazette.example/POISON" if field == "link" else "before POISON after"})
    return document([item(3), marked, item(1)]).replace(b"POISON", poison)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("poison", [*(text.encode("utf-8") for text in POISON), *SURROGATES])
def test_poison_in_one_entry_spares_the_others(field: str, poison: bytes) -> None:
    done = replay([poisoned(field, poison), poisoned(field, poison)])
    assert all("error" not in fetch for fetch in done.fetches), done.fetches
    links = {entry["url"] for entry in done.entries}
    spared = {item(1).link, item(3).link} & links
    # What opens a comment or CDATA swallows what follows it, in every parser.
    assert len(spared) >= (1 if poison in (b"<![CDATA[", b"<!--", b"<title>", b"<?php", b"</item>", b"<b") else 2)
    assert sum(done.new[1:]) == 0
    told = json.dumps(done.entries)
    assert "\\u0000" not in told and "\\ud8" not in told.lower().replace("\\ud83d", "")


@pytest.mark.parametrize("field", FIELDS)
def test_naughty_strings_all_at_once(field: str) -> None:
    strings = [text for text in PLAIN if text.strip()]
    entries = [item(n, **{field: text}) for n, text in enumerate(strings, 1)]
    done = replay([[*entries, item(10_000)]] * 3)
    assert all("error" not in fetch for fetch in done.fetches), done.fetches
    assert sum(done.new[1:]) == 0
    assert len(done.entries) >= len(strings) // 2
    assert any(entry["url"] == item(10_000).link for entry in done.entries)
