"""What nobody waits for: purging, trimming, ending what expired, and recounting what is stored twice."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from reader.clock import Clock
from reader.gateways.departure import DepartureGateway
from reader.gateways.people import PeopleGateway
from reader.mappers import Mappers
from reader.settings import Settings

log = structlog.get_logger(__name__)

DAY = 86_400
JOURNAL_DAYS = 7
PREVIEW_DAYS = 7
IMPORT_DAYS = 90
JOBS_DAYS = 8  # beyond a week: the row of an icon job remembers when its site was asked last
NOTIFICATION_DAYS = 90
AUDIT_KEPT = 10_000
PAGE = 200
FEEDS_AT_ONCE = 50
WORDS_AT_ONCE = 200  # entries indexed in one write: others write in between


class UpkeepGateway:
    def __init__(
        self, mappers: Mappers, people: PeopleGateway, departure: DepartureGateway, clock: Clock, settings: Settings
    ) -> None:
        self._mappers = mappers
        self._people = people
        self._departure = departure
        self._clock = clock
        self._keep = settings.feed_keep

    async def run(self) -> dict[str, int]:
        """Once an hour. Returns how many of each left."""
        now = self._clock.now()
        counts = {
            "entries": await self._purge(now),
            "journal": await self._mappers.subscriptions.trim_journal(now - JOURNAL_DAYS * DAY),
            "imports": await self._mappers.imports.trim(now - PREVIEW_DAYS * DAY, now - IMPORT_DAYS * DAY),
            "undos": await self._mappers.undo.trim(now),
            "sessions": await self._mappers.users.end_sessions_before(now),
            "words": await self.fill_words(),
            "jobs": await self._mappers.jobs.remove_finished(now - JOBS_DAYS * DAY),
            "wishes": await self._mappers.operations.trim_owned(now - JOBS_DAYS * DAY),
            "webhooks": await self._mappers.webhooks.wake_all(now),
            "audit": await self._mappers.operations.trim_audit(AUDIT_KEPT),
            "notifications": await self._mappers.notifications.trim(now - NOTIFICATION_DAYS * DAY),
            "ties": await self._people.put_right(),
            "departures": await self._departure.again(),
        }
        log.info("upkeep done", **counts)
        return counts

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
                feeds += 1
                progress(feeds)
            after = page[-1].id
        await self._mappers.search.restart()
        await self.fill_words()
        return feeds, changed
