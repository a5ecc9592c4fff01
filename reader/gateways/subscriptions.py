"""Rules of subscriptions and folders, and the journal that takes acts back. Write first, then enqueue, then publish."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import orjson
from pyroaring import BitMap

from reader.clock import Clock
from reader.events import PubSub, ReadingChanged, user_topic
from reader.gateways.reading import ReadingGateway
from reader.ingest.generate import is_generated
from reader.jobs import JobQueue, PullFeed
from reader.mappers import Mappers
from reader.models.feed import Feed
from reader.models.subscription import Folder, ReadChange, Subscription, Undo
from reader.settings import Settings

UNDO_SECONDS = 86_400.0
STALE_SECONDS = 900.0  # a feed pulled longer ago is pulled at once for a new subscriber


class SubscriptionGateway:
    def __init__(
        self,
        mappers: Mappers,
        reading: ReadingGateway,
        queue: JobQueue,
        bus: PubSub,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._reading = reading
        self._subscriptions = mappers.subscriptions
        self._feeds = mappers.feeds
        self._undo = mappers.undo
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._takers: dict[str, Callable[[int, Any], Awaitable[int]]] = {
            "unsubscribe": self._undo_unsubscribe,
            "move": self._undo_move,
            "rename": self._undo_rename,
            "mute": self._undo_mute,
            "folder-rename": self._undo_folder_rename,
            "folder-remove": self._undo_folder_remove,
            "folder-move": self._undo_folder_move,
            "folder-nest": self._undo_folder_nest,
            "mark-all": self._undo_marks,
            "marks": self._undo_marks,
        }

    def takes_back(self, kind: str, taker: Callable[[int, Any], Awaitable[int]]) -> None:
        """Acts of another gateway that the journal can take back: ``taker(user_id, payload)`` says how many changed."""
        self._takers[kind] = taker

    async def changed(self, user_id: int) -> None:
        """Tells the user's open pages that folders, subscriptions or marks changed."""
        rev = await self._subscriptions.rev(user_id)
        await self._bus.publish(user_topic(user_id), ReadingChanged(user_id, rev))

    # ---- feeds

    async def subscribe(
        self, user_id: int, url: str, title: str, site_url: str | None, description: str | None,
        *, folder_id: int | None, own_title: str | None, format: str | None = None,
    ) -> Feed:  # fmt: skip
        """Subscribes to the feed at a proven URL; a feed that is new to the store is pulled at once."""
        feed, made = await self._feeds.create(
            url, title=title, site_url=site_url, description=description, now=self._clock.now(),
            format=format if is_generated(format) else None,
        )  # fmt: skip
        return await self.subscribe_known(user_id, feed, folder_id=folder_id, own_title=own_title, made=made)

    async def subscribe_known(
        self, user_id: int, feed: Feed, *, folder_id: int | None, own_title: str | None, made: bool = False
    ) -> Feed:
        """``made``: the feed was made for this subscription."""
        await self._subscriptions.subscribe(
            user_id,
            feed.id,
            folder_id=folder_id,
            title=own_title,
            unread=self._settings.initial_unread,
            now=self._clock.now(),
        )
        if feed.kind == "site" and await self._is_stale(feed):
            if not made:  # one just made was due from its first moment, and may have been pulled in between
                await self._feeds.make_due(feed.id, self._clock.now())
            await self._queue.put(PullFeed(feed.id, user=True))
        await self.changed(user_id)
        return feed

    async def _is_stale(self, feed: Feed) -> bool:
        """A feed that nobody read was checked rarely; its first reader shall not wait for the next time."""
        if feed.kind == "stream":
            return False
        if feed.state in ("new", "gone"):
            return feed.state == "new"
        schedule = await self._feeds.schedule(feed.id)
        last = schedule.last_pull_at if schedule is not None else None
        return last is None or self._clock.now() - last > STALE_SECONDS

    async def settle(self, user_id: int) -> None:
        """Before subscriptions of the user end by what another does: what was read there stays read elsewhere."""
        await self._reading.settle(user_id)

    async def unsubscribe(self, user_id: int, feed_ids: Sequence[int], label: str) -> Undo | None:
        """None when there was no such subscription. What was read in these feeds stays read where it stands too."""
        await self._reading.settle(user_id)
        removed = await self._subscriptions.unsubscribe(user_id, feed_ids)
        if not removed:
            return None
        undo = await self.journal(user_id, "unsubscribe", label, [_packed(s) for s in removed])
        await self.changed(user_id)
        return undo

    async def _undo_unsubscribe(self, user_id: int, payload: Any) -> int:
        return await self._subscriptions.restore([_unpacked(user_id, item) for item in payload])

    async def move(
        self, user_id: int, before_move: Sequence[Subscription], folder_id: int | None, before: int | None, label: str
    ) -> Undo:
        ids = [s.feed_id for s in before_move]
        await self._subscriptions.move(user_id, ids, folder_id, before)
        undo = await self.journal(user_id, "move", label, [[s.feed_id, s.folder_id] for s in before_move])
        await self.changed(user_id)
        return undo

    async def _undo_move(self, user_id: int, payload: Any) -> int:
        for feed_id, folder_id in payload:
            await self._subscriptions.move(user_id, [feed_id], folder_id, None)
        return len(payload)

    async def rename(self, user_id: int, feed_id: int, old: str | None, new: str | None, label: str) -> Undo:
        await self._subscriptions.rename(user_id, feed_id, new)
        undo = await self.journal(user_id, "rename", label, [feed_id, old])
        await self.changed(user_id)
        return undo

    async def _undo_rename(self, user_id: int, payload: Any) -> int:
        await self._subscriptions.rename(user_id, payload[0], payload[1])
        return 1

    async def mute(self, user_id: int, feed_id: int, on: bool, label: str) -> Undo | None:
        """None when it was so already."""
        if not await self._subscriptions.mute(user_id, feed_id, on):
            return None
        undo = await self.journal(user_id, "mute", label, [feed_id, not on])
        await self.changed(user_id)
        return undo

    async def _undo_mute(self, user_id: int, payload: Any) -> int:
        if await self._subscriptions.get(user_id, payload[0]) is None:
            return 0
        return int(await self._subscriptions.mute(user_id, payload[0], payload[1]))

    # ---- folders

    async def add_folder(self, user_id: int, title: str, parent_id: int | None = None) -> Folder:
        """A new folder is open: what is put into it shall be seen."""
        folder = await self._subscriptions.add_folder(user_id, title, parent_id)
        await self._subscriptions.open_folder(user_id, folder.id, True)
        await self.changed(user_id)
        return replace(folder, open=True)

    async def rename_folder(self, user_id: int, folder: Folder, title: str, label: str) -> Undo:
        await self._subscriptions.rename_folder(user_id, folder.id, title)
        undo = await self.journal(user_id, "folder-rename", label, [folder.id, folder.title])
        await self.changed(user_id)
        return undo

    async def _undo_folder_rename(self, user_id: int, payload: Any) -> int:
        await self._subscriptions.rename_folder(user_id, payload[0], payload[1])
        return 1

    async def remove_folder(self, user_id: int, folder: Folder, inside: Sequence[int], label: str) -> Undo:
        """``inside``: ids of the folders that stand in it, for undo."""
        feed_ids = await self._subscriptions.remove_folder(user_id, folder.id)
        undo = await self.journal(user_id, "folder-remove", label, [asdict(folder), feed_ids, list(inside)])
        await self.changed(user_id)
        return undo

    async def _undo_folder_remove(self, user_id: int, payload: Any) -> int:
        folder, feed_ids, *rest = payload
        inside = rest[0] if rest else []
        await self._subscriptions.restore_folder(Folder(**{**folder, "user_id": user_id}), feed_ids, inside)
        return 1

    async def nest_folder(self, user_id: int, folder: Folder, parent_id: int | None, label: str) -> Undo:
        await self._subscriptions.nest_folder(user_id, folder.id, parent_id)
        undo = await self.journal(user_id, "folder-nest", label, [folder.id, folder.parent_id])
        await self.changed(user_id)
        return undo

    async def _undo_folder_nest(self, user_id: int, payload: Any) -> int:
        await self._subscriptions.nest_folder(user_id, payload[0], payload[1])
        return 1

    async def move_folder(
        self, user_id: int, folder_id: int, before: int | None, follower: int | None, label: str
    ) -> Undo:
        """``follower`` is the folder it stood before, for undo."""
        await self._subscriptions.move_folder(user_id, folder_id, before)
        undo = await self.journal(user_id, "folder-move", label, [folder_id, follower])
        await self.changed(user_id)
        return undo

    async def _undo_folder_move(self, user_id: int, payload: Any) -> int:
        await self._subscriptions.move_folder(user_id, payload[0], payload[1])
        return 1

    async def open_folder(self, user_id: int, folder_id: int, open_: bool) -> None:
        await self._subscriptions.open_folder(user_id, folder_id, open_)

    # ---- the undo journal

    async def journal(self, user_id: int, kind: str, label: str, payload: object) -> Undo:
        now = self._clock.now()
        text = orjson.dumps(payload).decode()
        undo = Undo(self._clock.secret()[:22], user_id, kind, label, text, now, now + UNDO_SECONDS)
        await self._undo.add(undo)
        return undo

    async def journal_marks(self, user_id: int, label: str, changes: Sequence[ReadChange], *, kind: str) -> Undo:
        """``kind`` is "mark-all" or "marks"."""
        payload = [[c.feed_id, _text(c.add), _text(c.remove)] for c in changes]
        return await self.journal(user_id, kind, label, payload)

    async def _undo_marks(self, user_id: int, payload: Any) -> int:
        changes = [ReadChange(feed_id, _bitmap(remove), _bitmap(add)) for feed_id, add, remove in payload]
        return await self._reading.apply(user_id, changes)

    async def latest(self, user_id: int, kind: str) -> Undo | None:
        return await self._undo.latest(user_id, kind, self._clock.now())

    async def take_back(self, user_id: int, token: str) -> tuple[Undo, int] | None:
        """Undoes what ``token`` names, once; None when it is unknown, expired or was taken back already."""
        undo = await self._undo.take(user_id, token, self._clock.now())
        if undo is None:
            return None
        changed = await self._takers[undo.kind](user_id, orjson.loads(undo.payload))
        await self.changed(user_id)
        return undo, changed


def _packed(sub: Subscription) -> dict[str, object]:
    return {**asdict(sub), "read": base64.b64encode(sub.read).decode()}


def _unpacked(user_id: int, item: dict[str, Any]) -> Subscription:
    return Subscription(**{**item, "user_id": user_id, "read": base64.b64decode(item["read"])})


def _text(seqs: BitMap) -> str:
    return base64.b64encode(seqs.serialize()).decode() if seqs else ""


def _bitmap(text: str) -> BitMap:
    return BitMap.deserialize(base64.b64decode(text)) if text else BitMap()
