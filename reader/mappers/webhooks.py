"""Contract for webhooks. What is to be delivered follows from ``last_id``; ``due_at`` only says when to look."""

from __future__ import annotations

from typing import Protocol

from reader.models.webhook import Webhook, WebhookKind


class WebhookMapper(Protocol):
    async def add(
        self, user_id: int, *, url: str, secret: str, kind: WebhookKind, scope: str, last_id: int, most: int, now: float
    ) -> Webhook | None:
        """None when the user has ``most`` already."""
        ...

    async def of_user(self, user_id: int) -> list[Webhook]:
        """In order of id."""
        ...

    async def get(self, user_id: int, webhook_id: int) -> Webhook | None: ...
    async def remove(self, user_id: int, webhook_id: int) -> bool: ...
    async def by_id(self, webhook_id: int) -> Webhook | None:
        """Whoever's it is: for jobs."""
        ...

    async def restart(self, user_id: int, webhook_id: int, *, last_id: int) -> bool:
        """Begins anew behind ``last_id``: no longer stopped, no failures. False when it is not the user's."""
        ...

    async def tried(self, webhook_id: int, *, status: int | None, error: str | None) -> None:
        """How a try went. Counts neither as a delivery nor as a failure."""
        ...

    async def any(self) -> bool:
        """Whether there is any webhook at all that is not stopped."""
        ...

    async def wake_readers(self, feed_id: int, now: float) -> list[int]:
        """A feed has new entries: webhooks of kind "entries" of those who read it are due at ``now``, unless
        they are due already, wait for another attempt, or are stopped. Returns the ids of those that this call made
        due; of one that is being delivered just now, delivered() leaves the wish standing."""
        ...

    async def wake_sharer(self, user_id: int, now: float) -> list[int]:
        """The same for those of kind "shares" of one user."""
        ...

    async def wake_all(self, now: float) -> int:
        """The same for all: what a crash between an entry and its wake() left asleep. How many."""
        ...

    async def due(self, now: float, limit: int) -> list[int]:
        """Ids of those that are due and not leased, the longest due first."""
        ...

    async def lease(self, webhook_id: int, now: float, until: float) -> Webhook | None:
        """With a new fence token, if it is due, not stopped and nobody else has it. It stays due until delivered()."""
        ...

    async def delivered(self, leased: Webhook, *, last_id: int, status: int | None, more: bool, now: float) -> bool:
        """Moves on and ends the lease. Due again at ``now`` with ``more``, or if it was woken since it was leased.
        ``status`` None: nothing had to be sent. False when fenced."""
        ...

    async def failed(self, leased: Webhook, *, status: int | None, error: str, retry_at: float | None) -> bool:
        """Ends the lease with one failure more; without ``retry_at`` it is stopped. False when fenced."""
        ...
