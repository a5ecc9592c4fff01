"""Folders, subscriptions and read sets on SQLite: the statements are in shape.py, folders.py and reading.py."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.mappers.feeds import FeedMark
from reader.mappers.sqlite import folders, reading, shape
from reader.mappers.sqlite.engine import Engine
from reader.mappers.subscriptions import Marked, ReadingDelta
from reader.models.subscription import Folder, ReadChange, Subscription


def _counts(con: sqlite3.Connection) -> dict[int, int]:
    return dict(con.execute("SELECT user_id, count(*) FROM subscription GROUP BY user_id").fetchall())


class SqliteSubscriptions:
    """SubscriptionMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def counts(self) -> dict[int, int]:
        return await self._engine.read(_counts)

    async def rev(self, user_id: int) -> int:
        return await self._engine.near(reading.rev, user_id)

    async def delta(self, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
        return await self._engine.read(reading.delta, user_id, rev, shape_rev)

    async def reading_delta(
        self, user_id: int, rev: int, shape_rev: int, feed_rev: int, feed_limit: int
    ) -> tuple[ReadingDelta, list[FeedMark]]:
        if await self._engine.near(reading.is_current, user_id, rev, shape_rev, feed_rev):
            return ReadingDelta(rev, shape_rev, False, (), ()), []
        return await self._engine.read(reading.reading_delta, user_id, rev, shape_rev, feed_rev, feed_limit)

    async def get(self, user_id: int, feed_id: int) -> Subscription | None:
        return await self._engine.read(shape.get, user_id, feed_id)

    async def subscribers(self, feed_id: int) -> list[int]:
        return await self._engine.read(shape.subscribers, feed_id)

    async def subscribe(
        self, user_id: int, feed_id: int, *, folder_id: int | None, title: str | None, unread: int, now: float
    ) -> tuple[Subscription, bool]:
        return await self._engine.write(shape.subscribe, user_id, feed_id, folder_id, title, unread, now)

    async def unsubscribe(self, user_id: int, feed_ids: Sequence[int]) -> list[Subscription]:
        return await self._engine.write(shape.unsubscribe, user_id, feed_ids)

    async def restore(self, subscriptions: Sequence[Subscription]) -> int:
        return await self._engine.write(shape.restore, subscriptions)

    async def move(self, user_id: int, feed_ids: Sequence[int], folder_id: int | None, before: int | None) -> None:
        await self._engine.write(shape.move, user_id, feed_ids, folder_id, before)

    async def rename(self, user_id: int, feed_id: int, title: str | None) -> None:
        await self._engine.write(shape.rename, user_id, feed_id, title)

    async def mute(self, user_id: int, feed_id: int, on: bool) -> bool:
        return await self._engine.write(shape.mute, user_id, feed_id, on)

    async def add_folder(self, user_id: int, title: str, parent_id: int | None = None) -> Folder:
        return await self._engine.write(folders.add_folder, user_id, title, parent_id)

    async def nest_folder(self, user_id: int, folder_id: int, parent_id: int | None) -> None:
        await self._engine.write(folders.nest_folder, user_id, folder_id, parent_id)

    async def rename_folder(self, user_id: int, folder_id: int, title: str) -> None:
        await self._engine.write(folders.rename_folder, user_id, folder_id, title)

    async def remove_folder(self, user_id: int, folder_id: int) -> list[int]:
        return await self._engine.write(folders.remove_folder, user_id, folder_id)

    async def restore_folder(self, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int] = ()) -> Folder:
        return await self._engine.write(folders.restore_folder, folder, feed_ids, folder_ids)

    async def move_folder(self, user_id: int, folder_id: int, before: int | None) -> None:
        await self._engine.write(folders.move_folder, user_id, folder_id, before)

    async def open_folder(self, user_id: int, folder_id: int, open: bool) -> None:
        await self._engine.write(folders.open_folder, user_id, folder_id, open)

    async def mark(self, user_id: int, changes: Sequence[ReadChange], *, now: float) -> Marked:
        return await self._engine.write(reading.mark, user_id, changes, now)

    async def journal(self, user_id: int, since_rev: int) -> list[ReadChange] | None:
        return await self._engine.read(reading.journal, user_id, since_rev)

    async def trim_journal(self, before: float) -> int:
        return await self._engine.write(reading.trim_journal, before)

    async def recount(self, feed_id: int) -> int:
        return await self._engine.write(reading.recount, feed_id)
