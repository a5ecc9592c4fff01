"""Folders, subscriptions and read sets on MongoDB: the work is in shape.py, folders.py, reading.py and recount.py."""

from __future__ import annotations

from collections.abc import Sequence

from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import folders, reading, shape
from reader.mappers.mongo.engine import Engine, guarded
from reader.mappers.mongo.recount import recount
from reader.mappers.mongo.shelf_documents import subscription
from reader.mappers.subscriptions import Marked, ReadingDelta
from reader.models.subscription import Folder, ReadChange, Subscription


@guarded
class MongoSubscriptions:
    """SubscriptionMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def counts(self) -> dict[int, int]:
        return await shape.counts(self._engine)

    async def rev(self, user_id: int) -> int:
        return await reading.rev(self._engine, user_id)

    async def delta(self, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
        return await reading.delta(self._engine, user_id, rev, shape_rev)

    async def reading_delta(
        self, user_id: int, rev: int, shape_rev: int, feed_rev: int, feed_limit: int
    ) -> tuple[ReadingDelta, list[FeedMark]]:
        return await reading.reading_delta(self._engine, user_id, rev, shape_rev, feed_rev, feed_limit)

    async def get(self, user_id: int, feed_id: int) -> Subscription | None:
        return await subscription(self._engine, user_id, feed_id)

    async def subscribers(self, feed_id: int) -> list[int]:
        return await shape.subscribers(self._engine, feed_id)

    async def subscribe(
        self, user_id: int, feed_id: int, *, folder_id: int | None, title: str | None, unread: int, now: float
    ) -> tuple[Subscription, bool]:
        return await shape.subscribe(self._engine, user_id, feed_id, folder_id, title, unread, now)

    async def unsubscribe(self, user_id: int, feed_ids: Sequence[int]) -> list[Subscription]:
        return await shape.unsubscribe(self._engine, user_id, feed_ids)

    async def restore(self, subscriptions: Sequence[Subscription]) -> int:
        return await shape.restore(self._engine, subscriptions)

    async def move(self, user_id: int, feed_ids: Sequence[int], folder_id: int | None, before: int | None) -> None:
        await shape.move(self._engine, user_id, feed_ids, folder_id, before)

    async def rename(self, user_id: int, feed_id: int, title: str | None) -> None:
        await shape.rename(self._engine, user_id, feed_id, title)

    async def mute(self, user_id: int, feed_id: int, on: bool) -> bool:
        return await shape.mute(self._engine, user_id, feed_id, on)

    async def add_folder(self, user_id: int, title: str, parent_id: int | None = None) -> Folder:
        return await folders.add_folder(self._engine, user_id, title, parent_id)

    async def nest_folder(self, user_id: int, folder_id: int, parent_id: int | None) -> None:
        await folders.nest_folder(self._engine, user_id, folder_id, parent_id)

    async def rename_folder(self, user_id: int, folder_id: int, title: str) -> None:
        await folders.rename_folder(self._engine, user_id, folder_id, title)

    async def remove_folder(self, user_id: int, folder_id: int) -> list[int]:
        return await folders.remove_folder(self._engine, user_id, folder_id)

    async def restore_folder(self, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int] = ()) -> Folder:
        return await folders.restore_folder(self._engine, folder, feed_ids, folder_ids)

    async def move_folder(self, user_id: int, folder_id: int, before: int | None) -> None:
        await folders.move_folder(self._engine, user_id, folder_id, before)

    async def open_folder(self, user_id: int, folder_id: int, open: bool) -> None:
        await folders.open_folder(self._engine, user_id, folder_id, open)

    async def mark(self, user_id: int, changes: Sequence[ReadChange], *, now: float) -> Marked:
        return await reading.mark(self._engine, user_id, changes, now)

    async def journal(self, user_id: int, since_rev: int) -> list[ReadChange] | None:
        return await reading.journal(self._engine, user_id, since_rev)

    async def trim_journal(self, before: float) -> int:
        return await reading.trim_journal(self._engine, before)

    async def recount(self, feed_id: int) -> int:
        return await recount(self._engine, feed_id)
