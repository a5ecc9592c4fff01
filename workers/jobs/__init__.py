"""One thin file per job: payload in, one gateway call, and for jobs that are rows their result as JSON."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import Discover, FetchIcon, Payload, PullFeed, Upkeep
from workers.jobs import discover, icon, pull, upkeep


async def run(container: Container, payload: Payload) -> str | None:
    """Do the job. The result is text for the row of the job, None for jobs without one."""
    match payload:
        case PullFeed():
            await pull.run(container, payload)
        case Discover():
            return await discover.run(container, payload)
        case FetchIcon():
            return await icon.run(container, payload)
        case Upkeep():
            await upkeep.run(container, payload)
    return None
