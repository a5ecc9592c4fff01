"""Pull one feed."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import PullFeed


async def run(container: Container, job: PullFeed) -> None:
    await container.gateways.pulls.pull(job.feed_id, user=job.user)
