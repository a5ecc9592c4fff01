"""What follows when new entries have become visible in a feed, whatever brought them: a pull, a push, a share."""

from __future__ import annotations

from reader.events import EntriesArrived, PubSub, feed_topic
from reader.gateways.webhooks import WebhookGateway


class Arrivals:
    """Everything in here is a hint: what a crash swallows is found again from the rows."""

    def __init__(self, bus: PubSub, webhooks: WebhookGateway | None = None) -> None:
        self._bus = bus
        self._webhooks = webhooks

    async def came(self, feed_id: int, count: int, last_id: int) -> None:
        """``count`` new entries, the newest of them ``last_id``. Open pages first, for somebody looks at them."""
        await self._bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, count, last_id))
        if self._webhooks is not None:
            await self._webhooks.entries_came(feed_id)
