"""The composition root: settings → everything else. The one place that knows which database, cache and bus it is."""

from __future__ import annotations

from dataclasses import dataclass

from reader.cache import Cache
from reader.cache.memory import MemoryCache
from reader.clock import Clock
from reader.events import PubSub
from reader.gateways.accounts import AccountGateway
from reader.gateways.arrivals import Arrivals
from reader.gateways.controller import Controller
from reader.gateways.departure import DepartureGateway
from reader.gateways.discovery import DiscoveryGateway
from reader.gateways.exports import ExportGateway
from reader.gateways.feeds import FeedGateway
from reader.gateways.hub import HubGateway
from reader.gateways.icons import IconGateway
from reader.gateways.importing import Importing
from reader.gateways.imports import ImportGateway
from reader.gateways.notifications import NotificationGateway
from reader.gateways.operations import OperationsGateway
from reader.gateways.people import PeopleGateway
from reader.gateways.publishing import PublishingGateway
from reader.gateways.pulls import PullGateway
from reader.gateways.pushes import PushGateway
from reader.gateways.reading import ReadingGateway
from reader.gateways.search import SearchGateway
from reader.gateways.sharing import SharingGateway
from reader.gateways.streams import StreamGateway
from reader.gateways.submissions import SubmissionGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.gateways.talk import TalkGateway
from reader.gateways.upkeep import UpkeepGateway
from reader.gateways.webhooks import WebhookGateway
from reader.gateways.websub import WebSubGateway
from reader.gateways.work import WorkGateway
from reader.ingest.fetch import Fetcher
from reader.jobs import Cpu, JobQueue
from reader.mappers import Mappers
from reader.pubsub.memory import MemoryBus
from reader.services import Services
from reader.services.access import Access
from reader.services.accounts import AccountService
from reader.services.departure import DepartureService
from reader.services.exports import ExportService
from reader.services.feeds import FeedService
from reader.services.folders import FolderService
from reader.services.hub import HubService
from reader.services.imports import ImportService
from reader.services.jobs import JobService
from reader.services.operations import OperationsService
from reader.services.people import PeopleService
from reader.services.publishing import PublishingService
from reader.services.reading import ReadingService
from reader.services.search import SearchService
from reader.services.sharing import SharingService
from reader.services.talk import TalkService
from reader.services.webhooks import WebhookService
from reader.services.websub import WebSubService
from reader.settings import Settings


@dataclass(frozen=True, slots=True)
class Gateways:
    reading: ReadingGateway
    accounts: AccountGateway
    subscriptions: SubscriptionGateway
    feeds: FeedGateway
    pulls: PullGateway
    discovery: DiscoveryGateway
    icons: IconGateway
    upkeep: UpkeepGateway
    work: WorkGateway
    webhooks: WebhookGateway
    operations: OperationsGateway
    controller: Controller
    submissions: SubmissionGateway
    imports: ImportGateway
    exports: ExportGateway
    importing: Importing
    people: PeopleGateway
    notifications: NotificationGateway
    talk: TalkGateway
    departure: DepartureGateway
    sharing: SharingGateway
    streams: StreamGateway
    hub: HubGateway
    websub: WebSubGateway
    pushes: PushGateway


@dataclass(frozen=True, slots=True)
class Container:
    settings: Settings
    clock: Clock
    mappers: Mappers
    cache: Cache
    bus: PubSub
    queue: JobQueue
    cpu: Cpu
    fetcher: Fetcher
    gateways: Gateways
    services: Services

    async def close(self) -> None:
        await self.fetcher.close()
        await self.bus.close()
        await self.cache.close()
        await self.mappers.close()


async def open_mappers(settings: Settings) -> Mappers:
    """The store, opened but not migrated."""
    # Late: who has one store never loads the other's mappers.
    if settings.store:
        from reader.mappers import mongo

        return await mongo.open_store(settings.store)
    from reader.mappers import sqlite

    return await sqlite.open_store(settings.data / "evantr.sqlite")


def make_cache(settings: Settings, clock: Clock) -> Cache:
    """The cache of the settings; nothing is connected before it is used."""
    if not settings.cache:
        return MemoryCache(clock)
    from reader.cache.memcached import MemcachedCache, node_of  # late: who has no cluster never loads its clients

    return MemcachedCache([node_of(text) for text in settings.cache], settings.cluster, clock)


def make_bus(settings: Settings) -> PubSub:
    """The bus of the settings, not started."""
    if not settings.bus:
        return MemoryBus()
    from reader.pubsub.nats import NatsBus  # late, as above

    return NatsBus(settings.bus, settings.cluster)


async def build(settings: Settings, *, queue: JobQueue, cpu: Cpu, clock: Clock | None = None) -> Container:
    """Opens everything; the caller migrates, and closes it with Container.close()."""
    clock = clock or Clock()
    mappers = await open_mappers(settings)
    cache = make_cache(settings, clock)
    bus = make_bus(settings)
    await bus.start()
    fetcher = Fetcher(settings)
    work, controller = WorkGateway(mappers, bus, clock), Controller(mappers, bus, clock)
    discovery = DiscoveryGateway(mappers, fetcher, cpu, bus, queue, clock, settings, controller)
    reading = ReadingGateway(mappers, bus, clock)
    webhooks = WebhookGateway(mappers, reading, fetcher, queue, clock, settings)
    subscriptions = SubscriptionGateway(mappers, reading, queue, bus, clock, settings)
    notifications = NotificationGateway(mappers, bus, clock)
    hub = HubGateway(mappers, fetcher, work, queue, clock)
    websub = WebSubGateway(mappers, fetcher, queue, clock, settings)
    arrivals = Arrivals(bus, queue, mappers.streams, webhooks)
    sharing = SharingGateway(mappers, work, queue, clock, notifications, subscriptions, arrivals)
    people = PeopleGateway(mappers, sharing, subscriptions, notifications, clock, settings)
    departure = DepartureGateway(mappers, work, cache, queue, bus, clock, hub)
    gateways = Gateways(
        reading=reading,
        accounts=AccountGateway(mappers, cache, clock, settings),
        subscriptions=subscriptions,
        feeds=FeedGateway(mappers, queue, bus, clock),
        pulls=PullGateway(mappers, fetcher, cpu, bus, queue, clock, settings, arrivals, websub),
        discovery=discovery,
        icons=IconGateway(mappers, fetcher, cpu, bus, clock),
        upkeep=UpkeepGateway(mappers, people, departure, sharing, hub, websub, clock, settings),
        work=work,
        webhooks=webhooks,
        operations=OperationsGateway(mappers, queue, bus, clock, settings),
        controller=controller,
        submissions=SubmissionGateway(mappers, work, controller, queue, clock, settings),
        imports=ImportGateway(mappers, cpu, bus, clock, settings),
        exports=ExportGateway(mappers, reading, clock, settings),
        importing=Importing(mappers, discovery, queue, bus, clock, settings),
        people=people,
        talk=TalkGateway(mappers, notifications, bus, clock),
        departure=departure,
        notifications=notifications,
        sharing=sharing,
        hub=hub,
        websub=websub,
        pushes=PushGateway(mappers, cpu, bus, queue, clock, arrivals),
        streams=StreamGateway(mappers, sharing, arrivals, clock, subscriptions),
    )
    access = Access(gateways.accounts, gateways.reading, gateways.people)
    imports = ImportService(access, gateways.imports, gateways.reading, people, settings)
    sharing_service = SharingService(access, sharing, gateways.streams, reading)
    publishing = PublishingService(access, sharing_service, PublishingGateway(mappers, sharing, cache))
    services = Services(
        access=access,
        accounts=AccountService(access, gateways.accounts, settings),
        feeds=FeedService(
            access,
            gateways.subscriptions,
            gateways.reading,
            gateways.discovery,
            gateways.feeds,
            gateways.people,
            cache,
            settings,
        ),
        folders=FolderService(access, gateways.subscriptions, gateways.reading),
        reading=ReadingService(access, gateways.reading, gateways.subscriptions, bus),
        search=SearchService(access, SearchGateway(mappers, gateways.reading)),
        operations=OperationsService(access, gateways.operations, gateways.accounts, clock),
        jobs=JobService(access, gateways.submissions, imports, cache),
        exports=ExportService(access, gateways.exports, gateways.accounts),
        imports=imports,
        people=PeopleService(access, gateways.people, notifications, reading, cache, settings),
        talk=TalkService(access, gateways.talk, cache),
        departure=DepartureService(access, departure, gateways.accounts, gateways.operations, cache, clock),
        sharing=sharing_service,
        publishing=publishing,
        hub=HubService(access, hub, publishing, cache, settings),
        websub=WebSubService(access, websub),
        webhooks=WebhookService(access, webhooks, cache),
    )
    return Container(settings, clock, mappers, cache, bus, queue, cpu, fetcher, gateways, services)
