"""Check 28: XSS payloads × sinks. Hostile feeds are subscribed to and pulled by the real program; then every page,
every route of the API, every file it gives away and every error is fetched and judged. 0 findings, and a content
security policy on 100 % of HTML."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.helpers import hostile
from tests.helpers.app import Person, World
from tests.helpers.payloads import payloads, some
from tests.helpers.sinks import CONTROLS, judge
from tests.helpers.site import Site
from tests.rules.test_routes import filled, walk

ENDLESS = re.compile(r"stream|/events|/live|/wait|/ws")
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[|\{")
FEEDS = {
    "/rss": (hostile.rss, "application/rss+xml"),
    "/atom": (hostile.atom, "application/atom+xml"),
    "/json": (hostile.jsonfeed, "application/feed+json"),
}


async def subscribed(world: World, ada: Person, site: Site) -> tuple[list[int], list[int]]:
    """Ids of the hostile feeds and of all their entries, after the real way in: found, subscribed, pulled."""
    folder = (await ada.http.post("/api/v1/folders", json={"title": "<script>hit()</script>"})).json()["id"]
    feeds: list[int] = []
    entries: list[int] = []
    async with world.working():
        for path, (make, kind) in FEEDS.items():
            site.put(path, make(), kind)
            found: dict[str, Any] = {"wait": True}
            while found["wait"]:
                answer = await ada.http.post("/api/v1/discover", json={"url": site.url(path), "wait": 10})
                judge(answer, "discover")
                found = answer.json()
            wanted = {"url": found["feeds"][0]["url"], "folder_id": folder}
            answer = await ada.http.post("/api/v1/subscriptions", json=wanted)
            assert answer.status_code in (200, 201), answer.text
            judge(answer, "subscription")
            feeds.append(answer.json()["feed_id"])
            for _ in range(200):
                new = await world.entry_ids(ada, f"feed/{feeds[-1]}")
                if len(new) >= hostile.ENTRIES - 2:
                    break
                await asyncio.sleep(0.1)
            entries += new
    return feeds, entries


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.9") as made:
        yield made


async def test_hostile_feeds_do_nothing_in_any_sink(
    world: World, ada: Person, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    feeds, entries = await subscribed(world, ada, site)
    assert len(entries) >= 3 * hostile.ENTRIES - 6
    assert len(set(payloads())) > 10_000 > 0 and len(entries) * hostile.PER_ENTRY > 10_000
    seen: Counter[str] = Counter()

    async def get(address: str, http: httpx.AsyncClient = ada.http, **options: object) -> None:
        answer = await http.get(address, **options)  # type: ignore[arg-type]
        judge(answer, address)
        seen[answer.headers.get("content-type", "").split(";")[0]] += 1

    imported = await ada.http.post(
        "/api/v1/imports?name=<script>hit()</script>.opml",
        content=hostile.opml(),
        headers={"Content-Type": "text/x-opml"},
    )
    assert imported.status_code == 201
    judge(imported, "import")
    for act in ("star", "later"):
        for entry in entries[::5]:
            await ada.http.post("/do/entry", data={act: str(entry), "back": "/"})
    for method, path in walk(world.app.routes):
        if method != "GET" or ENDLESS.search(path):
            continue
        for number in {feeds[0], feeds[2], entries[0], entries[-1]}:
            address = filled(path, id=number, feed_id=number)
            await get(address + "?since=0")
            await get(address, headers={"X-Fragment": "1"})
            await get(address, ada.program)
    for entry in entries:
        await get(f"/entry/{entry}?in=all")
        await get(f"/api/v1/entries/{entry}")
    for scope in ("all", "starred", *(f"feed/{feed}" for feed in feeds)):
        for start in range(3):
            await get(f"/list?scope={scope}&after={start}")
        await get(f"/api/v1/entries?scope={scope}&limit=200&content=true")
    for part in ("", "/items"):
        await get(f"/api/v1/imports/{imported.json()['id']}{part}")
    exported = await ada.http.get("/api/v1/export/opml")
    judge(exported, "export")
    assert len(re.findall(rb"xmlUrl=", exported.content)) >= 3
    for line in capfd.readouterr().out.splitlines():  # FreshRSS #7883: nobody writes lines into our log
        assert LOG_LINE.match(line) and not CONTROLS.search(line), line[:300]
    assert seen["text/html"] > 300 and seen["application/json"] > 150


async def test_errors_say_nothing_active(world: World, ada: Person) -> None:
    """Payloads as addresses, parameters and bodies: 4xx in words, with the same headers."""
    for payload in some(120):
        for http in (ada.http, ada.program):
            for answer in (
                await http.get("/add", params={"url": payload}),
                await http.get(
                    "/nowhere/"
                    + payload.replace("/", "").replace("\\", "")[:200].encode("ascii", "ignore").hex()
                    + "<script>"
                ),
                await http.get("/api/v1/entries", params={"scope": payload, "after": payload}),
                await http.get("/search", params={"q": payload}),
                await http.get("/", params={"after": payload, "show": payload, "order": payload}),
            ):
                assert answer.status_code < 500, payload
                judge(answer, f"{answer.request.url} {payload!r}")


async def test_what_readers_name_is_shown_as_text(world: World, ada: Person) -> None:
    for payload in some(40, seed=3):
        answer = await ada.http.post("/api/v1/folders", json={"title": payload})
        assert answer.status_code < 500
        judge(answer, payload)
    for address in ("/", "/manage", "/settings", "/add", "/sidebar?all=1", "/api/v1/sidebar", "/api/v1/folders"):
        judge(await ada.http.get(address), address)


async def test_a_broken_hostile_site_is_reported_as_text(world: World, ada: Person, site: Site) -> None:
    """What a publisher's server says when it fails is shown on the health page, never more than its words."""
    feed = await world.feed("gazette", entries=1, readers=[ada])
    bad = "<script>hit()</script>\u202e"
    site.put("/gone", bad, "text/html; charset=<script>hit()</script>", status=410)
    async with world.working():
        judge(
            await ada.http.post("/api/v1/discover", json={"url": site.url("/gone?" + "<script>hit()</script>")}),
            "discover",
        )
        judge(await ada.http.get("/add", params={"url": site.url("/gone?<script>hit()</script>")}), "add")
    judge(await ada.http.get(f"/feed/{feed}/health"), "health")
