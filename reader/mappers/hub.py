"""Contract for our WebSub hub: requests, subscriptions, and what is to be sent to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.websub import Delivery, HubRequest, HubSubscription, HubWish


class HubMapper(Protocol):
    async def ask(self, wish: HubWish, *, now: float) -> int:
        """Keeps a request until it is confirmed; the newest of a topic and callback counts. Returns its id, a new one
        each time."""
        ...

    async def request(self, request_id: int) -> HubRequest | None: ...
    async def drop(self, request_id: int) -> None:
        """It was not confirmed."""
        ...

    async def confirm(self, request_id: int, *, until: float, now: float) -> bool:
        """A subscription begins (or goes on, with the new secret and ``until``), or ends; the request goes. A new one
        is sent what comes from now on. False when there is no such request (any more)."""
        ...

    async def count(self, feed_id: int, callback_prefix: str) -> tuple[int, int]:
        """(subscriptions to the feed, subscriptions and requests of callbacks that begin so)."""
        ...

    async def of_feed(self, feed_id: int, *, after: int, limit: int) -> list[HubSubscription]:
        """In order of id, those above ``after``."""
        ...

    # ---- sending

    async def is_behind(self, feed_id: int) -> bool:
        """Whether it changed since announce() was last called for it; one without subscriptions never did."""
        ...

    async def behind(self, limit: int, *, after: int = 0) -> tuple[list[int], int]:
        """A look at the next ``limit`` feeds with subscriptions, from behind ``after`` on: (which of them is_behind;
        where to go on, 0 when that is the beginning)."""
        ...

    async def announce(self, feed_id: int, *, now: float) -> int:
        """What its subscriptions were not sent is due, except where that is due (or put off) already. Returns how many
        became due. Idempotent."""
        ...

    async def due(self, now: float, limit: int) -> list[int]:
        """Ids of subscriptions that are due, the longest due first."""
        ...

    async def take(self, subscription_id: int, *, now: float, until: float) -> Delivery | None:
        """For whoever sends: not due again before ``until``. None when it is not due, over, or nothing is to be
        sent."""
        ...

    async def sent(self, subscription_id: int, rev: int, digest: bytes, *, now: float) -> None:
        """It has what the feed was at ``rev``; due at once if the feed moved on meanwhile. Failures are forgotten."""
        ...

    async def failed(self, subscription_id: int, error: str, *, retry_at: float) -> None:
        """``failures`` + 1; due again at ``retry_at``."""
        ...

    async def end(self, subscription_ids: Sequence[int]) -> int:
        """They are over, without a word; how many there were."""
        ...

    async def trim(self, now: float, requests_before: float) -> int:
        """Ends subscriptions whose lease ran out and requests that are older than that; makes due whatever an
        announcement missed. Returns how many left."""
        ...

    async def stats(self, now: float) -> dict[str, int]:
        """{"subscriptions", "due", "failing"}."""
        ...
