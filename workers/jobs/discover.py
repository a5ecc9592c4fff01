"""Find the feeds of an address."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import Discover


async def run(container: Container, job: Discover) -> str:
    return await container.gateways.discovery.run(job)
