"""Tell a webhook what is new."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import DeliverWebhook


async def run(container: Container, job: DeliverWebhook) -> None:
    await container.gateways.webhooks.run(job)
