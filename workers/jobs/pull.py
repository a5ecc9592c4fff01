"""Pull one feed."""

from __future__ import annotations

from reader.container import Container
from reader.gateways.pulls import PullOutcome
from reader.jobs import PullFeed

careful = True
"""Whether feeds whose pull ended its process are refused (Suspect); not where that end is watched (workers.ward)."""


async def run(container: Container, job: PullFeed) -> PullOutcome:
    return await container.gateways.pulls.pull(job.feed_id, user=job.user, imported=job.imported, careful=careful)
