"""Webhooks, for their owners alone."""

from __future__ import annotations

from reader.cache import Cache
from reader.errors import Invalid, Limited
from reader.gateways.webhooks import WebhookGateway
from reader.models.reading import Scope
from reader.models.user import Actor
from reader.models.webhook import Webhook, WebhookKind
from reader.services.access import Access

URL_MOST = 2000
TRIES, PER_SECONDS = 10, 60  # test deliveries of one person


class WebhookService:
    def __init__(self, access: Access, webhooks: WebhookGateway, cache: Cache) -> None:
        self._access = access
        self._webhooks = webhooks
        self._cache = cache

    async def add(self, actor: Actor, url: str, kind: WebhookKind, scope: Scope) -> Webhook:
        """A webhook at an http(s) address that is told of new entries of a scope ("all", a folder, a feed), or of the
        actor's own shares. It hears of what comes from now on. Raises Invalid for an address inside this network."""
        user_id = self._access.user(actor)
        if len(url) > URL_MOST:
            message = f"An address has at most {URL_MOST:,} characters."
            raise Invalid(message, {"url": message})
        if scope.kind not in ("all", "folder", "feed") or (kind == "shares" and scope.kind != "all"):
            message = "A webhook is about all, a folder or a feed; one of shares is about all."
            raise Invalid(message, {"scope": message})
        return await self._webhooks.add(user_id, url.strip(), kind, scope)

    async def all(self, actor: Actor) -> list[Webhook]:
        return await self._webhooks.of_user(self._access.user(actor))

    async def get(self, actor: Actor, webhook_id: int) -> Webhook:
        return await self._webhooks.get(self._access.user(actor), webhook_id)

    async def remove(self, actor: Actor, webhook_id: int) -> None:
        await self._webhooks.remove(self._access.user(actor), webhook_id)

    async def restart(self, actor: Actor, webhook_id: int) -> None:
        """Starts one again that was stopped after failures."""
        await self._webhooks.restart(self._access.user(actor), webhook_id)

    async def try_out(self, actor: Actor, webhook_id: int) -> None:
        """Sends a delivery without items in the background; the webhook's status and error tell how it went."""
        user_id = self._access.user(actor)
        if await self._cache.increment(f"webhook-try:1:{user_id}", PER_SECONDS) > TRIES:
            raise Limited(f"{TRIES} tries a minute are enough. Wait a little.", PER_SECONDS)
        await self._webhooks.try_out(user_id, webhook_id)
