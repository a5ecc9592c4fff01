"""Contract for what we ask of other people's WebSub hubs, and for what they bring."""

from __future__ import annotations

from typing import Protocol

from reader.models.websub import HubLease, Push


class PushMapper(Protocol):
    async def get(self, feed_id: int) -> HubLease | None: ...
    async def by_token(self, token: str) -> HubLease | None: ...

    async def want(self, feed_id: int, hub: str, topic: str, *, token: str, secret: str, now: float) -> HubLease:
        """The lease for this hub and topic, to be asked for now if it is new. One for another hub or topic, or that was
        being left, is replaced: its token means nothing any more."""
        ...

    async def due(self, now: float, limit: int) -> list[int]:
        """Feeds with renew_at ≤ ``now``, the longest due first."""
        ...

    async def ask(self, feed_id: int, *, now: float, again_at: float) -> HubLease | None:
        """For whoever sends the request: asked_at = ``now``, so that the hub may confirm it, and not due again before
        ``again_at``. None when it is not due."""
        ...

    async def confirm(self, token: str, topic: str, *, until: float, renew_at: float, now: float) -> HubLease | None:
        """The hub confirms a subscription that we asked for: active. None when it was not asked for."""
        ...

    async def left(self, token: str, topic: str) -> bool:
        """The hub confirms that we leave: the lease goes. False when we do not leave."""
        ...

    async def denied(self, token: str, topic: str, reason: str, *, retry_at: float) -> HubLease | None:
        """The hub refuses, or ends what it had confirmed. None for an unknown token or topic."""
        ...

    async def failed(self, feed_id: int, error: str, *, retry_at: float, now: float) -> None:
        """A request did not get through: ``failures`` + 1. A lease that still holds stays active until it ends."""
        ...

    async def leave(self, now: float, limit: int) -> list[int]:
        """Leases of feeds that nobody reads become "leaving", due now; returns the feeds. Those that were never
        confirmed go at once, and are not returned."""
        ...

    async def drop(self, feed_id: int) -> None: ...
    async def pushed(self, feed_id: int, *, now: float) -> None:
        """The hub brought news: it is trusted again."""
        ...

    async def missed(self, feed_id: int, *, now: float) -> None:
        """A pull found news that the hub had kept to itself."""
        ...

    # ---- what they bring

    async def receive(self, feed_id: int, body: bytes, type: str | None, *, now: float, most: int) -> bool:
        """Keeps a document until it is read; the same bytes once. False when ``most`` of the feed wait already."""
        ...

    async def waiting(self, now: float, limit: int) -> list[int]:
        """Feeds with documents that are due, the longest due first."""
        ...

    async def first(self, feed_id: int) -> Push | None:
        """The oldest document of the feed that waits, due or not."""
        ...

    async def put_off(self, feed_id: int, until: float) -> None:
        """The feed's documents are not due before ``until``."""
        ...

    async def done(self, push_id: int) -> None:
        """It was read, or never can be."""
        ...

    async def stats(self, now: float) -> dict[str, int]:
        """{"leases", "active", "failing", "waiting"}; the last counts documents."""
        ...
