"""What other people's hubs may say to our callbacks. The unguessable token in the address is what admits them."""

from __future__ import annotations

from reader.errors import NotFound
from reader.gateways.websub import Taken, WebSubGateway
from reader.models.user import Actor
from reader.services.access import Access

UNASKED = "That was not asked for."


class WebSubService:
    def __init__(self, access: Access, websub: WebSubGateway) -> None:
        self._access = access
        self._websub = websub

    async def confirm(self, actor: Actor, token: str, mode: str, topic: str, lease_seconds: str) -> None:
        """A hub asks whether we meant what it was asked (5.3). Raises NotFound unless we did."""
        self._access.anyone(actor)
        if not await self._websub.confirm(token, mode, topic, lease_seconds):
            raise NotFound(UNASKED)

    async def denied(self, actor: Actor, token: str, topic: str, reason: str) -> None:
        """A hub refuses (5.2). Raises NotFound for what was never asked of it."""
        self._access.anyone(actor)
        if not await self._websub.denied(token, topic, reason):
            raise NotFound(UNASKED)

    async def knows(self, actor: Actor, token: str) -> bool:
        """Whether anything is wanted at this callback."""
        self._access.anyone(actor)
        return await self._websub.knows(token)

    async def receive(self, actor: Actor, token: str, body: bytes, type: str | None, signature: str | None) -> Taken:
        """A document comes to a callback (7)."""
        self._access.anyone(actor)
        return await self._websub.receive(token, body, type, signature)
