"""Check 12: entities that multiply or come from outside, XInclude, DTDs: under 2 s, and nothing else is read."""

from __future__ import annotations

import base64
import json
import time

import pytest

from tests.threats.measure import growth_of
from workers.batch import perform

ITEM = "<item><guid>g</guid><title>{title}</title><link>https://x.example/1</link></item>"


def rss(doctype: str, title: str, more: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{doctype}<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel>'
        f"<title>T</title>{more}{ITEM.format(title=title)}</channel></rss>"
    )


LAUGHS = "".join(f"<!ENTITY l{n} '" + f"&l{n - 1};" * 10 + "'>" for n in range(1, 12))
BOMBS = {
    "billion laughs": rss(f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>', "&l11;"),
    "quadratic": rss(f'<!DOCTYPE rss [<!ENTITY a "{"a" * 100_000}">]>', "&a;" * 50_000),
    "parameters": rss('<!DOCTYPE rss [<!ENTITY % a "<!ENTITY b \'x\'>"><!ENTITY % c "%a;%a;%a;">%c;]>', "&b;"),
    "recursion": rss('<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
    "a file": rss('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "an address": rss('<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.2:9/x">]>', "&x;"),
    "a DTD": rss('<!DOCTYPE rss SYSTEM "http://127.0.0.2:9/x.dtd">', "&x;"),
    "a DTD file": rss('<!DOCTYPE rss SYSTEM "file:///etc/passwd">', "t"),
    "a parameter from outside": rss('<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.2:9/x">%x;]>', "t"),
    "XInclude": rss("", "t", '<xi:include href="file:///etc/passwd" parse="text"/>'),
    "attributes": rss("", "t", "<x " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"),
    "namespaces": rss("", "t", "<x " + " ".join(f'xmlns:n{n}="u{n}"' for n in range(20_000)) + "/>"),
    "one long comment": rss("", "t", f"<!--{'x' * 8_000_000}-->"),
    "deep": rss("", "t", "<a>" * 100_000),
    "a stylesheet": '<?xml-stylesheet href="file:///etc/passwd" type="text/xsl"?>' + rss("", "t"),
}


def line(text: str) -> bytes:
    body = base64.b64encode(text.encode()).decode()
    return json.dumps({"id": 1, "body": body, "url": "https://x.example/feed"}).encode()


@pytest.mark.parametrize("name", BOMBS)
def test_within_two_seconds_and_nothing_leaks(name: str) -> None:
    start = time.process_time()
    answer = json.loads(perform("parse", line(BOMBS[name])))
    assert time.process_time() - start < 2
    assert "root:" not in json.dumps(answer)
    assert "entries" in answer or answer["error"]["kind"] in ("not_a_feed", "too_large"), answer
    assert len(json.dumps(answer)) < 100_000


async def test_memory_files_and_network() -> None:
    grown = await growth_of("""
        import tests.threats.test_12_xml_bombs as check
        from workers.batch import perform
        perform("parse", check.line(check.rss("", "warm")))
        perform("parse", check.line("<rss><channel><item><title>&nbsp;</b>"))
        lines = {name: check.line(text) for name, text in check.BOMBS.items()}
        check.BOMBS.clear()
        touched = []
        def watch(event, arguments):
            if event in ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen"):
                touched.append((event, str(arguments[:1])))
        sys.addaudithook(watch)
        before()
        for name, line in lines.items():
            perform("parse", line)
        bad = [each for each in touched if "site-packages" not in each[1] and "/lib/python" not in each[1]
               and "/reader/" not in each[1] and "/workers/" not in each[1]]
        assert not bad, bad
        """)
    assert grown < 50 + 30, f"{grown:.0f} MB"  # the longest document is 8 MB, as text and as bytes
