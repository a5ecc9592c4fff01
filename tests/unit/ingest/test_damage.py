# ruff: noqa: E501  # documents as they are
"""Every document of documents/*.txt, damaged: the parser neither fails nor hangs, and keeps what precedes the fault."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.words import LANGUAGES
from tests.helpers import damage

from .test_documents import CASES, Case, parsed

KINDS = {"not_a_feed", "too_large"}
XML = [case for case in CASES if case.body.lstrip().startswith(b"<") and "error" not in case.expected]
PLAIN = [case for case in XML if not case.name.startswith("broken")]


def sound(answer: dict[str, Any]) -> None:
    if "error" in answer:
        assert answer["error"]["kind"] in KINDS, answer["error"]
        return
    for entry in answer["entries"]:
        for name in ("url", "comments"):
            assert entry[name] is None or re.match(r"https?://", entry[name], re.I)
        for text in (entry["uid"], entry["title"], entry["author"], *entry["tags"]):
            assert text is None or ("\x00" not in text and text == text.strip() and text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("way", damage.WAYS, ids=lambda way: way.__name__)
def test_damaged(case: Case, way: damage.Damage) -> None:
    rng = random.Random(case.name)
    for _ in range(3):
        body = way(rng, case.body)
        start = time.perf_counter()
        sound(parsed(body, case.url, case.content_type))
        assert time.perf_counter() - start < 2


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_cut_off_anywhere_keeps_what_was_whole(case: Case) -> None:
    whole = parsed(case.body, case.url)["entries"]
    if not whole or "entry alone" in case.name:
        return
    for at in range(len(case.body) // 4, len(case.body), max(1, len(case.body) // 23)):
        body = case.body[:at]
        complete = damage.whole_entries(body)
        if not complete:
            continue
        answer = parsed(body, case.url)
        assert "error" not in answer, body
        assert len(answer["entries"]) >= complete
        for before, after in zip(whole[:complete], answer["entries"], strict=False):
            assert {**after, "author": before["author"]} == before, body[-80:]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_a_wrong_entity_or_a_stray_tag_loses_no_entry_and_no_text(case: Case) -> None:
    expected = parsed(case.body, case.url)["entries"]
    rng = random.Random(case.name)
    for piece in (b" &bogus; ", b"&nbsp;", b" & ", b"</b>", b"&#xD800;", b" < "):
        for _ in range(3):
            places = [
                match.start() + 1 for match in re.finditer(rb">[^<>&]+</(?:title|description|summary)>", case.body)
            ]
            if not places or b"<![CDATA[" in case.body or b'type="xhtml"' in case.body:
                return
            at = rng.choice(places)
            answer = parsed(case.body[:at] + piece + case.body[at:], case.url)
            assert len(answer["entries"]) == len(expected)
            for before, after in zip(expected, answer["entries"], strict=True):
                for name in ("uid", "url", "published", "updated", "tags", "enclosures", "comments"):
                    assert before[name] == after[name], (piece, case.body[at - 30 : at + 30])
                assert _words(before) <= _words(after), piece


def _words(entry: dict[str, Any]) -> set[str]:
    html = " ".join(filter(None, (entry["content"], entry["summary"])))
    plain = " ".join(filter(None, (entry["title"], entry["author"])))
    return set(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", html) + " " + plain))


ENCODINGS = {
    "ru": ("windows-1251", "koi8-r", "utf-16"), "de": ("windows-1252", "iso-8859-1", "utf-16-le"),
    "fr": ("windows-1252", "utf-32"), "el": ("windows-1253",), "ja": ("shift_jis", "euc-jp", "iso-2022-jp", "utf-16-be"),
    "zh": ("gbk", "gb2312", "gb18030"), "ko": ("euc-kr",), "ar": ("windows-1256",),
}  # fmt: skip
PAIRS = [(language, charset) for language, charsets in ENCODINGS.items() for charset in charsets]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAIRS), st.sampled_from(["right", "nothing", "utf-8", "header"]), st.integers(0, 10_000))
def test_charsets_declared_or_not(pair: tuple[str, str], said: str, seed: int) -> None:
    language, charset = pair
    if charset == "iso-2022-jp" and said in ("nothing", "utf-8"):
        return  # to the eye it is ASCII; a reader who does not say so cannot be read
    rng = random.Random(seed)
    words = " ".join(rng.choices(LANGUAGES[language], k=80))
    label = {"right": charset, "utf-8": "utf-8"}.get(said)
    head = f'<?xml version="1.0" encoding="{label}"?>' if label else ""
    document = f'{head}<rss version="2.0"><channel><title>x</title><item><title>{words}</title></item></channel></rss>'
    header = f"application/rss+xml; charset={charset}" if said == "header" else None
    answer = parsed(document.encode(charset), "https://example.org/", header)
    assert answer["entries"][0]["title"] == words


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["ru", "de", "ja", "zh", "el"]), st.sampled_from(["windows-1251", "iso-8859-1", "gb2312"]))
def test_utf_8_that_is_called_something_else(language: str, label: str) -> None:
    words = " ".join(LANGUAGES[language][:20])
    document = (
        f'<?xml version="1.0" encoding="{label}"?><rss><channel><item><title>{words}</title></item></channel></rss>'
    )
    answer = parsed(document.encode(), "https://example.org/", f"text/xml; charset={label}")
    assert (answer["encoding"], answer["entries"][0]["title"]) == ("utf-8", words)


WRONG = [("ru", "koi8-r", "windows-1251"), ("ru", "windows-1251", "koi8-r"), ("ru", "windows-1251", "iso-8859-1"),
         ("el", "windows-1253", "iso-8859-1"), ("ja", "shift_jis", "iso-8859-1"), ("zh", "gbk", "windows-1252"),
         ("ko", "euc-kr", "iso-8859-1"), ("de", "windows-1252", "iso-8859-1"), ("zh", "gbk", "big5"),
         ("ja", "euc-jp", "shift_jis")]  # fmt: skip


@pytest.mark.parametrize(("language", "charset", "label"), WRONG)
def test_one_legacy_charset_under_the_name_of_another(language: str, charset: str, label: str) -> None:
    words = " ".join(LANGUAGES[language] * 3)
    document = (
        f'<?xml version="1.0" encoding="{label}"?><rss><channel><item><title>{words}</title></item></channel></rss>'
    )
    answer = parsed(document.encode(charset, "ignore"), "https://example.org/", f"text/xml; charset={label}")
    title = document.encode(charset, "ignore").decode(charset).partition("<title>")[2].partition("</title>")[0]
    assert answer["entries"][0]["title"] == title


def test_windows_1252_under_the_name_of_iso_8859_1() -> None:
    document = '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>“it’s” – 5 €</title></item></channel></rss>'
    answer = parsed(document.encode("cp1252"), "https://example.org/")
    assert (answer["encoding"], answer["entries"][0]["title"]) == ("windows-1252", "“it’s” – 5 €")
    answer = parsed(document.replace("“it’s” – 5 €", "café").encode("latin-1"), "https://example.org/")
    assert (answer["encoding"], answer["entries"][0]["title"]) == ("iso-8859-1", "café")
