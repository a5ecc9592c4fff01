"""Floors of an import and of a round: each step by itself, with the least code, one process, CPU seconds."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import lxml.html
import orjson
from lxml import etree

from benchmarks.corpus import documents
from benchmarks.feedserver import url_of

IN_FLIGHT = 50
TABLES = """
CREATE TABLE entry (id INTEGER PRIMARY KEY, feed INTEGER, seq INTEGER, at REAL, title TEXT, content TEXT);
CREATE UNIQUE INDEX place ON entry (feed, seq, at);
CREATE INDEX newest ON entry (at);
CREATE VIRTUAL TABLE words USING fts5(title, content, content='');
"""


async def fetch(urls: list[str], tags: dict[str, str]) -> dict[str, str]:
    """Every URL once, IN_FLIGHT at a time; the ETags that came."""
    gate = asyncio.Semaphore(IN_FLIGHT)
    found: dict[str, str] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(url: str) -> None:
            async with gate:
                headers = {"If-None-Match": tags[url]} if url in tags else {}
                async with session.get(url, headers=headers) as answer:
                    await answer.read()
                    if "ETag" in answer.headers:
                        found[url] = answer.headers["ETag"]

        await asyncio.gather(*map(one, urls))
    return found


def parse() -> None:
    for document in documents(COUNT):
        start = time.process_time()
        root = etree.fromstring(document.body, etree.XMLParser(recover=document.damage is not None))
        if not document.damage:
            _ = [
                {child.tag: child.text for child in element}
                for element in root.iter()
                if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in ("item", "entry")
            ]
        SPENT["parse"] += time.process_time() - start
        start = time.process_time()
        for html in document.html:
            lxml.html.tostring(lxml.html.fragment_fromstring(html, create_parent="div"))
        SPENT["html"] += time.process_time() - start


def store(folder: Path) -> None:
    rows = [
        (feed, seq, float(seq), f"Title {seq} of {feed}", html)
        for feed, document in enumerate(documents(COUNT))
        for seq, html in enumerate(document.html)
    ]
    start = time.process_time()
    con = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    con.execute("PRAGMA journal_mode = WAL")
    con.executescript(TABLES)
    con.execute("BEGIN")
    con.executemany("INSERT INTO entry (feed, seq, at, title, content) VALUES (?, ?, ?, ?, ?)", rows)
    con.execute("INSERT INTO words (rowid, title, content) SELECT id, title, content FROM entry")
    con.execute("COMMIT")
    con.close()
    SPENT["store"] += time.process_time() - start


async def fetches() -> None:
    urls = [url_of(number, PORT, HOSTS) for number in range(COUNT)]
    start, wall = time.process_time(), time.perf_counter()
    tags = await fetch(urls, {})
    SPENT["fetch"], SPENT["fetch_wall"] = time.process_time() - start, time.perf_counter() - wall
    start = time.process_time()
    await fetch(urls, tags)
    SPENT["unchanged"] = time.process_time() - start


if __name__ == "__main__":
    import uvloop

    PORT, HOSTS, COUNT = map(int, sys.argv[1:4])
    SPENT = dict.fromkeys(("fetch", "fetch_wall", "unchanged", "parse", "html", "store"), 0.0)
    uvloop.run(fetches())
    parse()
    with tempfile.TemporaryDirectory() as name:
        store(Path(name))
    print(orjson.dumps(SPENT).decode())
