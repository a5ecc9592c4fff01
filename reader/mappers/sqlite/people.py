"""People to each other on SQLite: the statements of followers are in followers.py, those of blocks in ties.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.mappers.sqlite import followers, ties
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.person import HERE, PERSON, as_person
from reader.models.people import Candidate, Person, RelationKind, Standing, Talk, Ties
from reader.models.people_views import Request

NEAR_MOST = 50
STANDINGS = f"""
SELECT {PERSON},
    EXISTS (SELECT 1 FROM stream JOIN subscription ON subscription.feed_id = stream.feed_id
        AND subscription.user_id = :me WHERE stream.user_id = user.id),
    (SELECT state FROM approval WHERE owner_id = user.id AND user_id = :me),
    EXISTS (SELECT 1 FROM relation WHERE user_id = :me AND other_id = user.id AND kind = 'block'),
    EXISTS (SELECT 1 FROM relation WHERE user_id = user.id AND other_id = :me AND kind = 'block'),
    EXISTS (SELECT 1 FROM relation WHERE user_id = :me AND other_id = user.id AND kind = 'mute')
FROM user WHERE user.id IN (SELECT value FROM json_each(:ids)) AND {HERE}
"""
RELATED = f"""
SELECT {PERSON} FROM relation JOIN user ON user.id = relation.other_id
WHERE relation.user_id = :me AND relation.kind = :kind AND relation.other_id < :before AND {HERE}
ORDER BY relation.other_id DESC LIMIT :limit
"""
REQUESTS = f"""
SELECT {PERSON}, approval.at FROM approval JOIN user ON user.id = approval.user_id
WHERE approval.owner_id = :owner AND approval.state = 'asked' AND approval.user_id < :before AND {HERE}
ORDER BY approval.user_id DESC LIMIT :limit
"""
HIGHEST = 1 << 62


def _person(con: sqlite3.Connection, name: str) -> Person | None:
    row = con.execute(f"SELECT {PERSON} FROM user WHERE name_key = ? AND {HERE}", (name.casefold(),)).fetchone()
    return as_person(row) if row else None


def _persons(con: sqlite3.Connection, ids: str) -> dict[int, Person]:
    rows = con.execute(f"SELECT {PERSON} FROM user WHERE id IN (SELECT value FROM json_each(?)) AND {HERE}", (ids,))
    return {row[0]: as_person(row) for row in rows}


def _standings(con: sqlite3.Connection, viewer_id: int, ids: str) -> dict[int, Standing]:
    rows = con.execute(STANDINGS, {"me": viewer_id, "ids": ids})
    return {
        row[0]: Standing(viewer_id, as_person(row), bool(row[6]), row[7], bool(row[8]), bool(row[9]), bool(row[10]))
        for row in rows
    }


def _set_profile(con: sqlite3.Connection, user_id: int, about: str, talk: Talk) -> None:
    con.execute("UPDATE user SET about = ?, talk = ? WHERE id = ?", (about, talk, user_id))


def _related(con: sqlite3.Connection, user_id: int, kind: RelationKind, before: int, limit: int) -> list[Person]:
    values = {"me": user_id, "kind": kind, "before": before, "limit": limit}
    return [as_person(row) for row in con.execute(RELATED, values)]


def _requests(con: sqlite3.Connection, owner_id: int, before: int, limit: int) -> list[Request]:
    values = {"owner": owner_id, "before": before, "limit": limit}
    return [Request(as_person(row), row[6]) for row in con.execute(REQUESTS, values)]


class SqlitePeople:
    """PeopleMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def person(self, name: str) -> Person | None:
        return await self._engine.near(_person, name)

    async def persons(self, user_ids: Sequence[int]) -> dict[int, Person]:
        run = self._engine.near if len(user_ids) <= NEAR_MOST else self._engine.read
        return await run(_persons, ids_json(user_ids))

    async def standings(self, viewer_id: int, user_ids: Sequence[int]) -> dict[int, Standing]:
        run = self._engine.near if len(user_ids) <= NEAR_MOST else self._engine.read
        return await run(_standings, viewer_id, ids_json(user_ids))

    async def set_profile(self, user_id: int, *, about: str, talk: Talk) -> None:
        await self._engine.write(_set_profile, user_id, about, talk)

    async def set_private(self, user_id: int, private: bool, *, now: float) -> bool:
        return await self._engine.write(ties.set_private, user_id, private, now)

    async def ask(self, owner_id: int, user_id: int, *, now: float) -> bool:
        return await self._engine.write(ties.ask, owner_id, user_id, now)

    async def approve(self, owner_id: int, user_id: int, *, feed_id: int, unread: int, now: float) -> bool:
        return await self._engine.write(ties.approve, owner_id, user_id, feed_id, unread, now)

    async def refuse(self, owner_id: int, user_id: int) -> bool:
        return await self._engine.write(ties.refuse, owner_id, user_id)

    async def withdraw(self, owner_id: int, user_id: int) -> bool:
        return await self._engine.write(ties.withdraw, owner_id, user_id)

    async def requests(self, owner_id: int, *, before: int | None, limit: int) -> list[Request]:
        return await self._engine.read(_requests, owner_id, HIGHEST if before is None else before, limit)

    async def open_requests(self, limit: int) -> list[tuple[int, int]]:
        return await self._engine.read(ties.open_requests, limit)

    async def block(self, user_id: int, other_id: int, *, now: float) -> bool:
        return await self._engine.write(ties.block, user_id, other_id, now)

    async def mute(self, user_id: int, other_id: int, *, now: float) -> bool:
        return await self._engine.write(ties.mute, user_id, other_id, now)

    async def unrelate(self, user_id: int, other_id: int, kind: RelationKind) -> bool:
        return await self._engine.write(ties.unrelate, user_id, other_id, kind)

    async def related(self, user_id: int, kind: RelationKind, *, before: int | None, limit: int) -> list[Person]:
        return await self._engine.read(_related, user_id, kind, HIGHEST if before is None else before, limit)

    async def followers(self, owner_id: int, *, before: int | None, limit: int) -> list[Person]:
        return await self._engine.read(followers.followers, owner_id, HIGHEST if before is None else before, limit)

    async def following(self, user_id: int, *, before: int | None, limit: int) -> list[Person]:
        return await self._engine.read(followers.following, user_id, HIGHEST if before is None else before, limit)

    async def ties(self, user_id: int) -> Ties:
        return await self._engine.read(followers.count, user_id)

    async def suggestions(self, user_id: int, limit: int) -> list[Candidate]:
        return await self._engine.read(followers.suggestions, user_id, limit)

    async def put_right(self, limit: int) -> int:
        return await self._engine.write(ties.put_right, limit)
