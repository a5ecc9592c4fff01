"""People: profiles, following and its approval, blocks, mutes, suggestions, notifications."""

from __future__ import annotations

import structlog

from reader.cache import Cache
from reader.errors import Conflict, Invalid, Limited, NotFound
from reader.gateways.local import NAME, Target, local_target, own_host
from reader.gateways.notifications import NotificationGateway
from reader.gateways.people import PeopleGateway
from reader.gateways.reading import ReadingGateway
from reader.models.people import ABOUT_MOST, Person, Standing, Talk
from reader.models.people_views import Followed, Notices, People, Profile, Requests, Suggestions
from reader.models.reading import Done
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.feeds import SUBSCRIPTIONS_MOST
from reader.services.words import clean_text
from reader.settings import Settings

log = structlog.get_logger()

PEOPLE_MOST = 100  # of one page
FOLLOWS_AN_HOUR = 200
HOUR = 3600
TALKS: tuple[Talk, ...] = ("all", "followers", "nobody")


class PeopleService:
    def __init__(
        self,
        access: Access,
        people: PeopleGateway,
        notifications: NotificationGateway,
        reading: ReadingGateway,
        cache: Cache,
        settings: Settings,
    ) -> None:
        self._access = access
        self._people = people
        self._notifications = notifications
        self._reading = reading
        self._cache = cache
        self._host = own_host(settings.base_url)

    # ---- profiles

    async def profile(self, actor: Actor, name: str) -> Profile:
        """Works for anybody. Of private people one may not see, only the name, and only for people signed in."""
        standing = await self._access.person(actor, name)
        return await self._people.profile(standing)

    async def edit_profile(
        self, actor: Actor, *, about: str | None = None, private: bool | None = None, talk: str | None = None
    ) -> Profile:
        """What is None stays. Going private approves everybody who follows now; going public approves who asks."""
        me = await self._me(actor)
        if talk is not None and talk not in TALKS:
            raise Invalid(f"This is one of {', '.join(TALKS)}.", {"talk": f"One of {', '.join(TALKS)}."})
        new_about = me.about if about is None else clean_text(about, "about", "The text", limit=ABOUT_MOST, least=0)
        new_talk: Talk = me.talk if talk is None else talk
        if (new_about, new_talk) != (me.about, me.talk):
            await self._people.edit(me.id, new_about, new_talk)
        if private is not None and private != me.private:
            await self._people.set_private(me.id, private)
            log.info("people.private" if private else "people.public", user_id=me.id)
        return await self.profile(actor, me.name)

    # ---- following

    async def follow(
        self, actor: Actor, target: str, folder_id: int | None = None, *, host: str | None = None
    ) -> Followed:
        """``target``: "@name", a name, "/u/NAME/STREAM" or such an address at this instance (``host``: what it is
        called in the request at hand). Following twice changes nothing; a private account is asked."""
        user_id = self._access.user(actor)
        wanted = self.target(actor, target, host)
        if wanted is None:
            message = "That is nobody's name or address here. Names look like @ada."
            raise Invalid(message, {"target": message})
        standing = await self._access.person(actor, wanted.name)
        self._check_follow(standing)
        if folder_id is not None:
            await self._access.folder(actor, folder_id)
        if await self._cache.increment(f"follow:1:{user_id}", HOUR) > FOLLOWS_AN_HOUR:
            raise Limited("That is a lot of people for one hour. Follow more of them later.", HOUR)
        if not standing.visible:
            await self._people.ask(standing.person.id, user_id)
            return Followed("asked", standing.shown, None, f"You asked to follow {standing.person.name}")
        if len((await self._reading.shelf(user_id)).subs) >= SUBSCRIPTIONS_MOST:
            raise Invalid(f"You have {SUBSCRIPTIONS_MOST:,} subscriptions. Unsubscribe from some first.")
        stream = await self._people.stream_of(standing.person.id, wanted.stream)
        if stream is None:
            raise NotFound("There is no such stream.")
        await self._people.follow(user_id, standing.person.id, stream.feed_id, folder_id=folder_id)
        return Followed("following", standing.person, stream.feed_id, f"You follow {standing.person.name}")

    @staticmethod
    def _check_follow(standing: Standing) -> None:
        if standing.viewer_id == standing.person.id:
            raise Invalid("That is you. What you share is in your own stream.", {"target": "That is you."})
        if standing.blocks:
            raise Conflict(f"You blocked {standing.person.name}. Unblock them first.")

    def target(self, actor: Actor, typed: str, host: str | None = None) -> Target | None:
        """Whose stream a typed address of this instance means; None for what is none of its addresses."""
        self._access.anyone(actor)
        found = local_target(typed, [self._host, host or ""])
        match = NAME.fullmatch(typed.strip()) if found is None else None
        return Target(match[1]) if match else found

    async def unfollow(self, actor: Actor, name: str) -> Done:
        """Ends following all of their streams, or takes a request back."""
        user_id = self._access.user(actor)
        standing = await self._access.person(actor, name)
        person = standing.person
        if standing.approval == "asked" and await self._people.withdraw(person.id, user_id):
            return Done(f"You no longer ask to follow {person.name}", None, 1)
        label = f"You no longer follow {person.name}"
        undo = await self._people.unfollow(user_id, person.id, label)
        return Done(
            label if undo else f"You do not follow {person.name}", undo.token if undo else None, int(bool(undo))
        )

    async def followers(self, actor: Actor, name: str, cursor: int | None = None, *, limit: int = 50) -> People:
        """Works for anybody who may see the person. People the actor may not see are left out."""
        owner_id = await self._open(actor, name)
        return await self._visible(actor, await self._people.followers(owner_id, cursor, _limit(limit)))

    async def following(self, actor: Actor, name: str, cursor: int | None = None, *, limit: int = 50) -> People:
        owner_id = await self._open(actor, name)
        return await self._visible(actor, await self._people.following(owner_id, cursor, _limit(limit)))

    async def _open(self, actor: Actor, name: str) -> int:
        standing = await self._access.seen(actor, name)
        if standing is None:
            raise NotFound("There is nobody of that name.")
        return standing.person.id

    async def _visible(self, actor: Actor, page: People) -> People:
        seen = await self._access.visible_owners(actor, [person.id for person in page.people])
        return People(tuple(person for person in page.people if person.id in seen), page.next)

    # ---- approval

    async def requests(self, actor: Actor, cursor: int | None = None, *, limit: int = 50) -> Requests:
        return await self._people.requests(self._access.user(actor), cursor, _limit(limit))

    async def approve(self, actor: Actor, name: str) -> Done:
        user_id = self._access.user(actor)
        asker = (await self._access.person(actor, name)).person
        if not await self._people.approve(user_id, asker.id):
            raise NotFound(f"{asker.name} does not ask to follow you.")
        return Done(f"{asker.name} may follow you", None, 1)

    async def refuse(self, actor: Actor, name: str) -> Done:
        """Refuses a request, or removes a follower. They are not told."""
        user_id = self._access.user(actor)
        other = (await self._access.person(actor, name)).person
        if not await self._people.refuse(user_id, other.id):
            raise NotFound(f"{other.name} neither follows you nor asks to.")
        return Done(f"{other.name} does not follow you", None, 1)

    # ---- blocks and mutes

    async def block(self, actor: Actor, name: str) -> Done:
        """Neither sees the other any more, and neither follows the other; they are not told. Works on who blocked the
        actor as well."""
        user_id = self._access.user(actor)
        other = await self._anybody(name)
        self._not_me(user_id, other.id)
        made = await self._people.block(user_id, other.id)
        log.info("people.block", user_id=user_id, other_id=other.id)
        return Done(f"{other.name} is blocked", None, int(made))

    async def unblock(self, actor: Actor, name: str) -> Done:
        """Nothing comes back by itself: who followed has to follow again."""
        user_id = self._access.user(actor)
        other = await self._anybody(name)
        gone = await self._people.unrelate(user_id, other.id, "block")
        return Done(f"{other.name} is not blocked any more", None, int(gone))

    async def mute(self, actor: Actor, name: str) -> Done:
        """Their comments, "also shared by" and notifications vanish for the actor; their streams count nothing."""
        user_id = self._access.user(actor)
        other = (await self._access.person(actor, name)).person
        self._not_me(user_id, other.id)
        return Done(f"{other.name} is muted", None, int(await self._people.mute(user_id, other.id)))

    async def unmute(self, actor: Actor, name: str) -> Done:
        user_id = self._access.user(actor)
        other = (await self._access.person(actor, name)).person
        gone = await self._people.unrelate(user_id, other.id, "mute")
        return Done(f"{other.name} is not muted any more", None, int(gone))

    async def blocked(self, actor: Actor, cursor: int | None = None, *, limit: int = 50) -> People:
        return await self._people.related(self._access.user(actor), "block", cursor, _limit(limit))

    async def muted(self, actor: Actor, cursor: int | None = None, *, limit: int = 50) -> People:
        return await self._people.related(self._access.user(actor), "mute", cursor, _limit(limit))

    # ---- suggestions, notifications

    async def suggestions(self, actor: Actor, *, limit: int = 10) -> Suggestions:
        """Public people whom those follow whom the actor follows, or who share from the actor's feeds."""
        return Suggestions(tuple(await self._people.suggestions(self._access.user(actor), _limit(limit))))

    async def notifications(self, actor: Actor, before: int | None = None, limit: int = 50) -> Notices:
        return await self._notifications.notices(self._access.user(actor), before, _limit(limit))

    async def seen(self, actor: Actor, up_to: int) -> int:
        """All up to that id are seen; how many were not."""
        return await self._notifications.seen(self._access.user(actor), up_to)

    async def unseen(self, actor: Actor) -> int:
        return await self._notifications.unseen(self._access.user(actor))

    # ----

    async def _me(self, actor: Actor) -> Person:
        user_id = self._access.user(actor)
        standing = (await self._access.standings(actor, [user_id])).get(user_id)
        if standing is None:
            raise NotFound("There is no such account.")
        return standing.person

    async def _anybody(self, name: str) -> Person:
        """Without regard to who blocked whom: one may block back, and unblock."""
        found = await self._people.person(name.strip().removeprefix("@"))
        if found is None:
            raise NotFound("There is nobody of that name.")
        return found

    @staticmethod
    def _not_me(user_id: int, other_id: int) -> None:
        if user_id == other_id:
            raise Invalid("That is you.", {"name": "That is you."})


def _limit(limit: int) -> int:
    return max(1, min(limit, PEOPLE_MOST))
