"""WebSub: our hub's part (verify, announce, deliver), and what we do with other people's (ask, read)."""

from __future__ import annotations

from reader.container import Container
from reader.jobs import AnnounceStream, AskHub, DeliverStream, ReadPush, VerifyIntent
from reader.models.user import SYSTEM


async def verify(container: Container, job: VerifyIntent) -> str:
    return await container.services.hub.verify(SYSTEM, job.request_id)


async def announce(container: Container, job: AnnounceStream) -> None:
    await container.gateways.hub.announce(job.feed_id)


async def deliver(container: Container, job: DeliverStream) -> None:
    await container.services.hub.deliver(SYSTEM, job.subscription_id)


async def ask(container: Container, job: AskHub) -> None:
    await container.gateways.websub.ask(job.feed_id)


async def read(container: Container, job: ReadPush) -> None:
    await container.gateways.pushes.read(job.feed_id)
