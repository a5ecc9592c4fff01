"""Read other pages of a site for its feeds."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import CrawlSite


async def run(container: Container, job: CrawlSite) -> str:
    return await container.gateways.discovery.crawl(job)
