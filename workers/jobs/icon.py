"""Fetch the icon of a feed's site."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import FetchIcon


async def run(container: Container, job: FetchIcon) -> str:
    return await container.gateways.icons.run(job)
