"""Jobs that people and their programs submit: who wished for which, as they are, as they end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, replace

import orjson

from reader.clock import Clock
from reader.gateways.controller import Controller
from reader.gateways.work import WorkGateway, is_row, payload_of
from reader.jobs import Discover, JobQueue, Payload, PullFeed, RunImport, key_of
from reader.mappers import Mappers
from reader.models.operations import JobView, Owned
from reader.settings import Settings


class SubmissionGateway:
    def __init__(
        self, mappers: Mappers, work: WorkGateway, controller: Controller, queue: JobQueue, clock: Clock,
        settings: Settings,
    ) -> None:  # fmt: skip
        self._operations = mappers.operations
        self._feeds = mappers.feeds
        self._work = work
        self._controller = controller
        self._queue = queue
        self._clock = clock
        self._ttl = settings.discovery_ttl

    async def submit(self, user_id: int, payload: Payload | RunImport) -> JobView:
        """Write whose wish it is, then the job, then enqueue. One that waits or runs gets one more owner."""
        now = self._clock.now()
        wish = Owned(user_id, key_of(payload), payload.NAME, orjson.dumps(asdict(payload)).decode(), now)
        if isinstance(payload, RunImport):  # its rows were written when it was uploaded
            await self._operations.own(wish)
            return await self._view(wish)
        if isinstance(payload, PullFeed):
            schedule = await self._feeds.schedule(payload.feed_id)
            wish = replace(wish, mark=(schedule and schedule.last_pull_at) or 0.0)
            await self._operations.own(wish)
            await self._feeds.make_due(payload.feed_id, now)
            await self._queue.put(payload)
            return await self._view(wish)
        await self._operations.own(wish)
        if not (isinstance(payload, Discover) and await self._known(wish)):
            if is_row(payload):
                await self._work.submit(payload)
            await self._queue.put(payload)
        return await self._view(wish)

    async def _known(self, wish: Owned) -> bool:
        """A discovery that succeeded within the time its answer is kept is not done again."""
        row = await self._work.get(wish.key)
        if row is None or row.state != "done" or row.finished_at is None:
            return False
        return self._clock.now() - row.finished_at < self._ttl

    async def get(self, user_id: int, key: str) -> JobView | None:
        wishes = await self._operations.owned(user_id, [key])
        return await self._view(wishes[0]) if wishes else None

    async def _view(self, wish: Owned) -> JobView:
        return (await self._controller.look([wish]))[wish.key]

    async def owned(self, user_id: int, keys: Sequence[str]) -> list[Owned]:
        return await self._operations.owned(user_id, keys)

    async def look(self, wishes: Sequence[Owned]) -> list[JobView]:
        views = await self._controller.look(wishes)
        return [views[wish.key] for wish in wishes]

    async def page(self, user_id: int, limit: int) -> list[JobView]:
        """The user's newest submissions first."""
        return await self.look(await self._operations.owned_page(user_id, limit))

    def follow(self, wishes: Sequence[Owned]) -> AsyncIterator[JobView]:
        """See Controller.follow."""
        return self._controller.follow(wishes)

    async def wait(self, wishes: Sequence[Owned], seconds: float) -> list[JobView]:
        """All of them as they are, once one has ended or after ``seconds``."""
        deadline = self._clock.monotonic() + seconds
        async with self._controller.waiting(wishes) as waiter:
            while True:
                views = await self.look(wishes)
                left = deadline - self._clock.monotonic()
                if left <= 0 or any(view.ended for view in views):
                    return views
                await waiter.next(left)

    async def cancel(self, wish: Owned) -> bool:
        """End a job that waits or runs. A pull is taken out of the queue; its feed stays due by its schedule."""
        payload = payload_of(wish.name, wish.args)
        if payload is not None and is_row(payload):
            cancelled = await self._work.cancel(wish.key)
            return await self._queue.cancel(wish.key) or cancelled
        return await self._queue.cancel(wish.key)
