"""Check 28 (XSS, more than 10,000 payloads × sinks): the cleaner's share. Pages, feeds and APIs are in
tests/integration/web/test_check_28.py, a browser in tests/browser/test_check_28.py."""

from __future__ import annotations

import re

import pytest

from reader.ingest.clean import clean, map_images, summary_of
from reader.ingest.text import clean_text
from reader.models.entry import SafeHtml
from tests.helpers.payloads import payloads
from tests.unit.ingest.oracle import check

BASE = "https://gazette.example/2003/post.html"
ALL = list(payloads())
TAG = re.compile(r'<((?:[^<>"]|"[^"]*")*)>')
ATTRIBUTE = re.compile(r' ([^\s="]+)="([^"]*)"')
FORBIDDEN = re.compile(
    r"^/?(?:script|style|iframe|object|embed|form|input|button|svg|link|meta|base|template|textarea|noscript|xmp|select)\b"
    r"|[\s/](?:on\w+|style|srcdoc|formaction|ping|xlink:href|background|action)\b",
    re.I,
)
ADDRESS = re.compile(r"https?://|mailto:|#e-|/img/", re.I)
ADDRESSES = {"href", "src", "poster", "cite", "data-src"}


def active(html: str) -> str | None:
    """The first tag in ``html`` that could do anything."""
    assert html.count("<") == len(TAG.findall(html)), "each < begins a tag"
    for tag in TAG.findall(html):
        values = ATTRIBUTE.findall(tag)
        if FORBIDDEN.search(ATTRIBUTE.sub(r" \1", tag)):
            return str(tag)
        if any(name in ADDRESSES and not ADDRESS.match(value) for name, value in values):
            return str(tag)
    return None


def test_there_are_more_than_10000() -> None:
    assert len(set(ALL)) > 10_000


@pytest.mark.parametrize("part", range(8))
def test_cleaned_html_of_every_payload_is_inert(part: int) -> None:
    for payload in ALL[part::8]:
        out = clean(payload, base=BASE)
        assert active(out) is None, (payload, out)
        assert clean(out, base=BASE) == out, payload
        try:
            check(out)
        except AssertionError as error:
            raise AssertionError(f"{payload!r} → {out!r}: {error}") from error


def test_images_of_every_payload_are_mapped_without_harm() -> None:
    for payload in ALL[::5]:
        out = map_images(clean(payload, base=BASE), lambda url: f'/img/"><script>{url}')
        assert active(out) is None, payload


def test_text_of_every_payload_is_one_line_without_controls() -> None:
    for payload in ALL:
        text = clean_text(payload)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text), payload
        assert len(summary_of(SafeHtml(payload))) <= 300
