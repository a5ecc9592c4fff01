"""Reading: the left column, lists, entries, marks, and taking acts back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from reader.errors import Invalid, NotFound
from reader.events import Channel, EntriesArrived, PubSub, feed_topic, user_topic
from reader.gateways.reading import ReadingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.models.entry import FlagKind
from reader.models.reading import Done, EntryView, Order, Page, Scope, Show, Sidebar
from reader.models.subscription import Undo
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.words import count

PAGE_MOST = 200
MARK_MOST = 1000
WORDED_UNDO = 60  # up to this many entries the undo token itself says what to take back
TOKEN = re.compile(r"(read|unread)((?:\.\d{1,15})+)|(starred|later)-(on|off)\.(\d{1,15})", re.ASCII)


def parse_scope(text: str) -> Scope:
    """ "all", "folder/3", "feed/7", "starred", "later". Raises Invalid."""
    kind, _, number = text.partition("/")
    if kind in ("all", "starred", "later") and not number:
        return Scope(kind)  # type: ignore[arg-type]
    if kind in ("folder", "feed") and re.fullmatch(r"[1-9]\d{0,14}", number, re.ASCII):
        return Scope(kind, int(number))  # type: ignore[arg-type]
    message = "A scope is all, starred, later, folder/ID or feed/ID."
    raise Invalid(message, {"scope": message})


class ReadingService:
    def __init__(
        self, access: Access, reading: ReadingGateway, subscriptions: SubscriptionGateway, bus: PubSub
    ) -> None:
        self._access = access
        self._reading = reading
        self._subscriptions = subscriptions
        self._bus = bus

    def connected(self, actor: Actor) -> bool:
        """Whether what happens in other processes is told as it happens; else pages look for it now and then."""
        self._access.user(actor)
        return self._bus.up

    async def sidebar(self, actor: Actor) -> Sidebar:
        return await self._reading.sidebar(self._access.user(actor))

    async def page(
        self,
        actor: Actor,
        scope: Scope,
        *,
        show: Show = "all",
        order: Order = "newest",
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """One page of a list, 1 to 200 entries. ``after`` is the cursor of the page before."""
        user_id = self._access.user(actor)
        return await self._reading.page(user_id, scope, show, order, after, max(1, min(limit, PAGE_MOST)))

    async def fresh(self, actor: Actor, scope: Scope, since: int, *, limit: int = 50) -> Page:
        """What arrived in the scope after ``since`` (the as_of of a page), newest first."""
        user_id = self._access.user(actor)
        return await self._reading.fresh(user_id, scope, since, max(1, min(limit, PAGE_MOST)))

    async def entry(self, actor: Actor, entry_id: int) -> EntryView:
        return await self._access.entry(actor, entry_id)

    async def mark(self, actor: Actor, entry_ids: Sequence[int], read: bool) -> Done:
        """Marks up to 1,000 entries read or unread; all of them must be the actor's to read."""
        user_id = self._access.user(actor)
        if len(entry_ids) > MARK_MOST:
            message = f"At most {MARK_MOST} entries can be marked at once."
            raise Invalid(message, {"ids": message})
        changed, changes = await self._reading.mark(user_id, list(dict.fromkeys(entry_ids)), read)
        label = f"{count(len(changed), 'entry', 'entries')} marked as {'read' if read else 'unread'}"
        if not changed:
            return Done(label, None)
        back = "unread" if read else "read"
        if len(changed) <= WORDED_UNDO:
            return Done(label, ".".join([back, *map(str, changed)]), len(changed))
        # More than a token can carry: the journal keeps it.
        undo = await self._subscriptions.journal_marks(user_id, label, changes, kind="marks")
        return Done(label, undo.token, len(changed))

    async def mark_all(
        self,
        actor: Actor,
        scope: Scope,
        *,
        as_of: int,
        older_than: float | None = None,
        after_entry: int | None = None,
        before_entry: int | None = None,
    ) -> Done:
        """Marks everything in the scope read that was there when the list was drawn (``as_of``).

        ``older_than`` (seconds) spares what is younger; ``after_entry`` marks only what is older than that entry
        (below it, newest first), ``before_entry`` only what is newer (above it). Can be undone for 24 hours.
        """
        user_id = self._access.user(actor)
        changed, changes = await self._reading.mark_all(user_id, scope, as_of, older_than, after_entry, before_entry)
        label = f"{count(changed, 'entry', 'entries')} marked as read"
        if not changed:
            return Done(label, None)
        undo = await self._subscriptions.journal_marks(user_id, label, changes, kind="mark-all")
        return Done(label, undo.token, changed)

    async def last_mark_all(self, actor: Actor) -> Undo | None:
        """The newest mark-all that can still be taken back."""
        return await self._subscriptions.latest(self._access.user(actor), "mark-all")

    async def star(self, actor: Actor, entry_id: int, on: bool) -> Done:
        return await self._flag(actor, entry_id, "starred", on)

    async def later(self, actor: Actor, entry_id: int, on: bool) -> Done:
        return await self._flag(actor, entry_id, "later", on)

    async def _flag(self, actor: Actor, entry_id: int, kind: FlagKind, on: bool) -> Done:
        changed = await self._reading.flag(self._access.user(actor), entry_id, kind, on)
        labels = {
            ("starred", True): "Starred",
            ("starred", False): "Star removed",
            ("later", True): "Kept for later",
            ("later", False): "Taken out of read later",
        }
        back = f"{kind}-{'off' if on else 'on'}.{entry_id}" if changed else None
        return Done(labels[kind, on], back, int(changed))

    async def undo(self, actor: Actor, token: str) -> Done:
        """Takes back what ``token`` names. NotFound when it is unknown, expired or was taken back already."""
        user_id = self._access.user(actor)
        match = TOKEN.fullmatch(token)
        if match is not None and match[1]:
            ids = [int(part) for part in match[2].split(".")[1:]]
            return await self.mark(actor, ids[:WORDED_UNDO], match[1] == "read")
        if match is not None:
            return await self._flag(
                actor, int(match[5]), "starred" if match[3] == "starred" else "later", match[4] == "on"
            )
        taken = await self._subscriptions.take_back(user_id, token)
        if taken is None:
            raise NotFound("That cannot be undone any more.")
        undo, changed = taken
        return Done(f"Undone: {undo.label}", None, changed)

    @asynccontextmanager
    async def events(self, actor: Actor) -> AsyncIterator[Channel]:
        """The actor's live channel: own acts on other devices, and what happens to the feeds subscribed to.

        After a ReadingChanged the caller may call watch() again, since subscriptions can have changed.
        """
        topics = await self._topics(self._access.user(actor))
        async with self._bus.subscribe(topics) as channel:
            yield channel

    async def watch(self, actor: Actor, channel: Channel) -> None:
        """Points an open channel to the feeds that the actor reads now."""
        channel.set_topics(await self._topics(self._access.user(actor)))

    async def arrived(self, actor: Actor, since: int, limit: int) -> tuple[int, list[EntriesArrived] | None]:
        """(highest visible entry id; what came after the entry ``since``, by feed). None: in more than ``limit``."""
        return await self._reading.arrived(self._access.user(actor), since, limit)

    async def _topics(self, user_id: int) -> list[str]:
        shelf = await self._reading.shelf(user_id)
        return [user_topic(user_id), *map(feed_topic, shelf.subs)]
