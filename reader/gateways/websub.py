"""What we ask of other people's WebSub hubs: subscribing to feeds that name one, renewing, leaving; and what they
bring.

One lease per feed, with a secret and an unguessable callback of its own. Only what we asked for is confirmed, only what
is signed with the secret is kept.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlencode

import structlog

from reader.clock import Clock
from reader.errors import Upstream
from reader.ingest.fetch import Fetcher
from reader.ingest.websub import Ends, is_signed
from reader.jobs import AskHub, JobQueue, ReadPush
from reader.mappers import Mappers
from reader.models.feed import Feed
from reader.models.websub import HubLease
from reader.settings import Settings

log = structlog.get_logger(__name__)

DAY = 86_400.0
LEASE_WISHED = 10 * DAY
LEASE_LEAST, LEASE_MOST = 60.0, 365 * DAY  # a hub may grant what it likes; what it says is believed within these
CONFIRM_SECONDS = 3600.0  # so long a hub has to confirm what it was asked; then it is asked again
FIRST_PAUSE, FACTOR, LONGEST_PAUSE = 300.0, 3.0, DAY
REFUSED_PAUSE = 7 * DAY
LEAVING_TRIES = 3
ANSWER_BYTES = 100_000
TIMEOUT = 20.0
GRACE_SECONDS = 300.0  # so long a hub may take to tell
UNCONFIRMED = "The hub took the request and did not ask back whether it was meant. It may not reach this Evantr."
WAITING_MOST = 8  # documents of one feed that nobody has read yet
REASON_MOST = 300
Taken = Literal["kept", "ignored", "unknown", "full"]


class WebSubGateway:
    def __init__(self, mappers: Mappers, fetcher: Fetcher, queue: JobQueue, clock: Clock, settings: Settings) -> None:
        self._pushes = mappers.pushes
        self._feeds = mappers.feeds
        self._fetcher = fetcher
        self._queue = queue
        self._clock = clock
        self._base = settings.base_url.rstrip("/")

    @property
    def reachable(self) -> bool:
        """Whether a hub can call us back: only a public address that is set can be told to one."""
        return bool(self._base)

    # ---- asking

    async def found(self, feed: Feed, ends: Ends) -> None:
        """A document of a feed that somebody reads names its hub."""
        if not self.reachable:
            return
        known = await self._pushes.get(feed.id)
        if known is not None and (known.hub, known.topic) == ends and known.state != "leaving":
            return
        token, secret = self._clock.secret(), self._clock.secret()
        now = self._clock.now()
        await self._pushes.want(feed.id, ends.hub, ends.topic, token=token, secret=secret, now=now)
        await self._queue.put(AskHub(feed.id))

    async def due(self, limit: int) -> list[AskHub | ReadPush]:
        """Whatever a queue has lost."""
        now = self._clock.now()
        asking = map(AskHub, await self._pushes.due(now, limit)) if self.reachable else ()
        return [*asking, *map(ReadPush, await self._pushes.waiting(now, limit))]

    async def ask(self, feed_id: int) -> None:
        """Subscribes, renews, or leaves (5.1). Noted before it is sent: a hub may confirm before it answers."""
        before, now = await self._pushes.get(feed_id), self._clock.now()
        if before is None or before.renew_at > now or not self.reachable:
            return
        if before.asked_at is not None:
            await self._failed(before, Upstream("status", UNCONFIRMED))
            return
        lease = await self._pushes.ask(feed_id, now=now, again_at=now + CONFIRM_SECONDS)
        if lease is None:
            return
        leaving = lease.state == "leaving"
        if leaving and lease.failures >= LEAVING_TRIES:
            await self._pushes.drop(feed_id)  # what it still sends meets nobody, and ends with its lease
            return
        try:
            await self._send(lease, "unsubscribe" if leaving else "subscribe")
        except Upstream as error:
            await self._failed(lease, error)
            return
        log.info("websub.asked", feed_id=feed_id, hub=lease.hub, topic=lease.topic, state=lease.state)

    async def _send(self, lease: HubLease, mode: str) -> None:
        form = {"hub.mode": mode, "hub.topic": lease.topic, "hub.callback": f"{self._base}/websub/{lease.token}"}
        if mode == "subscribe":
            form |= {"hub.lease_seconds": str(round(LEASE_WISHED)), "hub.secret": lease.secret}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        await self._fetcher.post(lease.hub, urlencode(form).encode(), headers, max_bytes=ANSWER_BYTES, timeout=TIMEOUT)

    async def _failed(self, lease: HubLease, error: Upstream) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * FACTOR ** min(lease.failures, 20))
        pause = max(pause * random.uniform(0.8, 1.2), float(error.retry_after or 0))  # noqa: S311 -- spreads load
        now = self._clock.now()
        if lease.state != "leaving" and error.status in (400, 401, 403, 404, 405, 410, 422, 501):
            pause = max(pause, DAY)  # asking again soon would change nothing
        log.info("websub.failed", feed_id=lease.feed_id, hub=lease.hub, error=str(error), retry_in=round(pause))
        await self._pushes.failed(lease.feed_id, str(error), retry_at=now + pause, now=now)

    async def leave_unread(self, limit: int = 1000) -> int:
        """Leaves the hubs of feeds that nobody reads any more; how many."""
        feeds = await self._pushes.leave(self._clock.now(), limit)
        for feed_id in feeds:
            await self._queue.put(AskHub(feed_id))
        return len(feeds)

    async def kept_back(self, feed_id: int, times: Sequence[float | None], last_pull_at: float | None) -> bool:
        """Whether the hub kept news to itself that a pull found: entries of these times (None: undated). What is older
        than the lease or the pull before proves nothing, nor does what is so new that the hub may be about to tell, nor
        anything just after it told something. One that did is polled like any other feed until it brings news again."""
        lease, now = await self._pushes.get(feed_id), self._clock.now()
        if lease is None or not lease.holds(now) or lease.verified_at is None:
            return False
        if lease.pushed_at is not None and now - lease.pushed_at < GRACE_SECONDS:
            return False
        since = max(lease.verified_at, last_pull_at or 0.0)
        undated = last_pull_at is not None and lease.verified_at <= last_pull_at < now - GRACE_SECONDS
        if not any(since < at < now - GRACE_SECONDS if at is not None else undated for at in times):
            return False
        log.info("websub.missed", feed_id=feed_id, hub=lease.hub)
        await self._pushes.missed(feed_id, now=now)
        return True

    # ---- what a hub says

    async def confirm(self, token: str, mode: str, topic: str, lease_seconds: str) -> bool:
        """Whether we meant what a hub asks us (5.3): only what we asked for, and nothing else."""
        if mode == "unsubscribe":
            return await self._pushes.left(token, topic)
        if mode != "subscribe" or not lease_seconds.isascii() or not lease_seconds.isdecimal():
            return False
        seconds = max(LEASE_LEAST, min(float(lease_seconds[:12]), LEASE_MOST))
        now = self._clock.now()
        lease = await self._pushes.confirm(token, topic, until=now + seconds, renew_at=now + seconds / 2, now=now)
        if lease is not None:
            log.info("websub.active", feed_id=lease.feed_id, hub=lease.hub, seconds=round(seconds))
        return lease is not None

    async def denied(self, token: str, topic: str, reason: str) -> bool:
        """The hub refuses (5.2): the feed is polled as before, and it is asked again in a week."""
        retry_at = self._clock.now() + REFUSED_PAUSE
        words = reason[:REASON_MOST] or "The hub refused, without saying why."
        lease = await self._pushes.denied(token, topic, words, retry_at=retry_at)
        if lease is None:
            return False
        log.info("websub.denied", feed_id=lease.feed_id, hub=lease.hub, reason=words)
        await self._feeds.make_due(lease.feed_id, self._clock.now())
        return True

    async def knows(self, token: str) -> bool:
        """Whether the token is that of a lease that is not being left."""
        lease = await self._pushes.by_token(token)
        return lease is not None and lease.state != "leaving"

    async def receive(self, token: str, body: bytes, type: str | None, signature: str | None) -> Taken:
        """A document that somebody brought to a callback (7, 8). Kept only with a good signature."""
        lease = await self._pushes.by_token(token)
        if lease is None or lease.state == "leaving":
            return "unknown"
        if not is_signed(body, lease.secret, signature):
            log.warning("websub.unsigned", feed_id=lease.feed_id, hub=lease.hub, signed=signature is not None)
            return "ignored"
        now = self._clock.now()
        if lease.verified_at is None:
            return "ignored"  # never confirmed, or denied since
        if not await self._pushes.receive(lease.feed_id, body, type, now=now, most=WAITING_MOST):
            return "full"
        await self._queue.put(ReadPush(lease.feed_id))
        return "kept"
