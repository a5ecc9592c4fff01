"""The contracts. ``Mappers`` is the bundle that container.py builds for one database or another."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from reader.mappers.departure import DepartureMapper
from reader.mappers.entries import EntryMapper
from reader.mappers.feeds import FeedMapper
from reader.mappers.flags import FlagMapper
from reader.mappers.hub import HubMapper
from reader.mappers.imports import ImportMapper
from reader.mappers.operations import OperationsMapper
from reader.mappers.people import PeopleMapper
from reader.mappers.pushes import PushMapper
from reader.mappers.search import SearchMapper
from reader.mappers.shares import ShareMapper
from reader.mappers.streams import StreamMapper
from reader.mappers.subscriptions import SubscriptionMapper
from reader.mappers.talk import NotificationMapper, TalkMapper
from reader.mappers.users import UserMapper
from reader.mappers.webhooks import WebhookMapper
from reader.mappers.work import JobMapper, LeaseMapper, UndoMapper


class Mappers(Protocol):
    """One mapper call is one atomic, idempotent change (or one read). No unit of work across calls."""

    @property
    def users(self) -> UserMapper: ...
    @property
    def feeds(self) -> FeedMapper: ...
    @property
    def entries(self) -> EntryMapper: ...
    @property
    def subscriptions(self) -> SubscriptionMapper: ...
    @property
    def flags(self) -> FlagMapper: ...
    @property
    def search(self) -> SearchMapper: ...
    @property
    def jobs(self) -> JobMapper: ...
    @property
    def leases(self) -> LeaseMapper: ...
    @property
    def undo(self) -> UndoMapper: ...
    @property
    def operations(self) -> OperationsMapper: ...
    @property
    def imports(self) -> ImportMapper: ...
    @property
    def people(self) -> PeopleMapper: ...
    @property
    def talk(self) -> TalkMapper: ...
    @property
    def notifications(self) -> NotificationMapper: ...
    @property
    def departure(self) -> DepartureMapper: ...
    @property
    def shares(self) -> ShareMapper: ...
    @property
    def streams(self) -> StreamMapper: ...
    @property
    def webhooks(self) -> WebhookMapper: ...

    @property
    def hub(self) -> HubMapper: ...
    @property
    def pushes(self) -> PushMapper: ...

    async def migrate(self) -> list[str]:
        """Brings the schema up to date; returns the names of the migrations that ran."""
        ...

    async def backup(self, target: Path) -> None:
        """A consistent copy of everything into a file that does not exist yet, while others read and write."""
        ...

    async def ready(self) -> None:
        """Raises if the store cannot be read."""
        ...

    async def close(self) -> None: ...
