"""Imports as people see them: preview, choice, start, pause, cancel, undo, and what needs them. Driving one is
gateways/importing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from reader.clock import Clock
from reader.errors import Conflict, Invalid, Upstream
from reader.events import ImportChanged, PubSub, ReadingChanged, user_topic
from reader.gateways.import_rules import addresses, preview, progress, with_own
from reader.ingest.opml import Opml, parse_opml
from reader.jobs import Cpu
from reader.mappers import Mappers
from reader.models.imports import Import, ImportItem, ImportState, ItemState, Progress, Tally
from reader.settings import Settings

log = structlog.get_logger(__name__)

ITEMS_AT_ONCE = 1000
UNDO_SECONDS = 86_400.0
Own = Callable[[Sequence[str]], Awaitable[dict[str, str]]]
"""Addresses as written → URLs of the feeds of own streams, for those that are of any."""
OPEN: tuple[ImportState, ...] = ("running", "paused")


class ImportGateway:
    def __init__(self, mappers: Mappers, cpu: Cpu, bus: PubSub, clock: Clock, settings: Settings) -> None:
        self._imports = mappers.imports
        self._subscriptions = mappers.subscriptions
        self._cpu = cpu
        self._bus = bus
        self._clock = clock
        self._allow = settings.fetch_allow
        self.wake = asyncio.Event()
        """Set when an import has something to do: whoever drives them need not wait for its next look."""

    # ---- before

    async def prepare(
        self, user_id: int, name: str, body: bytes, content_type: str | None, room: int, own: Own
    ) -> Import:
        """Reads a file and keeps what it says, as a preview. ``room``: how many more subscriptions fit; ``own`` knows
        which addresses are streams of this instance. Raises Invalid, in words, for what is no OPML or is too large."""
        opml = await self._read(body, content_type)
        written = [each.xml_url for each in opml.outlines] + [each.url for each in opml.skipped if each.url]
        opml = with_own(opml, await own(list(dict.fromkeys(written))))
        urls, known = addresses(opml), dict[str, bool]()
        for at in range(0, len(urls), ITEMS_AT_ONCE):
            known |= await self._imports.known(user_id, urls[at : at + ITEMS_AT_ONCE])
        items = preview(opml, known, room)
        if not items:
            raise Invalid("This file names no feed.", {"file": "no feed in it"})
        job = await self._imports.create(user_id, name, self._clock.now())
        for at in range(0, len(items), ITEMS_AT_ONCE):
            await self._imports.add_items(job.id, items[at : at + ITEMS_AT_ONCE])
        await self._imports.switch(job.id, ["filling"], "preview", self._clock.now())
        log.info("an import was read", import_id=job.id, user_id=user_id, items=len(items))
        return await self.get(job.id) or job

    async def _read(self, body: bytes, content_type: str | None) -> Opml:
        try:
            return await self._cpu.run(parse_opml, body, content_type, self._allow)
        except Upstream as error:
            raise Invalid(str(error), {"file": "too large"}) from None

    async def choose(self, import_id: int, numbers: Sequence[int]) -> int:
        return await self._imports.choose(import_id, numbers)

    # ---- during

    async def start(self, job: Import) -> None:
        await self._switch(job, ["preview"], "running", "This import was started already.")

    async def pause(self, job: Import) -> None:
        await self._switch(job, ["running"], "paused", "This import is not running.")

    async def resume(self, job: Import) -> None:
        await self._switch(job, ["paused"], "running", "This import is not paused.")

    async def cancel(self, job: Import) -> None:
        """What was fetched stays; what waits is left out. A preview is just closed."""
        await self._switch(job, ["preview", "running", "paused"], "cancelled", "This import is over.")
        await self._imports.take_back(job.id, waiting_only=True)
        await self._tell(job)

    async def undo(self, job: Import) -> tuple[int, int]:
        """Subscriptions and folders that the import made go, as far as nobody touched them since; how many of each."""
        if job.started_at is None or self._clock.now() - job.started_at > UNDO_SECONDS:
            raise Conflict("An import can be undone for 24 hours after it began.")
        await self._switch(job, ["running", "paused", "done", "cancelled"], "undone", "This import was undone already.")
        counts = await self._imports.take_back(job.id)
        await self._tell(job)
        log.info("an import was undone", import_id=job.id, subscriptions=counts[0], folders=counts[1])
        return counts

    async def again(self, job: Import, number: int, url: str | None) -> None:
        """Tries a failed item again, with another address if one is given."""
        if job.state not in ("running", "paused", "done"):
            raise Conflict("This import is over.")
        if not await self._imports.put_back(job.id, number, url):
            raise Conflict("This feed needs nothing.")
        await self._imports.switch(job.id, ["done"], "running", self._clock.now())
        await self._tell(job)

    async def _switch(self, job: Import, before: Sequence[ImportState], after: ImportState, otherwise: str) -> None:
        if not await self._imports.switch(job.id, before, after, self._clock.now()):
            raise Conflict(otherwise)
        await self._tell(job)

    async def _tell(self, job: Import) -> None:
        self.wake.set()
        topic = user_topic(job.user_id)
        await self._bus.publish(topic, ImportChanged(job.id))
        await self._bus.publish(topic, ReadingChanged(job.user_id, await self._subscriptions.rev(job.user_id)))

    # ---- looking

    async def get(self, import_id: int) -> Import | None:
        return await self._imports.get(import_id)

    async def running(self) -> list[Import]:
        """Of everybody, oldest first."""
        return await self._imports.running()

    async def tally(self, import_id: int) -> Tally:
        return await self._imports.tally(import_id)

    async def of_user(self, user_id: int, limit: int) -> list[Import]:
        return await self._imports.of_user(user_id, limit)

    async def item(self, import_id: int, number: int) -> ImportItem | None:
        return await self._imports.item(import_id, number)

    async def items(
        self, import_id: int, states: Sequence[ItemState] = (), after: int = 0, limit: int = ITEMS_AT_ONCE
    ) -> list[ImportItem]:
        return await self._imports.items(import_id, states=states, after=after, limit=limit)

    async def all_items(self, import_id: int) -> list[ImportItem]:
        out: list[ImportItem] = []
        while page := await self.items(import_id, after=out[-1].number if out else 0):
            out += page
        return out

    async def progress(self, job: Import) -> Progress:
        tally = await self._imports.tally(job.id)
        left = now = None
        if job.state == "running":
            left = progress(tally, job.resumed_at, job.resumed_count, self._clock.now())
            at_hand = await self._imports.items(job.id, states=["running"], limit=1)
            now = (at_hand[0].title or at_hand[0].url) if at_hand else None
        return Progress(job, tally, left, now)
