"""Rules of people to each other: profiles, following, approval, blocks, mutes."""

from __future__ import annotations

from collections.abc import Sequence

from reader.clock import Clock
from reader.errors import NotFound
from reader.gateways.notifications import NotificationGateway
from reader.gateways.sharing import SharingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.mappers import Mappers
from reader.models.feed import Feed
from reader.models.people import Candidate, Person, RelationKind, Standing, Talk, veiled
from reader.models.people_views import People, Profile, Requests, Way
from reader.models.share import Share, Stream
from reader.models.subscription import Undo
from reader.settings import Settings

AT_ONCE = 100


class PeopleGateway:
    def __init__(
        self,
        mappers: Mappers,
        sharing: SharingGateway,
        subscriptions: SubscriptionGateway,
        notifications: NotificationGateway,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._people = mappers.people
        self._shares = mappers.shares
        self._feeds = mappers.feeds
        self._streams = mappers.streams
        self._sharing = sharing
        self._subscriptions = subscriptions
        self._notifications = notifications
        self._clock = clock
        self._unread = settings.initial_unread

    # ---- who is it, and who may see them

    async def person(self, name: str) -> Person | None:
        return await self._people.person(name)

    async def persons(self, user_ids: Sequence[int]) -> dict[int, Person]:
        return await self._people.persons(user_ids)

    async def standings(self, viewer_id: int, user_ids: Sequence[int]) -> dict[int, Standing]:
        """How the viewer (0: nobody) and these people stand to each other; who is gone is left out. One round trip."""
        return await self._people.standings(viewer_id, user_ids) if user_ids else {}

    async def share(self, share_id: int) -> Share | None:
        return await self._shares.get(share_id)

    async def profile(self, standing: Standing) -> Profile:
        """A person's page as far as the viewer may see it."""
        person, viewer_id = standing.person, standing.viewer_id
        mine = viewer_id == person.id
        way: Way = "self" if mine else "following" if standing.follows else "none"
        if standing.approval == "asked" and not standing.follows:
            way = "asked"
        if not standing.visible:
            return Profile(standing.shown, False, way, False, standing.blocks, standing.muted, None)
        ties = await self._people.ties(person.id)
        back = (await self._people.standings(person.id, [viewer_id])).get(viewer_id) if viewer_id > 0 else None
        return Profile(
            person=person,
            open=True,
            way=way,
            follows_me=back is not None and back.follows and not mine,
            blocked=False,
            muted=standing.muted,
            ties=ties if mine else ties._replace(requests=0),
            streams=tuple(await self._streams.of_users([person.id])),
        )

    async def edit(self, user_id: int, about: str, talk: Talk) -> None:
        await self._people.set_profile(user_id, about=about, talk=talk)

    async def set_private(self, user_id: int, private: bool) -> None:
        """Going public approves who asks; what a crash leaves open, upkeep approves."""
        await self._people.set_private(user_id, private, now=self._clock.now())
        while not private:
            asking = [each.person.id for each in await self._people.requests(user_id, before=None, limit=AT_ONCE)]
            done = [await self.approve(user_id, asker_id) for asker_id in asking]
            if not any(done):
                break

    # ---- following

    async def stream_at(self, feed_id: int) -> Stream | None:
        """The stream that a feed is."""
        return (await self._streams.by_feeds([feed_id])).get(feed_id)

    async def stream_of(self, owner_id: int, name: str | None) -> Stream | None:
        """By its name; None: the default one, which everybody has, though it may have to be made."""
        first = await self._sharing.default_stream(owner_id)
        return first if name in (None, first.name) else await self._streams.by_name(owner_id, name or "")

    async def follow(
        self, user_id: int, owner_id: int, feed_id: int, *, folder_id: int | None = None, own_title: str | None = None
    ) -> Feed:
        """Subscribes to the feed of one of the owner's streams. Raises NotFound when it is gone, or the user may not
        see the owner (any more)."""
        feed = await self._feeds.get(feed_id)
        standing = (await self.standings(user_id, [owner_id])).get(owner_id)
        if feed is None or standing is None:
            raise NotFound("There is no such stream.")
        await self._subscriptions.subscribe_known(user_id, feed, folder_id=folder_id, own_title=own_title)
        if standing.muted:
            await self._people.mute(user_id, owner_id, now=self._clock.now())
        if not standing.follows:
            await self._notifications.tell(owner_id, "follow", user_id)
        return feed

    async def unfollow(self, user_id: int, owner_id: int, label: str) -> Undo | None:
        """Ends the subscriptions to all of their streams; None when there was none."""
        feed_ids = [stream.feed_id for stream in await self._streams.of_users([owner_id])]
        return await self._subscriptions.unsubscribe(user_id, feed_ids, label)

    # ---- approval

    async def ask(self, owner_id: int, user_id: int) -> None:
        if await self._people.ask(owner_id, user_id, now=self._clock.now()):
            await self._notifications.tell(owner_id, "ask", user_id)

    async def approve(self, owner_id: int, user_id: int) -> bool:
        """They may, and follow the default stream. False when they do not ask."""
        stream = await self._sharing.default_stream(owner_id)
        approved = await self._people.approve(
            owner_id, user_id, feed_id=stream.feed_id, unread=self._unread, now=self._clock.now()
        )
        await self._notifications.forget(owner_id, "ask", user_id)
        if approved:
            await self._notifications.tell(user_id, "approved", owner_id)
            await self._subscriptions.changed(user_id)
        return approved

    async def withdraw(self, owner_id: int, user_id: int) -> bool:
        gone = await self._people.withdraw(owner_id, user_id)
        await self._notifications.forget(owner_id, "ask", user_id)
        return gone

    async def refuse(self, owner_id: int, user_id: int) -> bool:
        """Ends a request or an approval, and what rests on it. They are not told."""
        await self._subscriptions.settle(user_id)
        gone = await self._people.refuse(owner_id, user_id)
        await self._notifications.forget(owner_id, "ask", user_id)
        await self._subscriptions.changed(user_id)
        return gone

    async def requests(self, owner_id: int, before: int | None, limit: int) -> Requests:
        found = await self._people.requests(owner_id, before=before, limit=limit + 1)
        page = found[:limit]
        standings = await self.standings(owner_id, [each.person.id for each in page])
        shown = [
            each._replace(person=standings[each.person.id].shown)
            for each in page
            if each.person.id in standings and not standings[each.person.id].blocked
        ]
        return Requests(tuple(shown), page[-1].person.id if len(found) > limit else None)

    # ---- blocks and mutes

    async def block(self, user_id: int, other_id: int) -> bool:
        await self._subscriptions.settle(user_id)
        await self._subscriptions.settle(other_id)
        made = await self._people.block(user_id, other_id, now=self._clock.now())
        await self._subscriptions.changed(user_id)
        await self._subscriptions.changed(other_id)
        return made

    async def mute(self, user_id: int, other_id: int) -> bool:
        made = await self._people.mute(user_id, other_id, now=self._clock.now())
        await self._subscriptions.changed(user_id)
        return made

    async def unrelate(self, user_id: int, other_id: int, kind: RelationKind) -> bool:
        gone = await self._people.unrelate(user_id, other_id, kind)
        await self._subscriptions.changed(user_id)
        return gone

    async def related(self, user_id: int, kind: RelationKind, before: int | None, limit: int) -> People:
        page = _page(await self._people.related(user_id, kind, before=before, limit=limit + 1), limit)
        return People(tuple(map(veiled, page.people)), page.next)

    # ---- lists

    async def followers(self, owner_id: int, before: int | None, limit: int) -> People:
        return _page(await self._people.followers(owner_id, before=before, limit=limit + 1), limit)

    async def following(self, user_id: int, before: int | None, limit: int) -> People:
        return _page(await self._people.following(user_id, before=before, limit=limit + 1), limit)

    async def suggestions(self, user_id: int, limit: int) -> list[Candidate]:
        return await self._people.suggestions(user_id, limit)

    async def put_right(self) -> int:
        """What a crash, or two acts at once, left behind: requests to people who are public, and what rests on a block
        or on a missing approval. Returns how many."""
        done = 0
        while found := await self._people.open_requests(AT_ONCE):
            approved = [await self.approve(owner_id, user_id) for owner_id, user_id in found]
            done += sum(approved)
            if not any(approved):
                break
        while count := await self._people.put_right(AT_ONCE):
            done += count
        return done


def _page(found: Sequence[Person], limit: int) -> People:
    return People(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)
