"""Rules of streams: making, changing and removing them, and what they share by themselves (SPEC E3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import structlog

from reader.clock import Clock
from reader.errors import NotFound
from reader.gateways.arrivals import Arrivals
from reader.gateways.sharing import SharingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.mappers import Mappers
from reader.mappers.streams import StreamFacts
from reader.models.entry import Entry
from reader.models.share import Share, Stream, stream_path
from reader.models.sources import Rule, StreamSource
from reader.models.subscription import Undo

log = structlog.get_logger(__name__)

AT_ONCE = 100
PREVIEWED = 100
DAY = 86_400.0


class Match(NamedTuple):
    """What a rule would share: the entries that match, newest first, of so many that were looked at."""

    entries: tuple[Entry, ...]
    looked_at: int


class StreamGateway:
    def __init__(
        self,
        mappers: Mappers,
        sharing: SharingGateway,
        arrivals: Arrivals,
        clock: Clock,
        subscriptions: SubscriptionGateway,
    ) -> None:
        self._streams = mappers.streams
        self._shares = mappers.shares
        self._entries = mappers.entries
        self._feeds = mappers.feeds
        self._people = mappers.people
        self._sharing = sharing
        self._arrivals = arrivals
        self._clock = clock
        self._subscriptions = subscriptions
        subscriptions.takes_back("stream-remove", self._undo_remove)
        subscriptions.takes_back("stream-detach", self._undo_detach)
        self._looked = ""  # the source that behind() looked at last

    # ---- streams

    async def of_user(self, user_id: int) -> list[Stream]:
        return await self._streams.of_users([user_id])

    async def get(self, stream_id: int) -> Stream | None:
        return await self._streams.get(stream_id)

    async def add(self, user_id: int, user_name: str, name: str, title: str, description: str) -> tuple[Stream, bool]:
        await self._sharing.default_stream(user_id)  # it comes first
        return await self._streams.add(
            user_id, name, title=title, description=description, site_url=stream_path(user_name, name),
            now=self._clock.now(),
        )  # fmt: skip

    async def edit(self, user_id: int, stream: Stream, title: str, description: str) -> Stream:
        changed = await self._streams.edit(user_id, stream.id, title=title, description=description)
        if changed is None:
            raise NotFound("There is no such stream.")
        await self._tell(stream.feed_id)
        return changed

    async def move(self, user_id: int, stream_id: int, before: int | None) -> None:
        await self._streams.move(user_id, stream_id, before)

    async def remove(self, user_id: int, stream_id: int, label: str) -> Undo | None:
        now = self._clock.now()
        removed = await self._streams.remove(user_id, stream_id, now=now)
        if removed is None:
            return None
        stream, sources = removed
        payload = [asdict(stream), [asdict(source) for source in sources], now]
        undo = await self._subscriptions.journal(user_id, "stream-remove", label, payload)
        await self._tell(stream.feed_id)
        return undo

    async def _undo_remove(self, user_id: int, payload: Any) -> int:
        told, sources, removed_at = payload
        stream = Stream(**{**told, "user_id": user_id})
        if not await self._streams.restore(stream, _sources(sources), removed_at=removed_at):
            return 0
        await self._tell(stream.feed_id)
        return 1

    async def _tell(self, feed_id: int) -> None:
        await self._arrivals.changed(feed_id)

    async def facts(self, feed_id: int) -> StreamFacts:
        return await self._streams.facts(feed_id)

    async def page(self, feed_id: int, below: int | None, limit: int) -> list[tuple[Share, Entry]]:
        return await self._shares.page(feed_id, below=below, limit=limit)

    # ---- what they share by themselves

    async def sources(self, stream_id: int) -> list[StreamSource]:
        return await self._streams.sources(stream_id)

    async def attach(self, stream_id: int, feed_ids: Sequence[int], rule: Rule) -> int:
        return await self._streams.attach(stream_id, feed_ids, rule, now=self._clock.now())

    async def detach(self, user_id: int, stream_id: int, feed_ids: Sequence[int], label: str) -> Undo | None:
        gone = await self._streams.detach(stream_id, feed_ids)
        if not gone:
            return None
        return await self._subscriptions.journal(user_id, "stream-detach", label, [asdict(each) for each in gone])

    async def _undo_detach(self, user_id: int, payload: Any) -> int:
        sources = _sources(payload)
        mine = {stream.id for stream in await self.of_user(user_id)}
        return await self._streams.attach_again([each for each in sources if each.stream_id in mine])

    async def preview(self, feed_id: int, rule: Rule) -> Match:
        """What the rule would have shared of the last 100 entries."""
        feed = await self._feeds.get(feed_id)
        if feed is None:
            return Match((), 0)
        entries = await self._between(feed_id, feed.seq - PREVIEWED, feed.seq)
        found = await asyncio.to_thread(lambda: [entry for entry in entries if rule.matches(entry)])
        return Match(tuple(reversed(found)), len(entries))

    async def share_matches(self, feed_id: int) -> int:
        """Shares what came into a feed and matches, into each stream that it is attached to; returns how many.

        Runs twice without harm: a story is once in a stream, and what somebody took back is not shared again.
        """
        shared = 0
        for source, stream in await self._streams.feeding(feed_id):
            shared += await self._share_from(source, stream)
        return shared

    async def _share_from(self, source: StreamSource, stream: Stream) -> int:
        feed = await self._feeds.get(source.feed_id)
        if feed is None:
            return 0
        shared, seq = 0, max(source.seq, feed.floor)
        open_ = await self._may_follow(stream, source.feed_id) if feed.kind == "stream" else True
        while seq < feed.seq:
            upper = min(seq + AT_ONCE, feed.seq)
            if open_:
                entries = await self._between(source.feed_id, seq, upper)
                shared += await self._share_some(source, stream, entries)
            await self._streams.advance(stream.id, source.feed_id, upper)
            seq = upper
        return shared

    async def _may_follow(self, stream: Stream, feed_id: int) -> bool:
        """Whether who owns the stream may (still) see that other one."""
        other = (await self._streams.by_feeds([feed_id])).get(feed_id)
        if other is None:
            return False
        standing = (await self._people.standings(stream.user_id, [other.user_id])).get(other.user_id)
        return standing is not None and standing.visible

    async def _share_some(self, source: StreamSource, stream: Stream, entries: Sequence[Entry]) -> int:
        def matches(entry: Entry) -> bool:
            # The first pull of a feed brings years; only what is new since it was attached is meant.
            fresh = entry.published_at is None or entry.published_at > source.created_at - DAY
            return fresh and source.rule.matches(entry)

        found = await asyncio.to_thread(lambda: [entry for entry in entries if matches(entry)])
        stories = {entry.id: await self._shares.story(entry) for entry in found}
        known = await self._shares.known_in(stream.id, list(stories.values())) if stories else set()
        shared = 0
        for entry in found:
            if stories[entry.id] not in known:
                shared += await self._try(stream, entry)
        return shared

    async def _try(self, stream: Stream, entry: Entry) -> int:
        try:
            _, made = await self._sharing.share(stream.user_id, stream, entry)
        except NotFound:  # taken back meanwhile, or the stream is gone
            log.info("an entry could not be shared by itself", stream=stream.id, entry=entry.id)
            return 0
        return int(made)

    async def _between(self, feed_id: int, above: int, to: int) -> list[Entry]:
        places = (await self._entries.positions([(feed_id, max(above, 0) + 1, to)])).get(feed_id, [])
        return await self._entries.many([place.id for place in places])

    async def behind(self, limit: int) -> list[int]:
        """Feeds with entries that a stream has not looked at, whatever a queue has lost, among the next ``limit``
        sources: each call goes on where the one before ended, then begins anew."""
        found, self._looked = await self._streams.behind(limit, after=self._looked)
        return found


def _sources(payload: list[dict[str, Any]]) -> list[StreamSource]:
    out = []
    for each in payload:
        rule = each["rule"]
        made = Rule(tuple(rule["words"]), tuple(rule["without"]), rule["author"], rule["tag"])
        out.append(StreamSource(**{**each, "rule": made}))
    return out
