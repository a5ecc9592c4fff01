from __future__ import annotations

import pytest

from reader.gateways.local import Target, local_target, own_host

HOSTS = ["read.example.org", "evantr.test:8000", ""]


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("@ada", Target("ada")),
        (" @Ada-2 ", Target("Ada-2")),
        ("/u/ada", Target("ada")),
        ("/u/ada/", Target("ada")),
        ("/u/ada.atom", Target("ada")),
        ("/u/ada/Boats", Target("ada", "boats")),
        ("/u/ada/boats.json?archive=2#top", Target("ada", "boats")),
        ("/u/%61da", Target("ada")),
        ("https://read.example.org/u/ada/boats.rss", Target("ada", "boats")),
        ("http://user@READ.example.org/u/ada", Target("ada")),
        ("read.example.org/u/ada", Target("ada")),
        ("evantr.test:8000/u/ada", Target("ada")),
        ("feed://read.example.org/u/ada.atom", Target("ada")),
    ],
)
def test_addresses_of_this_instance(typed: str, target: Target) -> None:
    assert local_target(typed, HOSTS) == target


@pytest.mark.parametrize(
    "typed",
    [
        "", "@", "@@ada", "@ada@else.example", "@-ada", "@ada/boats", "ada", "/", "/u/", "/u/ada/b/c", "/feed/7",
        "/u/ada/b c", "/u/" + "a" * 33, "evantr.test/u/ada", "https://else.example/u/ada",
        "ftp://read.example.org/u/ada", "//u/ada", "https://read.example.org.else.example/u/ada", "http:///u/ada",
        "http://[::1/u/ada", "https://read.example.org/", "gazette.example",
    ],
)  # fmt: skip
def test_everything_else_is_none_of_them(typed: str) -> None:
    assert local_target(typed, HOSTS) is None


def test_the_host_of_the_public_address() -> None:
    assert own_host("https://Read.example.org/") == "read.example.org"
    assert own_host("http://127.0.0.1:8000") == "127.0.0.1:8000"
    assert own_host("") == ""
