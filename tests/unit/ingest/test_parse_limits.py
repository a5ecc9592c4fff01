"""Documents made to take time or memory, and the limits that stop them (threats: checks 12 and 14, poison set 2B)."""

from __future__ import annotations

import multiprocessing
import resource
import socket
import time
from collections.abc import Callable
from typing import NoReturn

import pytest

from benchmarks.corpus import documents
from reader.errors import Upstream
from reader.ingest.parse import parse

URL = "https://example.org/feed.xml"
ITEM = b"<item><title>a</title></item>"


def rss(inner: bytes, head: bytes = b"") -> bytes:
    return head + b'<rss version="2.0"><channel><title>t</title>' + inner + b"</channel></rss>"


LAUGHS = b"<!DOCTYPE rss [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
) + b"]>"  # fmt: skip
REFUSED: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: rss(b"<item><title>&a11;</title></item>", LAUGHS),
    "quadratic entities": lambda: rss(
        b"<item><title>" + b"&a;" * 1000 + b"</title></item>", b"<!DOCTYPE r [<!ENTITY a '" + b"x" * 100_000 + b"'>]>"
    ),
    "100,000 entities": lambda: rss(
        ITEM, b"<!DOCTYPE r [" + b"".join(b"<!ENTITY a%d 'x'>" % n for n in range(100_000)) + b"]>"
    ),
    "a comment of 2 MB": lambda: rss(b"<!--" + b"x" * 2_000_000 + b"-->" + ITEM),
    "a comment of 8 MB": lambda: rss(b"<!--" + b"x" * 8_000_000 + b"-->" + ITEM),
    "a text of 19 MB": lambda: rss(b"<item><title>" + b"word " * 3_800_000 + b"</title></item>"),
    "21 MB": lambda: b" " * 21_000_000,
    "20,000 nested tags": lambda: rss(b"<item>" + b"<div>" * 20_000 + b"</div>" * 20_000 + b"</item>"),
    "100,000 entries": lambda: rss(ITEM * 100_000),
    "a million tags": lambda: rss(b"<a/>" * 1_000_000),
    "60,000 attributes": lambda: rss(b"<item " + b" ".join(b'a%d="1"' % n for n in range(60_000)) + b"/>"),
    "nested JSON": lambda: b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"[" * 500_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_check_12_and_14_over_a_limit_is_too_large(name: str) -> None:
    body = REFUSED[name]()
    start = time.process_time()
    with pytest.raises(Upstream) as caught:
        parse(body, url=URL)
    assert caught.value.kind == "too_large"
    assert time.process_time() - start < 2


BEARABLE: dict[str, bytes] = {
    "CDATA without end": rss(b"<item><title>x<![CDATA[y</title></item>" * 9000),
    "comments without end": rss((b"<!-- " + ITEM) * 9000),
    "quotes without end": rss(b'<item a="' * 9000),
    "less-thans": rss(b"<" * 1_000_000),
    "ampersands": rss(b"&" * 1_000_000),
    "stray ends": rss(b"</item>" * 100_000),
    "undeclared prefixes": rss(b"".join(b"<p%d:x>y</p%d:x>" % (n, n) for n in range(9000)) + ITEM),
    "names without end": rss(b"".join(b"<n%d>" % n for n in range(30_000)) + ITEM),
    "doctypes": b"<!DOCTYPE " * 100_000,
    "a subset without end": b"<!DOCTYPE rss [" + b"<!--" * 100_000 + rss(ITEM),
    "links": rss(b"<item>" + b"<link>javascript:x</link>" * 30_000 + b"</item>"),
    "an address of 1 MB": rss(b"<item><link>http://x/" + b"a" * 1_000_000 + b"</link></item>"),
}


@pytest.mark.parametrize("name", BEARABLE)
def test_check_14_what_is_within_the_limits_takes_bearable_time(name: str) -> None:
    start = time.process_time()
    try:
        parse(BEARABLE[name], url=URL)
    except Upstream as error:
        assert error.kind in ("not_a_feed", "too_large")
    assert time.process_time() - start < 2


def test_check_12_memory_is_bounded() -> None:
    """Each document within 50 MB over what the document itself takes, under a limit that the kernel holds."""
    context = multiprocessing.get_context("spawn")
    for name in ("billion laughs", "quadratic entities", "20,000 nested tags", "100,000 entities"):
        process = context.Process(target=_within, args=(REFUSED[name](), 50_000_000))
        process.start()
        process.join(60)
        assert process.exitcode == 0, name


def _within(body: bytes, more: int) -> None:
    parse(rss(ITEM), url=URL)  # libraries are loaded
    try:
        parse(rss(b"<item><title>a</titel>\xff"), url=URL)
    finally:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))
    with pytest.raises(Upstream):
        parse(body, url=URL)


@pytest.mark.parametrize(
    "body",
    [
        rss(b"<item><title>&x;</title></item>", b'<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>'),
        rss(ITEM, b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">'),
        rss(ITEM, b'<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
        rss(ITEM, b'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/s.xsl"?>'),
        rss(b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:9/i"/>' + ITEM),
        rss(b"<item><title>a</titel></item>", b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">'),
    ],
)
def test_check_12_nothing_reaches_the_network(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert len(parse(body, url=URL).entries) == 1


def test_all_entries_of_the_corpus_are_found() -> None:
    """The 19 kinds of damage included; `make bench` does it for all 1,000 feeds."""
    damaged = set()
    for document in documents(150):
        parsed = parse(document.body, url=document.url, content_type=document.content_type)
        assert len(parsed.entries) == 20, document.damage
        damaged.add(document.damage)
    assert len(damaged) == 20
