"""Our WebSub hub (www.w3.org/TR/websub, 5 to 7): who wants what, whether they meant it, and what they are sent.

Rows are the truth: a subscription is behind when its feed's rev is above what it was sent. Everything else is a hint,
and is found again by a sweep.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import dataclass

import structlog

from reader.clock import Clock
from reader.errors import Limited, Upstream
from reader.gateways.work import WorkGateway
from reader.ingest.fetch import Fetcher
from reader.ingest.websub import sign, with_query
from reader.jobs import AnnounceStream, DeliverStream, JobQueue, VerifyIntent
from reader.mappers import Mappers
from reader.models.websub import Delivery, HubRequest, HubSubscription, HubWish

log = structlog.get_logger(__name__)

DAY = 86_400
LEASE_LEAST, LEASE_DEFAULT, LEASE_MOST = 3600, 10 * DAY, 30 * DAY
FEED_MOST = 10_000  # subscriptions to one stream
SITE_MOST = 1_000  # subscriptions and requests of callbacks of one site
REQUEST_SECONDS = DAY  # what is not confirmed by then is forgotten
DELIVERY_LEASE = 60.0
TIMEOUT = 10.0
ANSWER_BYTES = 10_000
FIRST_PAUSE, FACTOR, LONGEST_PAUSE = 60.0, 3.0, 6 * 3600.0
FAILURES_MOST = 8  # in a row, over about 13 hours: then it is given up
AT_ONCE, TOLD_AT_ONCE, LOOKED_AT_ONCE = 1000, 50, 2000


@dataclass(frozen=True, slots=True)
class Content:
    """What a topic holds now."""

    body: bytes
    type: str
    hub: str


class HubGateway:
    def __init__(self, mappers: Mappers, fetcher: Fetcher, work: WorkGateway, queue: JobQueue, clock: Clock) -> None:
        self._hub = mappers.hub
        self._fetcher = fetcher
        self._work = work
        self._queue = queue
        self._clock = clock
        self._looked = 0  # the topic that due() looked at last

    # ---- wishes, and whether they are meant

    async def request(self, wish: HubWish) -> None:
        """Keeps the wish and asks the callback about it, in the background. Raises Limited over one of the limits."""
        of_feed, of_site = await self._hub.count(wish.feed_id, _site(wish.callback))
        if wish.mode == "subscribe" and (of_feed >= FEED_MOST or of_site >= SITE_MOST):
            raise Limited("There are too many subscriptions already.", DAY)
        job = VerifyIntent(await self._hub.ask(wish, now=self._clock.now()))
        await self._work.submit(job)
        await self._queue.put(job)

    async def wish(self, request_id: int) -> HubRequest | None:
        return await self._hub.request(request_id)

    async def verify(self, wish: HubRequest) -> str:
        """Asks the callback (5.3), once; what came of it."""
        challenge = self._clock.secret()
        told = {"hub.mode": wish.mode, "hub.topic": wish.topic, "hub.challenge": challenge}
        if wish.mode == "subscribe":
            told["hub.lease_seconds"] = str(wish.lease)
        try:
            answer = await self._fetcher.get(
                with_query(wish.callback, told), accept="*/*", max_bytes=ANSWER_BYTES, timeout=TIMEOUT, follow=False
            )
        except Upstream as error:
            return await self._unmeant(wish, str(error))
        if answer.body != challenge.encode():
            return await self._unmeant(wish, "It does not repeat the challenge.")
        now = self._clock.now()
        await self._hub.confirm(wish.id, until=now + wish.lease, now=now)
        log.info("hub.verified", mode=wish.mode, topic=wish.topic, callback=wish.callback)
        return "verified"

    async def _unmeant(self, wish: HubRequest, why: str) -> str:
        await self._hub.drop(wish.id)
        log.info("hub.unmeant", mode=wish.mode, topic=wish.topic, callback=wish.callback, why=why)
        return why

    async def refuse(self, wish: HubRequest, reason: str) -> None:
        """What was asked for is not there (any more)."""
        await self._hub.drop(wish.id)
        if wish.mode == "subscribe":
            await self._deny(wish.callback, wish.topic, reason)

    async def _deny(self, callback: str, topic: str, reason: str) -> None:
        """Tells a subscriber that there is nothing for it (5.2). Whether it listens is its own affair."""
        told = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason}
        try:
            await self._fetcher.get(
                with_query(callback, told), accept="*/*", max_bytes=ANSWER_BYTES, timeout=TIMEOUT, follow=False
            )
        except Upstream as error:
            log.info("hub.denial unheard", callback=callback, error=str(error))

    # ---- what is new

    async def changed(self, feed_id: int) -> None:
        """A stream's feed changed."""
        await self._queue.put(AnnounceStream(feed_id))

    async def announce(self, feed_id: int) -> int:
        """Makes due what the stream's subscriptions have not got yet; returns how many. Looks first: most streams have
        none, and a look costs no write."""
        if not await self._hub.is_behind(feed_id):
            return 0
        now = self._clock.now()
        count = await self._hub.announce(feed_id, now=now)
        for subscription_id in await self._hub.due(now, AT_ONCE) if count else ():
            await self._queue.put(DeliverStream(subscription_id))
        return count

    async def due(self, limit: int) -> list[AnnounceStream | DeliverStream]:
        """Whatever a queue has lost. Each call looks at some of the topics, the next one goes on from there."""
        behind, self._looked = await self._hub.behind(LOOKED_AT_ONCE, after=self._looked)
        return [*map(AnnounceStream, behind), *map(DeliverStream, await self._hub.due(self._clock.now(), limit))]

    async def take(self, subscription_id: int) -> Delivery | None:
        now = self._clock.now()
        return await self._hub.take(subscription_id, now=now, until=now + DELIVERY_LEASE)

    async def deliver(self, delivery: Delivery, content: Content | None) -> None:
        """Sends the topic's content (7); None: there is none any more, and the subscription ends."""
        to = delivery.subscription
        if content is None:
            await self._deny(to.callback, to.topic, "This stream is not public any more.")
            await self._end(to, "gone")
            return
        digest = hashlib.blake2b(content.body, digest_size=16).digest()
        if digest != to.digest:
            try:
                await self._send(to, content)
            except Upstream as error:
                await self._failed(to, error)
                return
        await self._hub.sent(to.id, delivery.rev, digest, now=self._clock.now())

    async def _send(self, to: HubSubscription, content: Content) -> None:
        headers = {
            "Content-Type": content.type,
            "Link": f'<{content.hub}>; rel="hub", <{to.topic}>; rel="self"',
        }
        if to.secret is not None:
            headers["X-Hub-Signature"] = sign(content.body, to.secret)
        await self._fetcher.post(
            to.callback, content.body, headers, max_bytes=ANSWER_BYTES, timeout=TIMEOUT, follow=False
        )

    async def _failed(self, to: HubSubscription, error: Upstream) -> None:
        failures, words = to.failures + 1, str(error)
        if error.status == 410:  # it wants no more of this (7)
            await self._end(to, words)
        elif failures >= FAILURES_MOST:
            await self._end(to, f"Given up after {failures} failures. {words}")
        else:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * FACTOR**to.failures)
            pause = max(pause * random.uniform(0.8, 1.2), float(error.retry_after or 0))  # noqa: S311 -- spreads load
            log.info("hub.failed", subscription=to.id, failures=failures, error=words, retry_in=round(pause))
            await self._hub.failed(to.id, words, retry_at=self._clock.now() + pause)

    async def _end(self, to: HubSubscription, why: str) -> None:
        log.info("hub.ended", subscription=to.id, callback=to.callback, why=why)
        await self._hub.end([to.id])

    async def close(self, feed_id: int) -> int:
        """A stream goes for good, and its rows with it: tells its subscribers while it is known who they are. How many
        were told; what is left over ends without a word."""
        subscriptions = await self._hub.of_feed(feed_id, after=0, limit=AT_ONCE)
        gate = asyncio.Semaphore(TOLD_AT_ONCE)

        async def tell(one: HubSubscription) -> None:
            async with gate:
                await self._deny(one.callback, one.topic, "This stream is gone.")

        await asyncio.gather(*map(tell, subscriptions))
        return await self._hub.end([one.id for one in subscriptions])

    # ---- upkeep

    async def trim(self) -> int:
        """Ends what ran out; returns how many."""
        now = self._clock.now()
        return await self._hub.trim(now, now - REQUEST_SECONDS)


def lease_of(wished: int | None) -> int:
    """Seconds that a subscription gets: what is wished for, within our limits (5.1)."""
    return LEASE_DEFAULT if wished is None else max(LEASE_LEAST, min(wished, LEASE_MOST))


def _site(callback: str) -> str:
    """What all callbacks of one place begin with."""
    scheme, _, rest = callback.partition("://")
    return f"{scheme}://{rest.split('/')[0].split('?')[0]}"
