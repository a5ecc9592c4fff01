"""replay: versions of one feed document, pulled one after the other through the real gateway and a store of their own.

"feed" is its address, "fetches" the documents in order, an hour apart: names of files, or objects with "file" or
"body" and maybe "content_type" and "headers". After fetch n a reader of the feed marks "read_after"[n] as read.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pyroaring import BitMap

from reader.clock import Clock
from reader.errors import EvantrError, Invalid, Upstream
from reader.gateways.arrivals import Arrivals
from reader.gateways.pulls import PullGateway, PullOutcome
from reader.gateways.reading import ReadingGateway
from reader.ingest.address import canonical
from reader.ingest.fetch import Fetched
from reader.jobs import Payload
from reader.mappers import Mappers
from reader.models.entry import Entry
from reader.pubsub.memory import MemoryBus
from reader.settings import Settings
from workers.batch.task import Task

T = TypeVar("T")

APART = 3600.0  # seconds between two fetches
UNREAD = 1 << 30  # a new reader of the feed finds everything unread
CHUNK = 500


def one(task: Task) -> dict[str, object]:
    """{"fetches": [{new, updated, same} or {error}], "entries": [{uid, url, title, read}]}, entries oldest first."""
    address = canonical(task.text("feed"))
    fetches = task.values.get("fetches")
    if not isinstance(fetches, list):
        raise Invalid('"fetches" must be a list.', {"fetches": "a list is needed"})
    marks = _marks(task.values.get("read_after") or {})
    return asyncio.run(_replay(address, fetches, marks))


def _marks(given: object) -> dict[int, list[str]]:
    try:
        if any(isinstance(uids, str) for uids in given.values()):  # type: ignore[attr-defined]
            raise TypeError  # its letters are no uids
        return {int(at): [str(uid) for uid in uids] for at, uids in given.items()}  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        words = '"read_after" must map numbers of fetches to lists of uids.'
        raise Invalid(words, {"read_after": "an object is needed"}) from None


async def _replay(address: str, fetches: list[object], marks: dict[int, list[str]]) -> dict[str, object]:
    from reader.mappers.sqlite import open_store

    with tempfile.TemporaryDirectory(prefix="evantr-replay-") as folder:
        mappers = await open_store(Path(folder) / "replay.sqlite", readers=1, patience=0)
        try:
            await mappers.migrate()
            show = await _Show.open(mappers, Path(folder), address)
            answers = []
            for number, fetch in enumerate(fetches):
                answers.append(await show.fetch(fetch))
                await show.mark(marks.get(number, []))
            return {"fetches": answers, "entries": await show.entries()}
        finally:
            await mappers.close()


@dataclass
class _Stage:
    """The time, and the document that the feed's server has at that time: what a Fetcher is elsewhere."""

    at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.time)
    given: object = None

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at - self.started

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        values = {"file": self.given} if isinstance(self.given, str) else self.given
        if not isinstance(values, dict):
            raise Invalid("A fetch must be the name of a file or an object.", {"fetches": "a file is needed"})
        document = Task(values)
        body = document.body()
        headers = dict(document.headers)
        if document.content_type is not None:
            headers["content-type"] = document.content_type
        return Fetched(url, url, 200, headers, body, 0.0, [], len(body))


class _Here:
    """Cpu without a pool: this process is one of a pool already. Also a JobQueue that carries nothing."""

    async def run(self, function: Callable[..., T], *args: object, seconds: float = 20.0) -> T:
        try:
            return function(*args)
        except (MemoryError, RecursionError):
            raise Upstream("too_large", "The document takes too much memory to read.") from None

    async def put(self, payload: Payload) -> bool:
        return True

    async def cancel(self, key: str) -> bool:
        return False


@dataclass
class _Show:
    """One feed with one reader."""

    mappers: Mappers
    stage: _Stage
    pulls: PullGateway
    reading: ReadingGateway
    feed_id: int
    user_id: int
    seen: int = 0  # highest seq whose entry is in ``by_id`` and ``by_url``
    by_id: dict[str, set[int]] = field(default_factory=dict)
    by_url: dict[str, set[int]] = field(default_factory=dict)
    total: int = 0  # entries in the last document that was read

    @classmethod
    async def open(cls, mappers: Mappers, folder: Path, address: str) -> _Show:
        stage, bus, here = _Stage(), MemoryBus(), _Here()
        clock = Clock(now=stage.now, monotonic=stage.monotonic)
        settings = Settings(_env_file=None, data=folder)
        user = await mappers.users.create("reader", "", now=stage.at, admin_if_first=False)
        feed, _ = await mappers.feeds.create(address, title="", site_url=None, description=None, now=stage.at)
        await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=UNREAD, now=stage.at)
        pulls = PullGateway(
            mappers, stage, here, bus, here, clock, settings, Arrivals(bus, here, mappers.streams, None), None
        )
        return cls(mappers, stage, pulls, ReadingGateway(mappers, bus, clock), feed.id, user.id)

    async def fetch(self, given: object) -> dict[str, object]:
        """Pull the next version."""
        self.stage.given = given
        self.stage.at += APART
        await self.mappers.feeds.make_due(self.feed_id, self.stage.at)
        try:
            outcome = await self.pulls.pull(self.feed_id)
        except EvantrError as error:
            return _failure(getattr(error, "kind", "invalid"), str(error))
        except Exception as error:
            return _failure("internal", f"{type(error).__name__}: {error}")
        if outcome.error is not None:
            return _failure(outcome.kind or "internal", outcome.error)
        return self._counts(outcome)

    def _counts(self, outcome: PullOutcome) -> dict[str, object]:
        if outcome.same is not None:  # None: the very bytes of the last time, which nobody parsed
            self.total = outcome.new + outcome.updated + outcome.same
        return {"new": outcome.new, "updated": outcome.updated, "same": self.total - outcome.new - outcome.updated}

    async def mark(self, names: list[str]) -> None:
        """Mark entries as read, known by the id that the document gives them, or by their address without one. An id
        that several bear means them all."""
        if not names:
            return
        await self._learn(self.seen)
        if not all(self._ids(name) for name in names):
            await self._learn(0)  # an entry may have got another id
        ids = sorted(set().union(*(self._ids(name) for name in names)))
        for start in range(0, len(ids), CHUNK):
            await self.reading.mark(self.user_id, ids[start : start + CHUNK], True)

    def _ids(self, name: str) -> set[int]:
        return self.by_id.get(name) or self.by_url.get(name) or set()

    async def _learn(self, after: int) -> None:
        for entry in await self._stored(after):
            self.seen = max(self.seen, entry.seq)
            for name in {entry.uid, entry.guid or entry.uid}:
                self.by_id.setdefault(name, set()).add(entry.id)
            if entry.url:
                self.by_url.setdefault(entry.url, set()).add(entry.id)

    async def _stored(self, after: int) -> list[Entry]:
        places = (await self.mappers.entries.positions([(self.feed_id, after + 1, UNREAD)]))[self.feed_id]
        found: list[Entry] = []
        for start in range(0, len(places), CHUNK):
            found += await self.mappers.entries.many([place.id for place in places[start : start + CHUNK]])
        return found

    async def entries(self) -> list[dict[str, object]]:
        """What is stored at the end, oldest first."""
        subscription = await self.mappers.subscriptions.get(self.user_id, self.feed_id)
        assert subscription is not None
        read = BitMap.deserialize(subscription.read)
        return [
            {"uid": entry.guid or entry.uid, "url": entry.url, "title": entry.title, "read": entry.seq in read}
            for entry in await self._stored(0)
        ]


def _failure(kind: str, message: str) -> dict[str, object]:
    return {"error": {"kind": kind, "message": message.encode("utf-8", "replace").decode()[:1000]}}
