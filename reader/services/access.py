"""The one gate. Every service method passes the actor through here first; absent and forbidden look the same."""

from __future__ import annotations

from collections.abc import Iterable

from reader.errors import Forbidden, Invalid, NotFound
from reader.gateways.accounts import AccountGateway
from reader.gateways.people import PeopleGateway
from reader.gateways.reading import ReadingGateway
from reader.models.feed import Feed
from reader.models.people import Standing
from reader.models.reading import EntryView
from reader.models.share import Share, is_stream_url
from reader.models.subscription import Folder, Subscription
from reader.models.user import SYSTEM, Actor, User


class Access:
    def __init__(self, accounts: AccountGateway, reading: ReadingGateway, people: PeopleGateway) -> None:
        self._accounts = accounts
        self._reading = reading
        self._people = people

    # ---- who is it

    async def session(self, secret: str) -> tuple[Actor, User] | None:
        """Who holds this cookie; None when the session is unknown or over."""
        return _as_actor(await self._accounts.session_user(secret))

    async def token(self, secret: str) -> tuple[Actor, User] | None:
        """Who holds this personal token, with the rights that were chosen when it was made."""
        found = await self._accounts.token_user(secret)
        if found is None:
            return None
        token, user = found
        return Actor(user.id, user.admin, token.rights), user

    # ---- what may they

    def user(self, actor: Actor) -> int:
        """The id of a signed-in person; raises Forbidden otherwise."""
        if not actor.signed_in:
            raise Forbidden("Sign in first.", signed_out=True)
        return actor.user_id

    def admin(self, actor: Actor) -> None:
        """Raises Forbidden unless an administrator, or the system itself, acts."""
        if not actor.admin:
            raise Forbidden("Only an administrator can do that.", signed_out=not actor.signed_in)

    def operator(self, actor: Actor) -> None:
        """As admin(), for what nobody else should know exists: raises NotFound for people who are no administrators."""
        if not actor.admin:
            self.user(actor)
            raise NotFound("There is nothing at this address.")

    def right(self, actor: Actor, right: str) -> int:
        """The id of a signed-in person who may do what needs this right; raises Forbidden for a token without it."""
        user_id = self.user(actor)
        if right not in actor.rights:
            raise Forbidden(f"This token lacks the right “{right}”. Make one that has it, in the settings.")
        return user_id

    def anyone(self, actor: Actor) -> Actor:
        """Said where no account is needed, so that it is never left out by mistake."""
        return actor

    async def subscription(self, actor: Actor, feed_id: int) -> Subscription:
        shelf = await self._reading.shelf(self.user(actor))
        state = shelf.subs.get(feed_id)
        if state is None:
            raise NotFound("There is no such feed.")
        return state.sub

    async def pulled(self, actor: Actor, feed_id: int) -> Subscription:
        """As subscription(), for what asks a site: raises Invalid for a stream, which has none."""
        shelf = await self._reading.shelf(self.user(actor))
        state = shelf.subs.get(feed_id)
        if state is not None and is_stream_url(state.mark.url):
            raise Invalid("What people share comes at once: there is nothing to check.")
        return await self.subscription(actor, feed_id)

    async def subscriptions(self, actor: Actor, feed_ids: list[int]) -> list[Subscription]:
        shelf = await self._reading.shelf(self.user(actor))
        if any(feed_id not in shelf.subs for feed_id in feed_ids):
            raise NotFound("There is no such feed.")
        return [shelf.subs[feed_id].sub for feed_id in feed_ids]

    async def folder(self, actor: Actor, folder_id: int) -> Folder:
        shelf = await self._reading.shelf(self.user(actor))
        if folder_id not in shelf.folders:
            raise NotFound("There is no such folder.")
        return shelf.folders[folder_id]

    async def entry(self, actor: Actor, entry_id: int) -> EntryView:
        return await self._reading.entry(self.user(actor), entry_id)

    async def feed(self, actor: Actor, feed: Feed | None) -> Feed:
        """A feed that the store knows may be looked at by anybody signed in (feeds are public documents); a stream by
        those who may see its owner. Raises NotFound."""
        self.user(actor)
        if feed is not None and (feed.kind == "site" or await self._sees_stream(actor, feed.id)):
            return feed
        raise NotFound("There is no such feed.")

    async def _sees_stream(self, actor: Actor, feed_id: int) -> bool:
        stream = await self._people.stream_at(feed_id)
        return stream is not None and await self.may_see(actor, stream.user_id)

    # ---- whom may they see (decision 0013)

    async def may_see(self, actor: Actor, owner_id: int) -> bool:
        """Whether what this person shares and says may be shown to the actor, signed in or not."""
        return owner_id in await self.visible_owners(actor, [owner_id])

    async def visible_owners(self, actor: Actor, owner_ids: Iterable[int]) -> set[int]:
        """Those of these people whom the actor may see; who is gone is not among them. One round trip."""
        standings = await self.standings(actor, owner_ids)
        return {owner_id for owner_id, standing in standings.items() if standing.visible or actor == SYSTEM}

    async def standings(self, actor: Actor, owner_ids: Iterable[int]) -> dict[int, Standing]:
        """How the actor and each of these people stand to each other; who is gone is left out. One round trip."""
        viewer_id = actor.user_id if actor.signed_in else 0
        return await self._people.standings(viewer_id, list(dict.fromkeys(owner_ids)))

    async def seen(self, actor: Actor, name: str) -> Standing | None:
        """Somebody by name whom the actor may see, signed in or not; None for everybody else."""
        found = await self._people.person(name.strip().removeprefix("@"))
        standing = (await self.standings(actor, [found.id])).get(found.id) if found is not None else None
        return standing if standing is not None and (standing.visible or actor == SYSTEM) else None

    async def person(self, actor: Actor, name: str) -> Standing:
        """Somebody by name, "@" before it or not. Of private people anybody signed in may know that they exist, in
        order to ask; who blocked the actor does not exist for them. Raises NotFound."""
        found = await self._people.person(name.strip().removeprefix("@"))
        standing = (await self.standings(actor, [found.id])).get(found.id) if found is not None else None
        if standing is None or standing.blocked or not (standing.visible or actor.signed_in):
            raise NotFound("There is nobody of that name.")
        return standing

    async def share(self, actor: Actor, share_id: int) -> tuple[Share, Standing]:
        """A live share that the actor may see, signed in or not, and how they stand to its owner. Raises NotFound."""
        share = await self._people.share(share_id)
        if share is not None and share.user_id is not None and share.live:
            owner = (await self.standings(actor, [share.user_id])).get(share.user_id)
            if owner is not None and owner.visible:
                return share, owner
        raise NotFound("There is no such share.")


def _as_actor(user: User | None) -> tuple[Actor, User] | None:
    return (Actor(user.id, user.admin), user) if user is not None else None
