"""The batch commands address and replay: what they answer, and that nothing makes them fail."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.threats.versions import FEED, document, item
from workers.batch import perform

ODD = st.text(st.sampled_from("0123456789abcdefx.:/@[]%\\?# 。①⓪\t\n-_~é\u200b\u00ad\ufeff\x00"), max_size=40)


def ask(what: str, **values: object) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(perform(what, json.dumps({"id": 7, **values}).encode()))
    assert answer["id"] == 7
    return answer


def body(*numbers: int, **changes: object) -> dict[str, str]:
    return {"body": base64.b64encode(document([item(number, **changes) for number in numbers])).decode()}


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://example.org/feed", "public"),
        ("HTTPS://Example.ORG:8443/a b", "public"),
        ("http://user:word@example.org/", "public"),
        ("http://münchen.example/", "public"),
        ("http://हिन्दी.example/", "public"),
        ("http://i❤.example/", "public"),
        ("http://metadata.google.internal/", "public"),
        ("http://1.1.1.1/", "public"),
        ("http://[2606:4700::1111]/", "public"),
        ("http://example.org#@127.0.0.1/", "public"),
        ("http://127.0.0.1#@example.org/", "refused"),
        ("http://127.0.0.1?@example.org/", "refused"),
        ("//example.org/", "refused"),
        ("example.org", "refused"),
        ("mailto:a@example.org", "refused"),
        ("feed:https://example.org/", "refused"),
        ("http://256.1.1.1/", "refused"),
        ("http://example.org:99999/", "refused"),
        ("http://[v1.x]/", "refused"),
        ("http://12７.0.0.1/", "refused"),
        ("http://127.0.0\u00ad.1/", "refused"),
        ("", "refused"),
    ],
)
def test_addresses(url: str, verdict: str) -> None:
    answer = ask("address", url=url)
    assert answer["verdict"] == verdict
    assert (answer["reason"] is None) == (verdict == "public")


@given(st.one_of(st.text(max_size=60), ODD.map(lambda text: f"http://{text}"), ODD.map(lambda text: f"http://{text}/")))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_address_fail(url: str) -> None:
    assert ask("address", url=url)["verdict"] in ("public", "refused")


def test_a_line_that_cannot_be_used() -> None:
    bad: list[dict[str, object]] = [
        {},
        {"feed": FEED},
        {"feed": 3, "fetches": []},
        {"feed": "x", "fetches": []},
        {"feed": FEED, "fetches": {}},
        {"feed": FEED, "fetches": [], "read_after": [1]},
        {"feed": FEED, "fetches": [], "read_after": {"a": []}},
    ]
    for values in bad:
        assert ask("replay", **values)["error"]["kind"] == "invalid"
    assert ask("address")["error"]["kind"] == "invalid"


def test_fetches_and_entries() -> None:
    fetches = [body(3, 2, 1), body(3, 2, 1), body(4, 3, 2), {"file": "/nowhere"}, 5, {"body": "bm8gZmVlZA=="}, body(4)]
    answer = ask("replay", feed=FEED, fetches=fetches, read_after={"0": [item(1).guid], "2": [item(4).guid, "unknown"]})
    assert answer["fetches"][:3] == [
        {"new": 3, "updated": 0, "same": 0},
        {"new": 0, "updated": 0, "same": 3},
        {"new": 1, "updated": 0, "same": 2},
    ]
    assert [fetch["error"]["kind"] for fetch in answer["fetches"][3:6]] == ["invalid", "invalid", "not_a_feed"]
    assert answer["fetches"][6] == {"new": 0, "updated": 0, "same": 1}
    assert answer["entries"] == [
        {"uid": item(n).guid, "url": item(n).link, "title": item(n).title, "read": n in (1, 4)} for n in range(1, 5)
    ]


def test_a_change_is_an_update_and_stays_read() -> None:
    fetches = [body(1, 2), body(1, 2, text="<p>Corrected.</p>")]
    answer = ask("replay", feed=FEED, fetches=fetches, read_after={"0": [item(1).guid]})
    assert answer["fetches"][1] == {"new": 0, "updated": 2, "same": 0}
    assert [entry["read"] for entry in answer["entries"]] == [True, False]


def test_an_id_that_several_bear_means_them_all() -> None:
    fetches = [body(1, 2, 3, guid="same"), body(2, 3, 4, guid="same")]
    answer = ask("replay", feed=FEED, fetches=fetches, read_after={"0": ["same"]})
    assert [(entry["uid"], entry["read"]) for entry in answer["entries"]] == [("same", True)] * 3 + [("same", False)]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=3))
@settings(max_examples=25, deadline=None)
def test_no_bytes_make_replay_fail(documents: list[bytes]) -> None:
    good = document([item(1)])
    fetches = [{"body": base64.b64encode(text).decode()} for each in documents for text in (each, good + each)]
    answer = ask("replay", feed=FEED, fetches=fetches)
    kinds = {fetch["error"]["kind"] for fetch in answer["fetches"] if "error" in fetch}
    assert kinds <= {"not_a_feed", "encoding", "too_large"}, kinds
