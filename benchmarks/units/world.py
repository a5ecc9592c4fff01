"""Fills a store through its mappers, as pulls and people would, one kind of thing at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice

from pyroaring import BitMap

from benchmarks.corpus import Document, documents
from reader.container import Container
from reader.ingest.rhythm import Rhythm, observe
from reader.ingest.work import digest_feed
from reader.jobs import Discover
from reader.mappers.feeds import PullResult
from reader.models.entry import NewEntry
from reader.models.feed import Pull
from reader.models.subscription import ReadChange
from reader.models.user import Actor, Session, User

DAY = 86_400.0
IN_A_DOCUMENT = 20
READ_PART = 1 / 3
AT_ONCE = 20


async def side_by_side(numbers: range, make: Callable[[int], Awaitable[None]], most: int = AT_ONCE) -> None:
    most = min(most, AT_ONCE)
    for start in range(numbers.start, numbers.stop, most):
        await asyncio.gather(*map(make, range(start, min(start + most, numbers.stop))))


@dataclass
class World:
    """What was made so far. Each method makes the things of these numbers."""

    container: Container
    now: float
    users: list[User] = field(default_factory=list)
    feeds: list[int] = field(default_factory=list)
    full: list[int] = field(default_factory=list)  # feeds with entries
    ids: list[int] = field(default_factory=list)  # of entries

    async def accounts(self, numbers: range) -> None:
        async def make(number: int) -> None:
            name = f"reader{number}"
            # As long as what argon2 makes.
            made = await self.container.mappers.users.create(name, "h" * 97, now=self.now, admin_if_first=False)
            self.users.append(made)

        await side_by_side(numbers, make)

    async def sessions(self, numbers: range) -> None:
        async def make(number: int) -> None:
            user = self.users[number % len(self.users)]
            token = sha256(b"%d" % number).digest()
            await self.container.mappers.users.add_session(Session(token, user.id, self.now, self.now + 90 * DAY))

        await side_by_side(numbers, make)

    async def sites(self, numbers: range) -> None:
        """Feeds as they are after ten days of pulls, but without entries: schedule, validators, rhythm."""

        async def make(number: int) -> None:
            url = f"https://site{number}.example/blog/feed.xml"
            made, _ = await self.container.mappers.feeds.create(
                url, title=f"Notes of site {number}", site_url=f"https://site{number}.example/",
                description="What happens around here, week by week.", now=self.now,
            )  # fmt: skip
            self.feeds.append(made.id)
            await self._pulled(made.id, number, self.now)

        await side_by_side(numbers, make)

    async def pulls(self, numbers: range) -> None:
        """Lines of the log alone."""

        async def make(number: int) -> None:
            await self._pulled(self.feeds[number % len(self.feeds)], number, self.now + 600 + number)

        await side_by_side(numbers, make, len(self.feeds))

    async def _pulled(self, feed_id: int, number: int, when: float) -> None:
        feeds = self.container.mappers.feeds
        token = await feeds.lease(feed_id, when, when + 60)
        assert token is not None
        pull = Pull(feed_id, when, 304, 211, 87, 0, 0, None)
        result = PullResult(
            pull, "active", self.now + 30 * DAY, "rhythm 2400", 0, None, etag=f'"5f2a-{number:012x}"',
            last_modified="Sat, 21 Nov 2026 12:00:00 GMT", body_digest=sha256(b"%d" % number).digest()[:16],
            rhythm=_rhythm(number, when), hint_seconds=3600,
        )  # fmt: skip
        assert await feeds.record_pull(feed_id, token, result)

    async def entries(self, numbers: range) -> None:
        """A document of 20 articles each, parsed and cleaned as pulls do it, in a feed of its own."""
        for number, document in zip(numbers, islice(documents(), numbers.start, numbers.stop), strict=True):
            await self.append(self.feeds[number], _articles(document, self.now))
            self.full.append(self.feeds[number])

    async def append(self, feed_id: int, articles: list[NewEntry]) -> None:
        mappers = self.container.mappers
        token = await mappers.feeds.lease(feed_id, self.now, self.now + 600)
        assert token is not None
        stored = await mappers.entries.append(feed_id, token, articles, renewed={}, now=self.now)
        await mappers.feeds.release(feed_id, token)
        assert stored is not None
        self.ids += [at.id for at in stored.new]

    async def subscriptions(self, numbers: range) -> None:
        """Each reader reads each feed with entries, and has read a third of it here and there."""
        subscriptions = self.container.mappers.subscriptions

        async def make(number: int) -> None:
            user, feed_id = self.users[number // len(self.full)], self.full[number % len(self.full)]
            await subscriptions.subscribe(user.id, feed_id, folder_id=None, title=None, unread=1000, now=self.now)
            rng = random.Random(number)
            read = BitMap(s for s in range(1, IN_A_DOCUMENT + 1) if rng.random() < READ_PART)
            await subscriptions.mark(user.id, [ReadChange(feed_id, read, BitMap())], now=self.now)

        await side_by_side(numbers, make)

    async def marks(self, numbers: range) -> None:
        """One entry each, read or unread."""
        user = self.users[0]
        before = await self.container.mappers.subscriptions.delta(user.id, -1, -1)
        reads = {
            each.feed_id: BitMap.deserialize(each.read) if each.read else BitMap() for each in before.subscriptions
        }
        for number in numbers:
            seq, feed_id = BitMap([number % IN_A_DOCUMENT + 1]), self.full[number // IN_A_DOCUMENT % len(self.full)]
            known = seq[0] in reads[feed_id]
            change = ReadChange(feed_id, BitMap() if known else seq, seq if known else BitMap())
            await self.container.mappers.subscriptions.mark(user.id, [change], now=self.now)

    async def stars(self, numbers: range) -> None:
        for number in numbers:
            await self.container.mappers.flags.set(
                self.users[0].id, self.ids[number], "starred", True, now=self.now + number
            )

    async def shares(self, numbers: range) -> None:
        """With all that a share brings along: entry, copies, the job that counts its chain."""
        for number in numbers:
            await self.container.services.sharing.share(Actor(self.users[0].id), self.ids[number])

    async def followers(self, numbers: range) -> None:
        stream = await self.container.gateways.sharing.default_stream(self.users[0].id)
        for number in numbers:
            await self.container.mappers.subscriptions.subscribe(
                self.users[number + 1].id, stream.feed_id, folder_id=None, title=None, unread=20, now=self.now
            )

    async def jobs(self, numbers: range) -> None:
        for number in numbers:
            address = f"https://site{number}.example/"
            await self.container.gateways.work.submit(Discover(address, f"site{number}.example"))


def _rhythm(number: int, when: float) -> bytes:
    rng = random.Random(number)
    times = sorted(when - rng.random() * 10 * DAY for _ in range(15))
    return observe(Rhythm(), times, when).pack()


def _articles(document: Document, now: float) -> list[NewEntry]:
    return digest_feed(document.body, document.url, document.url, document.content_type, {}, now).entries
