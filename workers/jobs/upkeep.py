"""Everything that nobody waits for."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import Upkeep


async def run(container: Container, job: Upkeep) -> None:
    await container.gateways.upkeep.run()
