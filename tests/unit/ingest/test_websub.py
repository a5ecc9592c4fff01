from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.websub import Ends, discover, is_signed, links, same_place, sign, with_query

BASE = "https://site.example/feeds/main.xml"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://h.example/>; rel="hub"', [("hub", "https://h.example/")]),
        ("</feed>;rel=self", [("self", "https://site.example/feed")]),
        ("<feed>; REL=Self , <//h.example>; rel=HUB", [("self", "https://site.example/feeds/feed"),
                                                        ("hub", "https://h.example")]),
        ('<https://h.example/a,b;c>; title="x, \\"<y>\\"; z"; rel="hub other"', [("hub", "https://h.example/a,b;c"),
                                                                                ("other", "https://h.example/a,b;c")]),
        ('<https://a.example/>; rel=hub; rel=self', [("hub", "https://a.example/")]),
        ('<https://a.example/>; rel=hub; anchor="#x"', []),
        ("<https://a.example/>", []),
        ("<javascript:alert(1)>; rel=hub, <https://a.example/>; rel=hub", [("hub", "https://a.example/")]),
        ("https://a.example/; rel=hub", []),
        ("<https://a.example/; rel=hub", []),
        ("<https://a.example/>; rel=hub <https://b.example/>; rel=hub", [("hub", "https://a.example/")]),
        ("", []),
    ],
)  # fmt: skip
def test_links(header: str, expected: list[tuple[str, str]]) -> None:
    assert list(links(header, BASE)) == expected


@given(st.text(alphabet='<>;,="\\ relhub/:a\t', max_size=300))
def test_any_header_can_be_read(header: str) -> None:
    for relation, url in links(header, BASE):
        assert relation == relation.lower()
        assert url.startswith(("http://", "https://"))


def test_a_long_header_of_nothing_is_no_trap() -> None:
    """Each of these made a naive expression try all ways to split it."""
    for part in (";a   ", '; a="', "<a>,", "<a>;", "\\\\", '<a>;rel="\\'):
        assert list(links("<a>" + part * 200_000 + "!", BASE)) == []


def test_discovery() -> None:
    header = {"link": '<https://h.example/>; rel="hub", <https://t.example/>; rel="self"'}
    assert discover(header, BASE, "https://other.example/", "https://other.example/me") == Ends(
        "https://h.example/", "https://t.example/"
    )
    assert discover({}, BASE, "https://h.example/", "https://t.example/") == Ends(
        "https://h.example/", "https://t.example/"
    )
    assert discover({}, BASE, "https://h.example/", None) == Ends("https://h.example/", BASE)
    assert discover({}, BASE, None, "https://t.example/") is None
    first = {"link": "<https://1.example/>; rel=hub, <https://2.example/>; rel=hub"}
    assert discover(first, BASE, None, "https://t.example/") == Ends("https://1.example/", "https://t.example/")


def test_signatures() -> None:
    """RFC 4231, test case 2, and the same key and data under SHA-1 (RFC 2202, test case 2)."""
    body, key = b"what do ya want for nothing?", "Jefe"
    assert sign(body, key) == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    right = (
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a3"
        "4d4a6b4b636e070a38bce737",
    )
    for header in right:
        assert is_signed(body, key, header)
        assert is_signed(body, key, f"  {header.upper()}  ")
        assert not is_signed(body + b"!", key, header)
        assert not is_signed(body, key + "!", header)
        assert not is_signed(body, key, header[:-1])
    assert not is_signed(body, key, "md5=750c783e6ab0b503eaa86e310a5db738")
    for wrong in (None, "", "sha256", "=", "sha256=", "sha256=ü", right[1][7:]):
        assert not is_signed(body, key, wrong)


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        ("https://a.example/", "https://a.example/?hub.mode=x%26y"),
        ("https://a.example/?", "https://a.example/?hub.mode=x%26y"),
        ("https://a.example/?q=1&r=%20", "https://a.example/?q=1&r=%20&hub.mode=x%26y"),
        ("https://a.example/?q=1&", "https://a.example/?q=1&hub.mode=x%26y"),
        ("https://a.example/?hub.mode=z", "https://a.example/?hub.mode=z&hub.mode=x%26y"),
    ],
)
def test_callbacks_keep_their_query(callback: str, expected: str) -> None:
    assert with_query(callback, {"hub.mode": "x&y"}) == expected


def test_same_place() -> None:
    assert same_place("http://www.a.example/feed/", "https://a.example/feed")
    assert not same_place("https://a.example/feed?x=1", "https://a.example/feed")
    assert not same_place("https://a.example/feed", "https://b.example/feed")
