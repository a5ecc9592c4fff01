"""Check 14: entries, titles, addresses and counts beyond all measure: refused or cut with a visible reason."""

from __future__ import annotations

import base64
import time

import pytest

from reader.ingest.parse.model import MAX_CONTENT, MAX_TITLE, MAX_URL
from tests.threats.versions import FEED, Item, Replayed, document, item, replay
from workers.batch.replay import one
from workers.batch.task import Task


def once(body: bytes) -> Replayed:
    answer = one(Task({"feed": FEED, "fetches": [{"body": base64.b64encode(body).decode()}]}))
    return Replayed(answer["fetches"], answer["entries"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "big", [{"text": "x" * 30_000_000}, {"text": "<p>word</p>" * 1_400_000}, {"title": "long " * 2_100_000}]
)
def test_what_is_beyond_measure_is_refused_in_words(big: dict[str, str]) -> None:
    done = once(document([item(1, **big), item(2)]))
    assert done.fetches[0]["error"]["kind"] == "too_large"
    assert done.fetches[0]["error"]["message"].endswith(".")


def test_an_entry_of_6_mb_is_cut() -> None:
    done = replay([[item(1, text="<p>word</p>" * 300_000), item(2)]])
    assert done.new == [2]


def test_a_title_of_5_mb_is_cut() -> None:
    done = replay([[item(1, title="long " * 1_000_000), item(2)]])
    assert done.new == [2]
    assert len(next(entry["title"] for entry in done.entries if entry["url"] == item(1).link)) <= MAX_TITLE + 1


def test_100_000_entries_are_refused_in_words() -> None:
    start = time.process_time()
    done = once(document([Item(title=str(n), guid=str(n)) for n in range(100_000)]))
    assert done.fetches[0]["error"]["kind"] == "too_large"
    assert time.process_time() - start < 10


def test_5_000_entries_twice() -> None:
    entries = [Item(title=f"T {n}", guid=str(n), link=f"https://x.example/{n}") for n in range(5000)]
    done = replay([entries, entries[:4900], list(reversed(entries))])
    assert (sum(done.new), done.updated) == (5000, 0)
    assert done.fetches[1]["same"] == 4900


@pytest.mark.parametrize("size", [MAX_URL + 1, 1_000_000])
def test_an_address_of_a_megabyte(size: int) -> None:
    done = replay([[item(1, link="https://x.example/" + "a" * size, guid="g"), item(2, guid="x" * size), item(3)]] * 2)
    assert (sum(done.new), done.updated) == (3, 0)
    assert [entry["url"] for entry in done.entries if entry["uid"] == "g"] == [None]


def test_20_000_nested_tags() -> None:
    start = time.process_time()
    done = replay([[item(1, text="<div>" * 20_000 + "deep" + "</div>" * 20_000), item(2)]])
    assert done.new == [2]
    assert time.process_time() - start < 5


def test_the_limits_are_what_the_documents_say() -> None:
    assert (MAX_CONTENT, MAX_TITLE, MAX_URL) == (1_000_000, 1000, 4096)
