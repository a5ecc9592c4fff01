"""Feeds and subscriptions: finding, subscribing, moving, renaming, and why a feed is quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reader.cache import Cache
from reader.errors import Invalid, Limited, NotFound
from reader.gateways.discovery import DiscoveryGateway, known_feed
from reader.gateways.feeds import FeedGateway
from reader.gateways.local import Target, local_target, own_host
from reader.gateways.people import PeopleGateway
from reader.gateways.reading import ReadingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.ingest.address import canonical, normalize
from reader.ingest.generate import is_generated
from reader.models.feed import Feed, FeedState, Icon, Schedule
from reader.models.reading import Done, FeedRow, Finding, FoundFeed
from reader.models.share import followed_title
from reader.models.subscription import Subscription
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.health import Health, duration, health_of, sentence_of
from reader.services.words import clean_title, count
from reader.settings import Settings

CHECK_PAUSE = 10  # seconds between two "Check now" of one person for one feed
ADDRESS_MOST = 4096
SUBSCRIPTIONS_MOST = 20_000
NO_STREAM = "There is no such stream here, or its owner shows it to people whom they approved."


class FeedService:
    def __init__(
        self,
        access: Access,
        subscriptions: SubscriptionGateway,
        reading: ReadingGateway,
        discovery: DiscoveryGateway,
        feeds: FeedGateway,
        people: PeopleGateway,
        cache: Cache,
        settings: Settings,
    ) -> None:
        self._access = access
        self._subscriptions = subscriptions
        self._reading = reading
        self._discovery = discovery
        self._feeds = feeds
        self._people = people
        self._cache = cache
        self._settings = settings
        self._host = own_host(settings.base_url)

    # ---- finding

    async def find(self, actor: Actor, typed: str, *, wait: float | None = None, host: str = "") -> Finding:
        """Feeds behind what a person typed: known ones at once, else from the discovery cache, else by a job.

        Waits at most ``wait`` seconds (the setting discovery_wait without it, and never longer); Finding.wait says
        that the job goes on. Raises Invalid for what is no address. ``host``: what this instance is called in the
        request at hand; its own streams are known.
        """
        user_id = self._access.user(actor)
        if len(typed) > ADDRESS_MOST:
            message = f"That address is longer than {ADDRESS_MOST} characters."
            raise Invalid(message, {"url": message})
        target = local_target(typed, [self._host, host])
        if target is not None:
            own = await self._own(actor, target)
            found = (_own_found(own, typed.strip()),) if own is not None else ()
            shelf = await self._reading.shelf(user_id)
            feeds = tuple(replace(feed, subscribed=feed.feed_id in shelf.subs) for feed in found)
            return Finding(typed.strip(), False, feeds, problem=None if feeds else NO_STREAM)
        most = self._settings.discovery_wait
        finding = await self._discovery.find(
            normalize(typed), typed, most if wait is None else max(0.0, min(wait, most))
        )
        shelf = await self._reading.shelf(user_id)
        return replace(finding, feeds=tuple(replace(f, subscribed=f.feed_id in shelf.subs) for f in finding.feeds))

    async def _own(self, actor: Actor, target: Target) -> Feed | None:
        """The feed of a stream of this instance, for those who may see its owner."""
        standing = await self._access.seen(actor, target.name)
        stream = await self._people.stream_of(standing.person.id, target.stream) if standing is not None else None
        return await self._feeds.get(stream.feed_id) if stream is not None else None

    async def search(self, actor: Actor, words: str, limit: int = 20) -> list[FoundFeed]:
        """Feeds that the store knows, by words of their title and address."""
        user_id = self._access.user(actor)
        if not words.strip():
            return []
        shelf = await self._reading.shelf(user_id)
        feeds = await self._feeds.search(words[:200], max(1, min(limit, 100)))
        return [known_feed(feed, subscribed=feed.id in shelf.subs) for feed in feeds]

    async def subscribe(
        self,
        actor: Actor,
        *,
        feed_id: int | None = None,
        url: str | None = None,
        folder_id: int | None = None,
        new_folder: str | None = None,
        title: str | None = None,
        host: str = "",
    ) -> FeedRow:
        """Subscribes to a feed the store knows (``feed_id``) or that find() proved (``url``).

        Subscribing twice changes nothing. Raises Invalid for an address that was not proven, NotFound for an unknown
        feed or folder.
        """
        user_id = self._access.user(actor)
        own_title = clean_title(title, "title", "The name") if title else None
        if folder_id is not None:
            await self._access.folder(actor, folder_id)
        if len((await self._reading.shelf(user_id)).subs) >= SUBSCRIPTIONS_MOST:
            raise Invalid(f"You have {SUBSCRIPTIONS_MOST:,} subscriptions. Unsubscribe from some first.")
        known, proven = await self._target(actor, feed_id, url, host)
        if new_folder:
            folder_id = await self._folder_named(user_id, new_folder)
        stream = await self._people.stream_at(known.id) if known is not None and known.kind == "stream" else None
        if stream is not None:
            feed = await self._people.follow(
                user_id, stream.user_id, stream.feed_id, folder_id=folder_id, own_title=own_title
            )
        elif known is not None:
            feed = await self._subscriptions.subscribe_known(user_id, known, folder_id=folder_id, own_title=own_title)
        else:
            feed = await self._subscriptions.subscribe(
                user_id, proven.url, proven.title, proven.site_url, proven.description,
                folder_id=folder_id, own_title=own_title, format=proven.format,
            )  # fmt: skip
        return (await self._reading.shelf(user_id)).subs[feed.id].row()

    async def _target(
        self, actor: Actor, feed_id: int | None, url: str | None, host: str
    ) -> tuple[Feed | None, FoundFeed]:
        if feed_id is not None:
            feed = await self._access.feed(actor, await self._feeds.get(feed_id))
            return feed, known_feed(feed)
        if not url:
            raise Invalid("Say which feed: its address or its id.", {"url": "missing"})
        target = local_target(url, [self._host, host])
        if target is not None:
            own = await self._access.feed(actor, await self._own(actor, target))
            return own, known_feed(own)
        address = canonical(normalize(url))
        known = await self._feeds.at(address)
        if known is not None:
            return await self._access.feed(actor, known), known_feed(known)
        proven = await self._discovery.proven(address)
        if proven is None:
            message = "Evantr has not looked at that address yet, or it is no feed. Find it first."
            raise Invalid(message, {"url": message})
        return None, proven

    async def _folder_named(self, user_id: int, title: str) -> int:
        """The user's folder of that name, made if there is none."""
        clean = clean_title(title, "new_folder", "The folder's name")
        shelf = await self._reading.shelf(user_id)
        for folder in shelf.folders.values():
            if folder.parent_id is None and folder.title.casefold() == clean.casefold():
                return folder.id
        return (await self._subscriptions.add_folder(user_id, clean)).id

    # ---- what one has

    async def subscription(self, actor: Actor, feed_id: int) -> FeedRow:
        sub = await self._access.subscription(actor, feed_id)
        return (await self._reading.shelf(sub.user_id)).subs[feed_id].row()

    async def unsubscribe(self, actor: Actor, feed_ids: Sequence[int]) -> Done:
        subs = await self._access.subscriptions(actor, list(feed_ids))
        label = f"Unsubscribed from {await self._named(actor, subs)}"
        undo = await self._subscriptions.unsubscribe(self._access.user(actor), feed_ids, label)
        return Done(label, undo.token if undo else None, len(subs))

    async def rename(self, actor: Actor, feed_id: int, title: str | None) -> Done:
        """For oneself; None or nothing gives the publisher's title back."""
        sub = await self._access.subscription(actor, feed_id)
        new = clean_title(title, "title", "The name") if title and title.strip() else None
        if new == sub.title:
            return Done("The name stays as it is", None)
        label = f"Renamed to {new}" if new else "The publisher's name is back"
        undo = await self._subscriptions.rename(sub.user_id, feed_id, sub.title, new, label)
        return Done(label, undo.token, 1)

    async def mute(self, actor: Actor, feed_id: int, on: bool) -> Done:
        """A muted subscription counts nothing and stays out of wider lists; its own list shows it."""
        sub = await self._access.subscription(actor, feed_id)
        name = await self._named(actor, [sub])
        label = f"{name} is muted" if on else f"{name} is not muted any more"
        undo = await self._subscriptions.mute(sub.user_id, feed_id, on, label)
        return Done(label, undo.token, 1) if undo is not None else Done(label, None)

    async def move(
        self,
        actor: Actor,
        feed_ids: Sequence[int],
        folder_id: int | None,
        *,
        before: int | None = None,
        new_folder: str | None = None,
    ) -> Done:
        """Into a folder (None: out of all), before the subscription to feed ``before`` or at the end."""
        user_id = self._access.user(actor)
        subs = await self._access.subscriptions(actor, list(feed_ids))
        if before is not None:
            await self._access.subscription(actor, before)
        if new_folder:
            folder_id = await self._folder_named(user_id, new_folder)
        where = (await self._access.folder(actor, folder_id)).title if folder_id is not None else None
        if not subs:
            return Done("Nothing was chosen", None)
        name = await self._named(actor, subs)
        label = f"{name} moved to {where}" if where else f"{name} moved out of its folder"
        undo = await self._subscriptions.move(user_id, subs, folder_id, before, label)
        return Done(label, undo.token, len(subs))

    async def _named(self, actor: Actor, subs: Sequence[Subscription]) -> str:
        if len(subs) != 1:
            return count(len(subs), "feed")
        return (await self._reading.shelf(self._access.user(actor))).subs[subs[0].feed_id].row().title

    # ---- why is it quiet

    async def check(self, actor: Actor, feed_id: int) -> None:
        """Pulls the feed now, before anything the updater wants. Limited within 10 s of the last time, and while its
        host asked for a pause."""
        sub = await self._access.pulled(actor, feed_id)
        if await self._cache.increment(f"check:1:{sub.user_id}:{feed_id}", CHECK_PAUSE) > 1:
            raise Limited(f"This feed was checked a moment ago. Try again in {CHECK_PAUSE} seconds.", CHECK_PAUSE)
        paused = await self._feeds.paused_for(feed_id)
        if paused is not None:
            host, seconds = paused
            words = f"{host} asked Evantr to leave it alone for a while. The feed is checked in {duration(seconds)}."
            raise Limited(words, int(seconds) + 1)
        await self._feeds.ask(feed_id)

    async def undo_move(self, actor: Actor, feed_id: int) -> Done:
        """Gives the feed the address back that it had before its server moved it; it does not move there again.

        For every reader of the feed: it is one feed for all. Raises Invalid when there is no move to undo.
        """
        await self._access.subscription(actor, feed_id)
        url = await self._feeds.undo_move(feed_id)
        if url is None:
            raise Invalid("This feed has not moved, or its old address belongs to another feed now.")
        return Done(f"The feed is read from {url} again", None)

    async def health(self, actor: Actor, feed_id: int, *, zone: str | None = None) -> Health:
        """Its schedule, last pulls and rhythm; for subscribers. ``zone``: whose hours its sentence tells, else UTC."""
        sub = await self._access.subscription(actor, feed_id)
        row = (await self._reading.shelf(sub.user_id)).subs[feed_id].row()
        facts = await self._feeds.facts(feed_id)
        if facts is None:
            raise NotFound("There is no such feed.")
        return health_of(row, facts, zone)

    async def icon(self, actor: Actor, digest: str) -> Icon:
        """Icons are public: they were found on public pages, and their digest names no reader."""
        self._access.anyone(actor)
        icon = await self._feeds.icon(digest)
        if icon is None:
            raise NotFound("There is no such icon.")
        return icon

    # ---- for operators and the command line

    async def all_feeds(self, actor: Actor, *, after: int = 0, limit: int = 200) -> list[Feed]:
        """All feeds of the store by id, those above ``after``."""
        self._access.admin(actor)
        return await self._feeds.page(after, limit)

    async def in_state(
        self, actor: Actor, state: FeedState, *, after: int = 0, limit: int = 100, zone: str | None = None
    ) -> list[tuple[Feed, Schedule, str]]:
        """Feeds of one state by id, those above ``after``: each with its schedule (and so what went wrong), and when
        it is looked at next and why, in hours of ``zone``."""
        self._access.operator(actor)
        found, now = await self._feeds.in_state(state, after, max(1, min(limit, 500)))
        return [(feed, schedule, sentence_of(schedule, feed, now, zone)) for feed, schedule in found]

    async def inspect(self, actor: Actor, feed_id: int, *, zone: str | None = None) -> Health:
        """health() of any feed, for operators; nothing of what anybody read."""
        self._access.operator(actor)
        facts = await self._feeds.facts(feed_id)
        if facts is None:
            raise NotFound("There is no such feed.")
        feed = facts.feed
        row = FeedRow(
            feed.id, feed.title, feed.title, feed.url, feed.site_url, feed.icon, feed.state, facts.schedule.error,
            None, 0, 0, feed.seq - feed.floor, is_generated(feed.format),
        )  # fmt: skip
        return health_of(row, facts, zone)

    async def check_any(self, actor: Actor, feed_id: int) -> None:
        """check() of any feed, for operators."""
        self._access.operator(actor)
        if await self._feeds.get(feed_id) is None:
            raise NotFound("There is no such feed.")
        if await self._cache.increment(f"check:1:{actor.user_id}:{feed_id}", CHECK_PAUSE) > 1:
            raise Limited(f"This feed was checked a moment ago. Try again in {CHECK_PAUSE} seconds.", CHECK_PAUSE)
        await self._feeds.ask(feed_id)

    async def stats(self, actor: Actor) -> dict[str, int]:
        """How many feeds, entries, users … the store holds."""
        self._access.admin(actor)
        return await self._feeds.stats()


def _own_found(feed: Feed, typed: str) -> FoundFeed:
    """A stream of this instance as somebody's followers know it, under the address that was typed."""
    return replace(known_feed(feed), url=typed, title=followed_title(feed.title, feed.site_url or ""))
