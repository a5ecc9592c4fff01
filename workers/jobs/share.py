"""What sharing leaves to the background."""

from __future__ import annotations

import orjson

from reader.container import Container
from reader.jobs import RecountChain, ShareMatches


async def recount(container: Container, job: RecountChain) -> str:
    changed = await container.gateways.sharing.recount(job.root_id)
    return orjson.dumps({"changed": changed}).decode()


async def matches(container: Container, job: ShareMatches) -> None:
    await container.gateways.streams.share_matches(job.feed_id)
