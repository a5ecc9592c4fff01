"""Icons of feeds: found on their site, stored once by digest."""

from __future__ import annotations

import hashlib
from urllib.parse import urljoin

import orjson
import structlog

from reader.clock import Clock
from reader.errors import Upstream
from reader.events import FeedChanged, PubSub, feed_topic
from reader.gateways.work import WorkGateway
from reader.ingest.fetch import Fetcher
from reader.ingest.icon import find_icon, icon_at
from reader.ingest.icon_links import IconLink
from reader.ingest.work import discover_page
from reader.jobs import Cpu, FetchIcon, key_of
from reader.mappers import Mappers
from reader.models.feed import Icon

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
        """Find and store the icon; the result says which. A site without one leaves the icon that is there."""
        feed = await self._feeds.get(job.feed_id)
        if feed is None:
            return orjson.dumps({"icon": None, "note": "the feed is gone"}).decode()
        site = feed.site_url or urljoin(feed.url, "/")
        final, links = await self._links(site)
        found = await find_icon(final, links, self._fetcher, self._cpu.run)
        if found is None and job.named:
            found = await icon_at(job.named, self._fetcher, self._cpu.run)
        if found is None and feed.icon is not None:
            return orjson.dumps(
                {"icon": feed.icon, "note": "the site has none at the moment; the old one stays"}
            ).decode()
        icon = Icon(hashlib.sha256(found[1]).hexdigest(), *found) if found else None
        await self._feeds.set_icon(feed.id, icon, self._clock.now())
        if (icon.digest if icon else None) != feed.icon:
            await self._bus.publish(feed_topic(feed.id), FeedChanged(feed.id))
        return orjson.dumps({"icon": icon.digest if icon else None}).decode()

    async def _links(self, site: str) -> tuple[str, list[IconLink]]:
        """(where the site's front page is, icons that it names); none if it does not answer."""
        try:
            page = await self._fetcher.get(site)
            found = await self._cpu.run(discover_page, page.body, page.final_url, page.content_type)
        except Upstream as error:
            log.debug("no page to take an icon from", url=site, error=str(error))
            return site, []
        return page.final_url, found.icons
