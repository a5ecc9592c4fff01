"""People to each other on MongoDB: what ends and begins between two is in ties.py, private accounts in privacy.py,
lists in followers.py and suggestions.py, upkeep in ties_upkeep.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.mappers.mongo import accounts, followers, privacy, ties, ties_upkeep
from reader.mappers.mongo.engine import ALL, Engine, guarded
from reader.mappers.mongo.person import approval_key, relation_key
from reader.mappers.mongo.shelf_documents import key
from reader.mappers.mongo.suggestions import suggestions
from reader.models.people import Candidate, Person, RelationKind, Standing, Talk, Ties
from reader.models.people_views import Request


@guarded
class MongoPeople:
    """PeopleMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def person(self, name: str) -> Person | None:
        user_id = await accounts.of_name(self._engine, name.casefold())
        return None if user_id is None else (await self.persons([user_id])).get(user_id)

    async def persons(self, user_ids: Sequence[int]) -> dict[int, Person]:
        return await followers.persons(self._engine, user_ids)

    async def standings(self, viewer_id: int, user_ids: Sequence[int]) -> dict[int, Standing]:
        """Two round trips: streams have to be known before it can be said who reads them."""
        approvals = [approval_key(each, viewer_id) for each in user_ids]
        keys = [relation_key(viewer_id, each, "block") for each in user_ids]
        keys += [relation_key(viewer_id, each, "mute") for each in user_ids]
        keys += [relation_key(each, viewer_id, "block") for each in user_ids]
        persons, approved, related, feeds = await asyncio.gather(
            self.persons(user_ids),
            self._db.approval.find({"_id": {"$in": approvals}}, {"state": 1}, batch_size=ALL).to_list(),
            self._db.relation.find({"_id": {"$in": keys}}, {"_id": 1}, batch_size=ALL).to_list(),
            followers.feeds_of(self._engine, user_ids),
        )
        reads = {key(viewer_id, feed_id): owner_id for feed_id, owner_id in feeds.items()}
        found = self._db.subscription.find(
            {"_id": {"$in": [*reads]}, "user_id": viewer_id}, {"feed_id": 1}, batch_size=ALL
        )
        read = {reads[each["_id"]] async for each in found if "feed_id" in each}
        states = {each["_id"]: each["state"] for each in approved}
        ties = {each["_id"] for each in related}
        return {
            n: Standing(
                viewer_id, person, n in read, states.get(approval_key(n, viewer_id)),
                blocks=relation_key(viewer_id, n, "block") in ties, blocked=relation_key(n, viewer_id, "block") in ties,
                muted=relation_key(viewer_id, n, "mute") in ties,
            )
            for n, person in persons.items()
        }  # fmt: skip

    async def set_profile(self, user_id: int, *, about: str, talk: Talk) -> None:
        await self._db.user.update_one({"_id": user_id}, {"$set": {"about": about, "talk": talk}})

    async def set_private(self, user_id: int, private: bool, *, now: float) -> bool:
        return await privacy.set_private(self._engine, user_id, private, now)

    async def ask(self, owner_id: int, user_id: int, *, now: float) -> bool:
        return await ties.ask(self._engine, owner_id, user_id, now)

    async def approve(self, owner_id: int, user_id: int, *, feed_id: int, unread: int, now: float) -> bool:
        return await ties.approve(self._engine, owner_id, user_id, feed_id, unread, now)

    async def refuse(self, owner_id: int, user_id: int) -> bool:
        return await ties.refuse(self._engine, owner_id, user_id)

    async def withdraw(self, owner_id: int, user_id: int) -> bool:
        return await ties.withdraw(self._engine, owner_id, user_id)

    async def requests(self, owner_id: int, *, before: int | None, limit: int) -> list[Request]:
        asked: dict[int, float] = {}

        async def ids(below: int, most: int) -> list[int]:
            which = {"owner_id": owner_id, "state": "asked", "user_id": {"$lt": below}}
            found = self._db.approval.find(which, {"user_id": 1, "at": 1}, batch_size=ALL).sort("user_id", -1)
            page = {each["user_id"]: each["at"] async for each in found.limit(most)}
            asked.update(page)
            return [*page]

        people = await followers.page(self._engine, ids, before, limit)
        return [Request(person, asked[person.id]) for person in people]

    async def open_requests(self, limit: int) -> list[tuple[int, int]]:
        return await ties_upkeep.open_requests(self._engine, limit)

    async def block(self, user_id: int, other_id: int, *, now: float) -> bool:
        return await ties.block(self._engine, user_id, other_id, now)

    async def mute(self, user_id: int, other_id: int, *, now: float) -> bool:
        return await ties.mute(self._engine, user_id, other_id, now)

    async def unrelate(self, user_id: int, other_id: int, kind: RelationKind) -> bool:
        return await ties.unrelate(self._engine, user_id, other_id, kind)

    async def related(self, user_id: int, kind: RelationKind, *, before: int | None, limit: int) -> list[Person]:
        async def ids(below: int, most: int) -> list[int]:
            which = {"user_id": user_id, "kind": kind, "other_id": {"$lt": below}}
            found = self._db.relation.find(which, {"other_id": 1}, batch_size=ALL).sort("other_id", -1)
            return [each["other_id"] async for each in found.limit(most)]

        return await followers.page(self._engine, ids, before, limit)

    async def followers(self, owner_id: int, *, before: int | None, limit: int) -> list[Person]:
        return await followers.followers(self._engine, owner_id, before, limit)

    async def following(self, user_id: int, *, before: int | None, limit: int) -> list[Person]:
        return await followers.following(self._engine, user_id, before, limit)

    async def ties(self, user_id: int) -> Ties:
        return await followers.count(self._engine, user_id)

    async def suggestions(self, user_id: int, limit: int) -> list[Candidate]:
        return await suggestions(self._engine, user_id, limit)

    async def put_right(self, limit: int) -> int:
        return await ties_upkeep.put_right(self._engine, limit)
