"""Rules of webhooks: what is told, in what order, how it is signed, when it is tried again.

Delivered at least once: a crash between an answer and its note tells the same entries again, under the same ids.
Entries go out in order of their ids, so one number says how far a webhook is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any

import orjson
import structlog

from reader.clock import Clock
from reader.errors import EvantrError, Invalid, NotFound, Upstream
from reader.gateways.reading import ReadingGateway
from reader.gateways.shelf import View
from reader.ingest.address import check_url
from reader.ingest.fetch import Fetcher
from reader.ingest.websub import sign
from reader.jobs import DeliverWebhook, JobQueue
from reader.mappers import Mappers
from reader.models.entry import Entry
from reader.models.reading import Scope
from reader.models.webhook import Webhook, WebhookKind
from reader.settings import Settings

log = structlog.get_logger(__name__)

MOST = 10  # webhooks of one person
BATCH = 50  # entries in one delivery
BATCHES = 20  # deliveries in one job
LEASE_SECONDS = 120.0
ANSWER_BYTES = 10_000
FIRST_PAUSE, LONGEST_PAUSE, TRIES = 60.0, 6 * 3600.0, 14  # together about two days
ANY_SECONDS = 10.0  # for so long a process believes that there are no webhooks at all
SIGNATURE = "X-Evantr-Signature-256"


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes out at once. ``last_id``: how far the webhook is after it; ``more``: it was cut."""

    items: tuple[dict[str, Any], ...]
    last_id: int
    more: bool


class WebhookGateway:
    def __init__(
        self,
        mappers: Mappers,
        reading: ReadingGateway,
        fetcher: Fetcher,
        queue: JobQueue,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._webhooks = mappers.webhooks
        self._mappers = mappers
        self._reading = reading
        self._fetcher = fetcher
        self._queue = queue
        self._clock = clock
        self._settings = settings
        self._none_until = 0.0

    # ---- for their owners

    async def add(self, user_id: int, url: str, kind: WebhookKind, scope: Scope) -> Webhook:
        """A new one; it hears of what comes from now on. Raises Invalid for an address that may not be told."""
        try:
            check_url(url, self._settings.fetch_allow)
        except Upstream as error:
            raise Invalid(str(error), {"url": str(error)}) from None
        self._reading.title(await self._reading.shelf(user_id), scope)  # NotFound for another's folder or feed
        made = await self._webhooks.add(
            user_id,
            url=url,
            secret=self._clock.secret(),
            kind=kind,
            scope=str(scope),
            last_id=await self._newest(user_id, kind),
            most=MOST,
            now=self._clock.now(),
        )
        if made is None:
            message = f"You have {MOST} webhooks, and more are not possible. Remove one first."
            raise Invalid(message, {"url": message})
        self._none_until = 0.0
        return made

    async def of_user(self, user_id: int) -> list[Webhook]:
        return await self._webhooks.of_user(user_id)

    async def get(self, user_id: int, webhook_id: int) -> Webhook:
        found = await self._webhooks.get(user_id, webhook_id)
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    async def remove(self, user_id: int, webhook_id: int) -> None:
        if not await self._webhooks.remove(user_id, webhook_id):
            raise NotFound("There is no such webhook.")

    async def restart(self, user_id: int, webhook_id: int) -> None:
        """A stopped one hears of what comes from now on; what it missed meanwhile is not sent."""
        found = await self.get(user_id, webhook_id)
        await self._webhooks.restart(user_id, webhook_id, last_id=await self._newest(user_id, found.kind))

    async def try_out(self, user_id: int, webhook_id: int) -> None:
        """A delivery without items is sent in the background; its status and error are those of the webhook then."""
        found = await self.get(user_id, webhook_id)
        await self._queue.put(DeliverWebhook(found.id, ping=True))

    # ---- waking

    async def entries_came(self, feed_id: int) -> None:
        """After an append: whoever wants to be told of this feed is due. Costs nothing where nobody has a webhook."""
        if await self._anybody():
            await self._put(await self._webhooks.wake_readers(feed_id, self._clock.now()))

    async def shared(self, user_id: int) -> None:
        if await self._anybody():
            await self._put(await self._webhooks.wake_sharer(user_id, self._clock.now()))

    async def wake_all(self) -> int:
        """Looks whether something was left asleep by a crash; once an hour."""
        return await self._webhooks.wake_all(self._clock.now())

    async def due(self, limit: int) -> list[DeliverWebhook]:
        return [DeliverWebhook(each) for each in await self._webhooks.due(self._clock.now(), limit)]

    async def _anybody(self) -> bool:
        now = self._clock.monotonic()
        if now < self._none_until:
            return False
        if await self._webhooks.any():
            return True
        self._none_until = now + ANY_SECONDS
        return False

    async def _put(self, ids: Sequence[int]) -> None:
        for webhook_id in ids:
            await self._queue.put(DeliverWebhook(webhook_id))

    # ---- delivering

    async def run(self, job: DeliverWebhook) -> None:
        """Delivers what is new, in batches."""
        if job.ping:
            await self._ping(job.webhook_id)
            return
        for _ in range(BATCHES):  # what is left after that is due, and found by the sweep
            if not await self._deliver(job.webhook_id):
                return

    async def _deliver(self, webhook_id: int) -> bool:
        """One batch; whether another one may follow at once."""
        now = self._clock.now()
        hook = await self._webhooks.lease(webhook_id, now, now + LEASE_SECONDS)
        if hook is None:
            return False
        batch = await self._batch(hook)
        status = None
        if batch.items:
            try:
                status = await self._send(hook, batch, event=hook.kind)
            except EvantrError as error:
                await self._failed(hook, error)
                return False
        now = self._clock.now()
        return await self._webhooks.delivered(hook, last_id=batch.last_id, status=status, more=batch.more, now=now)

    async def _ping(self, webhook_id: int) -> None:
        hook = await self._webhooks.by_id(webhook_id)
        if hook is None:
            return
        status, error = None, None
        try:
            status = await self._send(hook, Batch((), hook.last_id, more=False), event="ping")
        except EvantrError as problem:
            status, error = problem.status if isinstance(problem, Upstream) else None, _words(problem)
        await self._webhooks.tried(webhook_id, status=status, error=error)

    async def _failed(self, hook: Webhook, error: EvantrError) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**hook.failures) * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads
        status = error.status if isinstance(error, Upstream) else None
        if isinstance(error, Upstream) and error.retry_after:
            pause = max(pause, float(error.retry_after))
        over = hook.failures + 1 >= TRIES or status == 410
        words = _words(error)
        log.info("webhook failed", webhook=hook.id, failures=hook.failures + 1, error=words, stopped=over)
        retry_at = None if over else self._clock.now() + pause
        await self._webhooks.failed(hook, status=status, error=words, retry_at=retry_at)

    async def _send(self, hook: Webhook, batch: Batch, *, event: str) -> int:
        body = orjson.dumps(
            {
                "event": event,
                "webhook": hook.id,
                "at": _time(self._clock.now()),
                "items": batch.items,
            }
        )
        headers = {
            "Content-Type": "application/json",
            "X-Evantr-Event": event,
            SIGNATURE: sign(body, hook.secret),
        }
        answer = await self._fetcher.post(hook.url, body, headers, max_bytes=ANSWER_BYTES)
        return answer.status

    async def _newest(self, user_id: int, kind: WebhookKind) -> int:
        if kind == "shares":
            return await self._mappers.entries.last_id()
        return (await self._reading.shelf(user_id)).view(Scope("all"), self._reading.book).newest_id

    async def _batch(self, hook: Webhook) -> Batch:
        if hook.kind == "shares":
            shares = await self._mappers.shares.of_user(hook.user_id, after=hook.last_id, limit=BATCH)
            items = tuple(
                {"share": share.id, "note": share.note, "shared": _time(share.created_at), **_item(entry)}
                for share, entry in shares
            )
            return Batch(items, shares[-1][0].id if shares else hook.last_id, len(shares) == BATCH)
        shelf = await self._reading.shelf(hook.user_id)
        view = shelf.view(_scope(hook.scope), self._reading.book)
        ids, more = await self._ids(view, hook.last_id)
        entries = await self._mappers.entries.many(ids)
        rows = {state.mark.feed_id: state.row() for state in view.subs}
        items = tuple(
            {**_item(entry), "feed": {"id": entry.feed_id, "title": rows[entry.feed_id].title,
                                      "url": rows[entry.feed_id].url}}
            for entry in entries
        )  # fmt: skip
        return Batch(items, ids[-1] if more else max([view.newest_id, hook.last_id]), more)

    async def _ids(self, view: View, since: int) -> tuple[list[int], bool]:
        """The lowest ids above ``since`` that the list shows, and whether there are more. At most BATCH of
        each feed are looked at, in one round trip."""
        book = self._reading.book
        newer = [state for state in view.subs if book.newest_id(state.mark.feed_id) > since]
        bounds = await book.up_to([state.mark.feed_id for state in newer], since) if newer else {}
        wanted = {}
        for state in newer:
            seqs = view.shown(state)
            seqs.remove_range(0, bounds[state.mark.feed_id] + 1)
            wanted[state.mark.feed_id] = seqs[: BATCH + 1]
        ranges = [(feed_id, seqs[0], seqs[-1]) for feed_id, seqs in wanted.items() if seqs]
        found = await self._mappers.entries.positions(ranges) if ranges else {}
        runs = [[at.id for at in some if at.seq in wanted[feed_id]] for feed_id, some in found.items()]
        lowest = list(islice(merge(*runs), BATCH + 1))
        return lowest[:BATCH], len(lowest) > BATCH


def _words(error: EvantrError) -> str:
    """What went wrong. What a status means for a feed, and what is done about it there, is left out."""
    said, status, _ = str(error).partition(").")
    return said + status


def _scope(text: str) -> Scope:
    kind, _, number = text.partition("/")
    return Scope(kind, int(number or 0))  # type: ignore[arg-type]  # as __str__ wrote it


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "author": entry.author,
        "published": None if entry.published_at is None else _time(entry.published_at),
        "summary": entry.summary,
        "content": entry.content,
        "tags": entry.tags,
        "enclosures": [{"url": each.url, "type": each.type, "length": each.length} for each in entry.enclosures],
    }


def _time(at: float) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
