"""Icons of feeds: found on their site, stored once by digest."""

from __future__ import annotations

import orjson
import structlog

from reader.clock import Clock
from reader.errors import Upstream
from reader.events import FeedChanged, PubSub, feed_topic
from reader.gateways.work import WorkGateway
from reader.ingest.fetch import Fetcher
from reader.ingest.icon import find_icon
from reader.jobs import Cpu, FetchIcon, key_of
from reader.mappers import Mappers

log = structlog.get_logger(__name__)

WEEK = 7 * 86_400


async def icon_wanted(work: WorkGateway, job: FetchIcon, now: float) -> bool:
    """Whether the icon of the feed has not been looked for within a week. The row of the last job remembers it."""
    row = await work.get(key_of(job))
    return row is None or (row.finished_at is not None and row.finished_at < now - WEEK)


class IconGateway:
    def __init__(self, mappers: Mappers, fetcher: Fetcher, cpu: Cpu, bus: PubSub, clock: Clock) -> None:
        self._feeds = mappers.feeds
        self._fetcher = fetcher
        self._cpu = cpu
        self._bus = bus
        self._clock = clock

    async def run(self, job: FetchIcon) -> str:
        """Find and store the icon; the result says which. A site that fails leaves the icon that is there."""
        feed = await self._feeds.get(job.feed_id)
        if feed is None:
            return orjson.dumps({"icon": None, "note": "the feed is gone"}).decode()
        try:
            icon = await find_icon(self._fetcher, self._cpu, feed.site_url or feed.url)
        except Upstream as error:
            return orjson.dumps({"icon": None, "note": str(error)}).decode()
        await self._feeds.set_icon(feed.id, icon, self._clock.now())
        if (icon.digest if icon else None) != feed.icon:
            await self._bus.publish(feed_topic(feed.id), FeedChanged(feed.id))
        return orjson.dumps({"icon": icon.digest if icon else None}).decode()
