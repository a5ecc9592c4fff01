"""crash: kill -9 of the whole program again and again while feeds are pulled and entries marked.

After every kill the store must hold each entry at most once, in seqs without holes, and every read mark that was
acknowledged. After the last one the program must put itself right: every feed pulled, every entry there, no lease left.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pyroaring import BitMap

from reader.container import open_mappers
from reader.mappers import Mappers
from reader.settings import Settings
from tests.helpers.site import Site, SiteFeed
from tests.helpers.victim import Victim, free_port
from tests.prove import Say

FEEDS, SHORT_FEEDS = 200, 60
KILLS, SHORT_KILLS = 20, 3
ENTRIES = 15
FETCH_TIMEOUT = 3  # leases of pulls outlive it by 30 s
PATIENCE = 120.0
PASSWORD = "correct horse battery"


@dataclass
class State:
    """What must be true of the store, whatever happens."""

    data: Path
    site: Site
    feeds: dict[int, SiteFeed] = field(default_factory=dict)
    user_id: int = 0
    marked: set[int] = field(default_factory=set)  # entry ids whose mark was acknowledged
    asked: int = 0


@contextlib.asynccontextmanager
async def store(state: State) -> AsyncIterator[Mappers]:
    mappers = await open_mappers(Settings(data=state.data))
    try:
        await mappers.migrate()
        yield mappers
    finally:
        await mappers.close()


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    chance = random.Random(seed)
    kills = SHORT_KILLS if short else KILLS
    with tempfile.TemporaryDirectory(prefix="evantr-crash-") as folder, Site("127.0.0.4") as site:
        state = State(Path(folder) / "data", site)
        victim = Victim(state.data, free_port(), fetch_timeout=str(FETCH_TIMEOUT), log_level="warning")
        token = await _prepare(state, victim, SHORT_FEEDS if short else FEEDS, chance)
        try:
            passed = 0
            for number in range(1, kills + 1):
                passed += await _round(state, victim, token, chance, say, number)
            passed += await _recovers(state, victim, say)
        finally:
            victim.kill()
    return passed, kills + 1


async def _prepare(state: State, victim: Victim, feeds: int, chance: random.Random) -> str:
    victim.command("user", "add", "ada", "--password", PASSWORD)
    token = victim.command("token", "add", "ada").strip().splitlines()[-1]
    now = time.time()
    async with store(state) as mappers:
        user = await mappers.users.by_name("ada")
        assert user is not None
        state.user_id = user.id
        for number in range(feeds):
            feed = state.site.feed(f"/{number}.xml", f"Feed {number}", delay=chance.choice((0, 0.05, 0.2)))
            feed.publish_many(ENTRIES, newest=now - 60)
            row, _ = await mappers.feeds.create(feed.url, title="", site_url=None, description=None, now=now)
            await mappers.subscriptions.subscribe(user.id, row.id, folder_id=None, title=None, unread=10_000, now=now)
            state.feeds[row.id] = feed
    return token


async def _round(state: State, victim: Victim, token: str, chance: random.Random, say: Say, number: int) -> bool:
    """Publish, make everything due, start, mark, kill, look."""
    for feed in chance.sample(list(state.feeds.values()), len(state.feeds) // 4):
        feed.publish()
    async with store(state) as mappers:
        for feed_id in state.feeds:
            await mappers.feeds.make_due(feed_id, time.time())
    started = await asyncio.to_thread(victim.start)
    marking = asyncio.create_task(_mark(state, victim, token, chance))
    await asyncio.sleep(chance.uniform(0.05, 2.5))
    victim.kill()
    marking.cancel()
    await asyncio.gather(marking, return_exceptions=True)
    async with store(state) as mappers:
        wrong = await _violations(state, mappers)
        entries = (await mappers.feeds.stats(time.time()))["entries"]
    marks = len(state.marked)
    say(f"kill {number}: started in {started:.1f} s, {entries} entries, {marks} marks; {wrong or 'all is well'}")
    return not wrong


async def _mark(state: State, victim: Victim, token: str, chance: random.Random) -> None:
    """Read as a hasty reader does. Only what was answered counts."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=victim.address, headers=headers, timeout=5) as client:
        while True:
            try:
                query: dict[str, str | int] = {"scope": "all", "show": "unread", "limit": 50, "content": "false"}
                page = (await client.get("/api/v1/entries", params=query)).raise_for_status().json()
                ids = [entry["id"] for entry in page["entries"]]
                some = chance.sample(ids, min(len(ids), chance.randrange(1, 8)))
                if some:
                    state.asked += len(some)
                    answer = await client.post("/api/v1/entries/mark", json={"ids": some, "read": True})
                    answer.raise_for_status()
                    state.marked.update(some)
            except httpx.TransportError:
                await asyncio.sleep(0.01)  # it was killed, or is not up yet
            await asyncio.sleep(0.005)


async def _violations(state: State, mappers: Mappers) -> str:
    """What is wrong with the store, in words; "" when nothing is."""
    read = await _read_sets(state, mappers)
    seen: set[int] = set()
    for feed_id, source in state.feeds.items():
        feed = await mappers.feeds.get(feed_id)
        assert feed is not None
        spots = (await mappers.entries.positions([(feed_id, 1, feed.seq)])).get(feed_id, [])
        if [spot.seq for spot in spots] != list(range(1, feed.seq + 1)):
            return f"feed {feed_id} has holes or doubles"
        entries = await mappers.entries.many([spot.id for spot in spots])
        uids = [entry.uid for entry in entries]
        if len(uids) != len(set(uids)) or not set(uids) <= {item.id for item in source.items}:
            return f"feed {feed_id} holds an entry twice, or one that never was"
        lost = [spot.id for spot in spots if spot.id in state.marked and spot.seq not in read[feed_id]]
        if lost:
            return f"read marks of feed {feed_id} are lost: {lost}"
        seen.update(spot.id for spot in spots)
    missing = state.marked - seen
    return f"entries that were marked have vanished: {sorted(missing)[:5]}" if missing else ""


async def _read_sets(state: State, mappers: Mappers) -> dict[int, BitMap]:
    delta = await mappers.subscriptions.delta(state.user_id, 0, 0)
    return {each.feed_id: BitMap.deserialize(each.read) if each.read else BitMap() for each in delta.subscriptions}


async def _recovers(state: State, victim: Victim, say: Say) -> bool:
    """Started once more and left alone, the program finds everything by itself."""
    await asyncio.to_thread(victim.start)
    start = time.monotonic()
    wrong = "not looked at yet"
    while wrong and time.monotonic() - start < PATIENCE:
        await asyncio.sleep(1)
        async with store(state) as mappers:
            wrong = await _unfinished(state, mappers)
    code, seconds = await asyncio.to_thread(victim.stop)
    say(f"recovered after {time.monotonic() - start:.0f} s, ended by SIGTERM in {seconds:.1f} s ({code})")
    if wrong:
        say(f"after {PATIENCE:.0f} s: {wrong}")
        return False
    async with store(state) as mappers:
        wrong = await _violations(state, mappers)
    if wrong:
        say(wrong)
    return not wrong and code == 0


async def _unfinished(state: State, mappers: Mappers) -> str:
    now = time.time()
    for feed_id, source in state.feeds.items():
        feed, schedule = await mappers.feeds.get(feed_id), await mappers.feeds.schedule(feed_id)
        assert feed is not None and schedule is not None
        if schedule.lease_until > 0 or schedule.next_pull_at <= now:
            return f"feed {feed_id} is not pulled yet"
        if schedule.error or feed.state != "active":
            return f"feed {feed_id} fails: {schedule.error}"
        if feed.seq != len(source.items):
            return f"feed {feed_id} has {feed.seq} of {len(source.items)} entries"
    return ""
