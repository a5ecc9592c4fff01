"""Rules of people to each other: profiles, following, approval, blocks, mutes."""

from __future__ import annotations

from collections.abc import Sequence

from reader.clock import Clock
from reader.events import PubSub, ReadingChanged, user_topic
from reader.gateways.notifications import NotificationGateway
from reader.mappers import Mappers
from reader.models.people import Candidate, Person, RelationKind, Standing, Talk, Ties
from reader.models.people_views import People, Requests


class PeopleGateway:
    def __init__(self, mappers: Mappers, notifications: NotificationGateway, bus: PubSub, clock: Clock) -> None:
        self._people = mappers.people
        self._subscriptions = mappers.subscriptions
        self._notifications = notifications
        self._bus = bus
        self._clock = clock

    # ---- who is it, and who may see them

    async def person(self, name: str) -> Person | None:
        return await self._people.person(name)

    async def persons(self, user_ids: Sequence[int]) -> dict[int, Person]:
        return await self._people.persons(user_ids)

    async def standings(self, viewer_id: int, user_ids: Sequence[int]) -> dict[int, Standing]:
        """How the viewer (0: nobody) and these people stand to each other; who is gone is left out. One round trip."""
        return await self._people.standings(viewer_id, user_ids) if user_ids else {}

    async def ties(self, user_id: int) -> Ties:
        return await self._people.ties(user_id)

    async def changed(self, *user_ids: int) -> None:
        """Tells open pages that subscriptions may have changed."""
        for user_id in user_ids:
            rev = await self._subscriptions.rev(user_id)
            await self._bus.publish(user_topic(user_id), ReadingChanged(user_id, rev))

    # ---- approval

    async def ask(self, owner_id: int, user_id: int) -> None:
        if await self._people.ask(owner_id, user_id, now=self._clock.now()):
            await self._notifications.tell(owner_id, "ask", user_id)

    async def withdraw(self, owner_id: int, user_id: int) -> bool:
        gone = await self._people.withdraw(owner_id, user_id)
        await self._notifications.forget(owner_id, "ask", user_id)
        return gone

    async def refuse(self, owner_id: int, user_id: int) -> bool:
        """Ends a request or an approval, and what rests on it. They are not told."""
        gone = await self._people.refuse(owner_id, user_id)
        await self._notifications.forget(owner_id, "ask", user_id)
        await self.changed(user_id)
        return gone

    async def requests(self, owner_id: int, before: int | None, limit: int) -> Requests:
        found = await self._people.requests(owner_id, before=before, limit=limit + 1)
        page = found[:limit]
        return Requests(tuple(page), page[-1].person.id if len(found) > limit else None)

    # ---- blocks and mutes

    async def block(self, user_id: int, other_id: int) -> bool:
        made = await self._people.block(user_id, other_id, now=self._clock.now())
        await self.changed(user_id, other_id)
        return made

    async def mute(self, user_id: int, other_id: int) -> bool:
        made = await self._people.mute(user_id, other_id, now=self._clock.now())
        await self.changed(user_id)
        return made

    async def unrelate(self, user_id: int, other_id: int, kind: RelationKind) -> bool:
        gone = await self._people.unrelate(user_id, other_id, kind)
        await self.changed(user_id)
        return gone

    async def related(self, user_id: int, kind: RelationKind, before: int | None, limit: int) -> People:
        return _page(await self._people.related(user_id, kind, before=before, limit=limit + 1), limit)

    # ---- lists

    async def followers(self, owner_id: int, before: int | None, limit: int) -> People:
        return _page(await self._people.followers(owner_id, before=before, limit=limit + 1), limit)

    async def following(self, user_id: int, before: int | None, limit: int) -> People:
        return _page(await self._people.following(user_id, before=before, limit=limit + 1), limit)

    async def suggestions(self, user_id: int, limit: int) -> list[Candidate]:
        return await self._people.suggestions(user_id, limit)

    async def edit(self, user_id: int, about: str, talk: Talk) -> None:
        await self._people.set_profile(user_id, about=about, talk=talk)


def _page(found: Sequence[Person], limit: int) -> People:
    return People(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)
