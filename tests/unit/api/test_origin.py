"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from api.origin import believed, client_behind, foreign, is_loopback, place

OWN = frozenset({"read.example"})
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("netloc", "expected"),
    [
        ("Read.Example", "read.example"),
        ("read.example:443", "read.example"),
        ("read.example:80", "read.example"),
        ("read.example:8000", "read.example:8000"),
        ("read.example:8080", "read.example:8080"),
        ("user@read.example", "read.example"),
        ("[::1]:8000", "[::1]:8000"),
        ("", ""),
    ],
)
def test_place(netloc: str, expected: str) -> None:
    assert place(netloc) == expected


@pytest.mark.parametrize(
    ("headers", "strict", "expected"),
    [
        ({"origin": "https://read.example"}, True, False),
        ({"origin": "http://read.example"}, True, False),
        ({"origin": "https://read.example:443"}, True, False),
        ({"origin": "https://read.example:444"}, False, True),
        ({"origin": "null"}, False, True),
        ({"origin": ""}, False, True),
        ({"origin": "read.example"}, False, True),
        ({"origin": "file://read.example"}, False, True),
        ({"origin": "https://read.example.evil"}, False, True),
        ({"origin": "https://evil/?https://read.example"}, False, True),
        ({"origin": "https://read.example@evil"}, False, True),
        ({"origin": "https://[bad"}, False, True),
        ({"origin": "https://evil", "sec-fetch-site": "same-origin"}, False, True),
        ({"sec-fetch-site": "same-origin"}, True, False),
        ({"sec-fetch-site": "none"}, True, False),
        ({"sec-fetch-site": "same-site"}, False, True),
        ({"sec-fetch-site": "cross-site"}, False, True),
        ({"referer": "https://read.example/a?b"}, True, False),
        ({"referer": "https://evil/read.example"}, False, True),
        ({"referer": ""}, False, True),
        ({}, True, True),
        ({}, False, False),
    ],
)
def test_foreign(headers: dict[str, str], strict: bool, expected: bool) -> None:
    raw = {name.encode(): value.encode() for name, value in headers.items()}
    assert foreign(raw, OWN, strict=strict) is expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", ["1.2.3.4"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.9"], "192.0.2.9"),
        ("10.0.0.1", ["6.6.6.6, 192.0.2.9"], "192.0.2.9"),
        ("10.0.0.1", ["6.6.6.6, 192.0.2.9, 10.0.0.2"], "192.0.2.9"),
        ("10.0.0.1", ["6.6.6.6", "192.0.2.9"], "192.0.2.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("fd00::1", ['"2001:DB8::1"'], "2001:db8::1"),
        ("", ["192.0.2.9"], ""),
        ("unix", ["192.0.2.9"], "unix"),
    ],
)
def test_client_behind(peer: str, forwarded: list[str], expected: str) -> None:
    assert client_behind(peer, forwarded, PROXIES) == expected


def test_nobody_is_believed_by_default() -> None:
    assert not believed("127.0.0.1", ())
    assert client_behind("127.0.0.1", ["6.6.6.6"], ()) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("", False),
        ("fe80::1%eth0", False),
    ],
)
def test_is_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
