"""Services: the only door to the core for pages, the API and the command line. The actor comes first, always."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Services:
    access: Access
    accounts: AccountService
    feeds: FeedService
    folders: FolderService
    reading: ReadingService
    search: SearchService
    operations: OperationsService
    jobs: JobService
    imports: ImportService
    exports: ExportService
    people: PeopleService
    talk: TalkService
    departure: DepartureService
    sharing: SharingService
    webhooks: WebhookService
    publishing: PublishingService
    hub: HubService
    websub: WebSubService
