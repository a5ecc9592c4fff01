"""What follows when new entries have become visible in a feed, whatever brought them: a pull, a push, a share."""

from __future__ import annotations

from reader.events import EntriesArrived, FeedChanged, PubSub, feed_topic
from reader.gateways.webhooks import WebhookGateway
from reader.jobs import AnnounceStream, JobQueue, ShareMatches
from reader.mappers.streams import StreamMapper


class Arrivals:
    """Everything in here is a hint: what a crash swallows is found again from the rows. ``webhooks`` None: none are
    told, as where a feed is only tried out."""

    def __init__(self, bus: PubSub, queue: JobQueue, streams: StreamMapper, webhooks: WebhookGateway | None) -> None:
        self._bus = bus
        self._queue = queue
        self._streams = streams
        self._webhooks = webhooks

    async def came(self, feed_id: int, count: int, last_id: int) -> None:
        """``count`` new entries, the newest of them ``last_id``. Open pages first, for somebody looks at them."""
        await self._bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, count, last_id))
        if await self._streams.feeding(feed_id):  # streams may share by themselves what came
            await self._queue.put(ShareMatches(feed_id))
        if self._webhooks is not None:
            await self._webhooks.entries_came(feed_id)

    async def shared(self, user_id: int, feed_id: int, share_id: int) -> None:
        """A share of this user came into the feed of a stream."""
        await self.came(feed_id, 1, share_id)
        if self._webhooks is not None:
            await self._webhooks.shared(user_id)
        await self._queue.put(AnnounceStream(feed_id))

    async def changed(self, feed_id: int) -> None:
        """What is in a stream, or what it is called, is another than before."""
        await self._bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        await self._queue.put(AnnounceStream(feed_id))
