"""Processor time of Evantr for one of each, on both stores, and what it sends to MongoDB.

Over HTTP, warm, one request after the other: the time of the web process with its threads, not of the database. The
stand-in for MongoDB says nothing about MongoDB's speed; what Evantr itself spends is told by either.
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256

from benchmarks.client import Connection
from benchmarks.feedserver import url_of
from benchmarks.seed import entry
from benchmarks.units.process import Process
from benchmarks.units.world import DAY, World
from reader.models.user import Session, User

SECRET = "benchmark-0123456789-0123456789-0123456789"
BLOCKS = 5
HOSTS = 50
Request = Callable[[], bytes]


@dataclass
class Reader:
    """Somebody who reads all feeds with entries in ten folders; ``other`` feeds have no subscription yet."""

    user: User
    folder: int
    other: list[int]


async def reader_of(world: World) -> Reader:
    """Signed in as SECRET; a third of everything is read."""
    mappers = world.container.mappers
    user = await mappers.users.create("bench", "nobody signs in", now=world.now, admin_if_first=False)
    token = sha256(SECRET.encode()).digest()
    await mappers.users.add_session(Session(token, user.id, world.now, world.now + 90 * DAY))
    folders = [await mappers.subscriptions.add_folder(user.id, f"Folder {n}") for n in range(10)]
    for number, feed_id in enumerate(world.full):
        await mappers.subscriptions.subscribe(
            user.id, feed_id, folder_id=folders[number % 10].id, title=None, unread=1000, now=world.now
        )
    return Reader(user, folders[3].id, [feed_id for feed_id in world.feeds if feed_id not in set(world.full)])


class Requests:
    """The requests that are measured, as one who is signed in by cookie sends them."""

    def __init__(self, connection: Connection, port: int, reader: Reader, world: World) -> None:
        self._connection = connection
        self._headers = {"Cookie": f"evantr_session={SECRET}", "Origin": f"http://127.0.0.1:{port}"}
        self._reader = reader
        self._marks = self._each_mark(world.ids)
        self._others = iter(reader.other)
        self._shared = iter(random.Random(1).sample(world.ids, len(world.ids)))

    def get(self, path: str) -> Request:
        ready = self._connection.request("GET", path, self._headers)
        return lambda: ready

    def post(self, path: str, body: object) -> bytes:
        return self._connection.request("POST", path, self._headers, json.dumps(body).encode())

    def _each_mark(self, ids: list[int]) -> Iterator[bytes]:
        while True:
            for read in (True, False):
                for entry_id in ids:
                    yield self.post("/api/v1/entries/mark", {"ids": [entry_id], "read": read})

    def all(self) -> dict[str, tuple[Request, int]]:
        """By name: what gives the next request, and how many are sent in a block."""
        return {
            "page of a folder, HTML": (self.get(f"/folder/{self._reader.folder}"), 60),
            "list of 20 entries": (self.get("/api/v1/entries?scope=all&limit=20&content=true"), 100),
            "left column": (self.get("/api/v1/sidebar"), 100),
            "unread counters": (self.get("/api/v1/counters"), 100),
            "mark one entry": (lambda: next(self._marks), 100),
            "subscribe": (lambda: self.post("/api/v1/subscriptions", {"feed_id": next(self._others)}), 15),
            "share": (lambda: self.post("/api/v1/shares", {"entry_id": next(self._shared)}), 20),
        }


def requests_cost(
    process: Process, requests: Requests, connection: Connection, part: float, names: Collection[str] = ()
) -> dict[str, float]:
    """Microseconds of the process for each request: the median of blocks, the first of them not counted. ``names``:
    these alone."""
    out = {}
    for name, (following, count) in requests.all().items():
        if names and name not in names:
            continue
        number = max(2, round(count * part))
        blocks = [_block(process, connection, following, number) for _ in range(BLOCKS + 1)]
        out[name] = statistics.median(blocks[1:])
    return out


def _block(process: Process, connection: Connection, following: Request, count: int) -> float:
    before = process.cpu()
    for _ in range(count):
        status, body = connection.send(following())
        if status not in (200, 201):
            raise RuntimeError(f"{status}: {body[:300]!r}")
    return (process.cpu() - before) / count / 1000


async def lists_cost(
    process: Process, connection: Connection, requests: Requests, world: World, count: int
) -> dict[str, float]:
    """A list of 20, when one of the reader's feeds got an entry since the request before, and when the process knows
    nothing yet; medians."""
    following = requests.get("/api/v1/entries?scope=all&limit=20&content=true")
    news, cold = [], []
    for number in range(count):
        made = entry(random.Random(number), number, 10**6 + number, world.now)
        await world.append(world.full[number % len(world.full)], [made])
        news.append(_block(process, connection, following, 1))
        process.do("forget")
        cold.append(_block(process, connection, following, 1))
    return {
        "list of 20 entries, after news": statistics.median(news),
        "list of 20 entries, cold": statistics.median(cold),
    }


async def pull_costs(
    process: Process, world: World, port: int, feeds: int, change: Callable[[], None]
) -> dict[str, float]:
    """Microseconds of all processes for a pull, and for each entry that it stores. ``change``: every feed gets two
    more entries."""
    mappers = world.container.mappers
    ids = []
    for number in range(feeds):
        made, _ = await mappers.feeds.create(
            url_of(number, port, HOSTS), title="", site_url=None, description=None, now=world.now
        )
        ids.append(made.id)

    async def round_of(new: int) -> float:
        for feed_id in ids:
            await mappers.feeds.make_due(feed_id, world.now)
        before = process.cpu()
        came = process.do("pull", *ids)
        if came != new * len(ids):
            raise RuntimeError(f"{came} entries came with {len(ids)} pulls")
        return (process.cpu() - before) / len(ids) / 1000

    await round_of(20)
    unchanged = statistics.median([await round_of(0) for _ in range(4)][1:])
    changed = []
    for _ in range(3):
        change()
        changed.append(await round_of(2))
    return {"pull, 304": unchanged, "pull with 2 new entries of 22": statistics.median(changed)}
