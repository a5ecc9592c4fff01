"""What nobody waits for: purging, trimming, ending what expired, and recounting what is stored twice."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from reader.clock import Clock
from reader.gateways.departure import DepartureGateway
from reader.gateways.hub import HubGateway
from reader.gateways.people import PeopleGateway
from reader.gateways.sharing import SharingGateway
from reader.gateways.subscriptions import UNDO_SECONDS
from reader.gateways.websub import WebSubGateway
from reader.jobs import KINDS, CrawlSite, Discover, FetchIcon
from reader.mappers import Mappers
from reader.settings import Settings

log = structlog.get_logger(__name__)

HOUR = 3600
DAY = 86_400
AGAIN_HOURS = 3  # longer than upkeep is ever apart
JOURNAL_DAYS = 7
PREVIEW_DAYS = 7
IMPORT_DAYS = 90
JOBS_DAYS = 8  # beyond a week: the row of an icon job remembers when its site was asked last
NOTIFICATION_DAYS = 90
AUDIT_KEPT = 10_000
PAGE = 200
FEEDS_AT_ONCE = 50
SHARES_AT_ONCE = 100
STORIES_AT_ONCE = 200
WORDS_AT_ONCE = 200  # entries indexed in one write: others write in between


class UpkeepGateway:
    def __init__(
        self,
        mappers: Mappers,
        people: PeopleGateway,
        departure: DepartureGateway,
        sharing: SharingGateway,
        hub: HubGateway,
        websub: WebSubGateway,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._mappers = mappers
        self._people = people
        self._departure = departure
        self._sharing = sharing
        self._hub = hub
        self._websub = websub
        self._clock = clock
        self._keep = settings.feed_keep
        self._discovery_ttl = settings.discovery_ttl

    async def run(self) -> dict[str, int]:
        """Once an hour. Returns how many of each left."""
        now = self._clock.now()
        counts = {
            "entries": await self._purge(now),
            "journal": await self._mappers.subscriptions.trim_journal(now - JOURNAL_DAYS * DAY),
            "imports": await self._mappers.imports.trim(now - PREVIEW_DAYS * DAY, now - IMPORT_DAYS * DAY),
            "shares": await self._wipe(now),
            "chains": await self._sharing.again(now - AGAIN_HOURS * HOUR),
            "undos": await self._mappers.undo.trim(now),
            "sessions": await self._mappers.users.end_sessions_before(now),
            "words": await self.fill_words(),
            "jobs": await self._end_results(now),
            "wishes": await self._mappers.operations.trim_owned(now - JOBS_DAYS * DAY),
            "webhooks": await self._mappers.webhooks.wake_all(now),
            "audit": await self._mappers.operations.trim_audit(AUDIT_KEPT),
            "notifications": await self._mappers.notifications.trim(now - NOTIFICATION_DAYS * DAY),
            "ties": await self._people.put_right(),
            "hub": await self._hub.trim(),
            "left": await self._websub.leave_unread(),
            "departures": await self._departure.again(),
        }
        log.info("upkeep done", **counts)
        return counts

    async def _end_results(self, now: float) -> int:
        """Results are kept for an hour; a discovery's longer where it is the cache of its address; the row of an icon
        job remembers for a week when its site was asked last."""
        looks, others = (Discover.NAME, CrawlSite.NAME), {kind.NAME for kind in KINDS if kind.ROW}
        ended = await self._mappers.jobs.remove_finished(now - max(HOUR, self._discovery_ttl), looks)
        others -= {*looks, FetchIcon.NAME}
        ended += await self._mappers.jobs.remove_finished(now - HOUR, sorted(others))
        return ended + await self._mappers.jobs.remove_finished(now - JOBS_DAYS * DAY)

    async def _purge(self, now: float) -> int:
        gone = 0
        while feeds := await self._mappers.entries.over(self._keep, FEEDS_AT_ONCE):
            before = gone
            for feed_id in feeds:
                gone += await self._mappers.entries.purge(feed_id, self._keep, now=now)
            if gone == before:
                log.warning("feeds over their limit could not be purged", feeds=feeds)
                break
        return gone

    async def _wipe(self, now: float) -> int:
        """Shares that were taken back keep their text while that can be undone, and no longer."""
        done = 0
        while count := await self._mappers.shares.wipe(now - UNDO_SECONDS, SHARES_AT_ONCE):
            done += count
        return done

    async def fill_words(self) -> int:
        """Index the entries that are older than the index of words; returns how many."""
        done = 0
        while count := await self._mappers.search.fill(WORDS_AT_ONCE):
            done += count
        return done

    async def recount(self, progress: Callable[[int], None] = lambda _: None) -> tuple[int, int]:
        """Put right what is stored redundantly, feed by feed, while others read and write; then index all words anew.

        ``progress`` is called with the number of feeds done so far. Returns (feeds, rows changed).
        """
        feeds = changed = after = 0
        while page := await self._mappers.feeds.page(after=after, limit=PAGE):
            for feed in page:
                changed += await self._mappers.subscriptions.recount(feed.id)
                if feed.kind == "stream":
                    changed += await self._mappers.shares.recount_withdrawn(feed.id)
                feeds += 1
                progress(feeds)
            after = page[-1].id
        changed += await self._recount_shares()
        await self._mappers.search.restart()
        await self.fill_words()
        return feeds, changed

    async def _recount_shares(self) -> int:
        """Where shared stories stand, and how often each share was passed on; returns how many rows changed."""
        changed, story = 0, b""
        while True:
            rows, last = await self._mappers.shares.recount_copies(story, STORIES_AT_ONCE)
            changed += rows
            if last is None:
                break
            story = last
        root = 0
        while roots := await self._mappers.shares.roots(after=root, limit=PAGE):
            for root in roots:
                changed += await self._mappers.shares.recount_credit(root)
        return changed
