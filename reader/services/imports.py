"""Imports: a person's own alone. Absent and foreign look the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from reader.errors import Invalid, NotFound
from reader.gateways.imports import ImportGateway
from reader.gateways.local import local_target, own_host
from reader.gateways.people import PeopleGateway
from reader.gateways.reading import ReadingGateway
from reader.ingest.text import squeeze
from reader.models.imports import Import, ImportItem, ItemState, Progress, Tally
from reader.models.reading import Done
from reader.models.share import stream_url
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.feeds import SUBSCRIPTIONS_MOST
from reader.services.words import count
from reader.settings import Settings

LIST_MOST = 50
ITEMS_MOST = 1000
OWN_MOST = 2000  # streams of this instance in one file


@dataclass(frozen=True, slots=True)
class Preview:
    """What is about to be imported."""

    progress: Progress
    items: list[ImportItem]


class ImportService:
    def __init__(
        self, access: Access, imports: ImportGateway, reading: ReadingGateway, people: PeopleGateway, settings: Settings
    ) -> None:
        self._access = access
        self._imports = imports
        self._reading = reading
        self._people = people
        self._host = own_host(settings.base_url)

    async def upload(
        self, actor: Actor, name: str, body: bytes, content_type: str | None = None, *, host: str = ""
    ) -> Progress:
        """Reads an OPML file and keeps it as a preview; nothing is subscribed to yet. Raises Invalid, in words.

        ``host``: what this instance is called in the request at hand. Streams of this instance are followed.
        """
        user_id = self._access.user(actor)
        room = SUBSCRIPTIONS_MOST - len((await self._reading.shelf(user_id)).subs)

        async def own(urls: Sequence[str]) -> dict[str, str]:
            return await self._own_streams(actor, urls, host)

        job = await self._imports.prepare(user_id, _file_name(name), body, content_type, room, own)
        return await self._imports.progress(job)

    async def _own_streams(self, actor: Actor, urls: Sequence[str], host: str) -> dict[str, str]:
        """Of these addresses those that are streams which the actor may see → what their feeds are stored under."""
        out: dict[str, str] = {}
        targets = [(url, local_target(url, [self._host, host])) for url in urls]
        for url, target in [each for each in targets if each[1] is not None][:OWN_MOST]:
            standing = await self._access.seen(actor, target.name) if target is not None else None
            if standing is None or target is None:
                continue
            stream = await self._people.stream_of(standing.person.id, target.stream)
            if stream is not None:
                out[url] = stream_url(standing.person.id, stream.name)
        return out

    async def recent(self, actor: Actor) -> list[Progress]:
        """The newest 50."""
        user_id = self._access.user(actor)
        return [await self._imports.progress(job) for job in await self._imports.of_user(user_id, LIST_MOST)]

    async def running(self, actor: Actor) -> list[Tally]:
        """The counts of every import that runs, for operators."""
        self._access.operator(actor)
        return [await self._imports.tally(job.id) for job in await self._imports.running()]

    async def get(self, actor: Actor, import_id: int) -> Progress:
        return await self._imports.progress(await self._own(actor, import_id))

    async def items(
        self, actor: Actor, import_id: int, *, states: Sequence[ItemState] = (), after: int = 0, limit: int = ITEMS_MOST
    ) -> list[ImportItem]:
        """In document order, those above number ``after``."""
        job = await self._own(actor, import_id)
        return await self._imports.items(job.id, states, after, max(1, min(limit, ITEMS_MOST)))

    async def all_items(self, actor: Actor, import_id: int) -> list[ImportItem]:
        return await self._imports.all_items((await self._own(actor, import_id)).id)

    async def choose(self, actor: Actor, import_id: int, numbers: Sequence[int]) -> Progress:
        """Exactly these items of a preview are to be imported; those that are not new are passed over."""
        job = await self._own(actor, import_id)
        if job.state != "preview":
            raise Invalid("This import was started already: nothing can be chosen any more.")
        await self._imports.choose(job.id, numbers)
        return await self._imports.progress(job)

    async def start(self, actor: Actor, import_id: int) -> Progress:
        """From preview to running. Raises Invalid if nothing is chosen, Conflict if it was started already."""
        job = await self._own(actor, import_id)
        if job.state == "preview" and not (await self._imports.progress(job)).tally.total:
            raise Invalid("Nothing is chosen. Tick at least one feed.", {"item": "Tick at least one feed."})
        await self._imports.start(job)
        return await self.get(actor, import_id)

    async def pause(self, actor: Actor, import_id: int) -> Progress:
        """What runs ends; nothing new is started, also after a restart, until resume()."""
        await self._imports.pause(await self._own(actor, import_id))
        return await self.get(actor, import_id)

    async def resume(self, actor: Actor, import_id: int) -> Progress:
        await self._imports.resume(await self._own(actor, import_id))
        return await self.get(actor, import_id)

    async def cancel(self, actor: Actor, import_id: int) -> Progress:
        """What was fetched stays; what waits is left out."""
        await self._imports.cancel(await self._own(actor, import_id))
        return await self.get(actor, import_id)

    async def undo(self, actor: Actor, import_id: int) -> Done:
        """For 24 hours: what the import made goes, what the person did since stays. Raises Conflict after that."""
        feeds, folders = await self._imports.undo(await self._own(actor, import_id))
        label = f"Import undone: {count(feeds, 'feed')} and {count(folders, 'folder')} removed"
        return Done(label, None, feeds)

    async def retry(self, actor: Actor, import_id: int, number: int) -> Progress:
        job, item = await self._item(actor, import_id, number)
        await self._imports.again(job, item.number, None)
        return await self.get(actor, import_id)

    async def accept(self, actor: Actor, import_id: int, number: int, url: str | None = None) -> Progress:
        """Takes a replacement that was found (the first one, or that at ``url``) in place of a feed that fails."""
        job, item = await self._item(actor, import_id, number)
        urls = [each.url for each in item.found]
        if not urls or (url is not None and url not in urls):
            raise Invalid("That replacement was not found for this feed.", {"url": "not found for this feed"})
        await self._imports.again(job, item.number, url or urls[0])
        return await self.get(actor, import_id)

    async def _own(self, actor: Actor, import_id: int) -> Import:
        user_id = self._access.user(actor)
        job = await self._imports.get(import_id)
        if job is None or job.user_id != user_id or job.state == "filling":
            raise NotFound("There is no such import.")
        return job

    async def _item(self, actor: Actor, import_id: int, number: int) -> tuple[Import, ImportItem]:
        job = await self._own(actor, import_id)
        item = await self._imports.item(job.id, number)
        if item is None:
            raise NotFound("There is no such feed in this import.")
        return job, item


def _file_name(name: str) -> str:
    """The last part of a name that a browser or program sends; it is only shown."""
    return squeeze(PurePosixPath(name.replace("\\", "/")).name, limit=100) or "subscriptions.opml"
