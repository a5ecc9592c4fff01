"""One thin file per job: payload in, one gateway call, and for jobs that are rows their result as JSON."""

from __future__ import annotations

from reader.container import Container
from reader.gateways.pulls import PullOutcome
from reader.jobs import (
    AnnounceStream,
    AskHub,
    CrawlSite,
    DeliverStream,
    DeliverWebhook,
    Discover,
    FetchIcon,
    Payload,
    PullFeed,
    ReadPush,
    RecountChain,
    RemoveAccount,
    ShareMatches,
    Upkeep,
    VerifyIntent,
)
from workers.jobs import crawl, departure, discover, icon, pull, share, upkeep, webhook, websub

Result = str | PullOutcome | None


async def run(container: Container, payload: Payload) -> Result:
    """Do the job. The result is text for the row of the job, the outcome of a pull, or None."""
    match payload:
        case PullFeed():
            return await pull.run(container, payload)
        case Discover():
            return await discover.run(container, payload)
        case CrawlSite():
            return await crawl.run(container, payload)
        case FetchIcon():
            return await icon.run(container, payload)
        case RecountChain():
            return await share.recount(container, payload)
        case ShareMatches():
            await share.matches(container, payload)
        case DeliverWebhook():
            await webhook.run(container, payload)
        case RemoveAccount():
            return await departure.run(container, payload)
        case VerifyIntent():
            return await websub.verify(container, payload)
        case AnnounceStream():
            await websub.announce(container, payload)
        case DeliverStream():
            await websub.deliver(container, payload)
        case AskHub():
            await websub.ask(container, payload)
        case ReadPush():
            await websub.read(container, payload)
        case Upkeep():
            await upkeep.run(container, payload)
    return None
