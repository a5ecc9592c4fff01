"""Remove what an account holds that has begun to leave."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import RemoveAccount


async def run(container: Container, job: RemoveAccount) -> str:
    return f'{{"rows":{await container.gateways.departure.run(job.user_id)}}}'
