"""Exports: what a person has, for that person alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from reader.errors import NotFound
from reader.gateways.accounts import AccountGateway
from reader.gateways.exports import ExportGateway
from reader.models.entry import FlagKind
from reader.models.user import Actor, User
from reader.services.access import Access


class ExportService:
    def __init__(self, access: Access, exports: ExportGateway, accounts: AccountGateway) -> None:
        self._access = access
        self._exports = exports
        self._accounts = accounts

    async def opml(self, actor: Actor, base: str = "") -> bytes:
        """Feeds in their folders, OPML 2.0. ``base``: the address of this instance, for the streams of its people."""
        return await self._exports.opml(await self._self(actor), base)

    async def flagged(self, actor: Actor, kind: FlagKind) -> AsyncIterator[bytes]:
        """Starred entries, or those to read later, as JSON Feed 1.1, in pieces."""
        return self._exports.flagged(await self._self(actor), kind)

    async def archive(self, actor: Actor, base: str = "") -> AsyncIterator[bytes]:
        """A zip of everything, in pieces. ``base`` as in opml()."""
        return self._exports.archive(await self._self(actor), base)

    async def _self(self, actor: Actor) -> User:
        user = await self._accounts.get(self._access.user(actor))
        if user is None:
            raise NotFound("There is no such account.")
        return user
