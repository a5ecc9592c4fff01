"""Streams on MongoDB; what they share by themselves is in stream_sources.py. Each change is one of the owner's
(changes.py), so that names are unique without an index and positions have no holes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from reader.mappers.mongo import stream_sources
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.feed_documents import blank
from reader.mappers.mongo.moves import claim
from reader.mappers.mongo.readers import count_readers
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.share_documents import HIDES, STREAM, share_of, stream_of, withdrawn_of
from reader.mappers.mongo.sharing import drop_copy, hide_flags, put_copy, settle_flags, withdraw
from reader.mappers.streams import StreamFacts
from reader.models.share import Stream, stream_url
from reader.models.sources import Rule, StreamSource

NEVER = 4e9  # next_pull_at of what is never pulled
GONE = "This stream was removed by the person who shared here."
NOWHERE = StreamFacts(0, 0, 0, None)


async def _streams(engine: Engine, user_id: int) -> list[Stream]:
    """In their order."""
    found = engine.db.stream.find({"user_id": user_id, "position": {"$gte": 0}}, batch_size=ALL)
    return [stream_of(stored) async for stored in found.sort([("position", 1), ("_id", 1)])]


def _number(draft: Draft, streams: Sequence[Stream]) -> None:
    """Positions in this order; those that stand right are not written."""
    for position, stream in enumerate(streams):
        if stream.position != position:
            draft.set("stream", stream.id, {"position": position})


def _put(draft: Draft, stream: Stream) -> None:
    draft.put("stream", stream.id, {name: getattr(stream, name) for name in STREAM})


def _show(draft: Draft, stream: Stream, *, error: str | None = None, **more: Any) -> None:
    """What the feed shows of its stream. Without a stream it is gone."""
    fields = {
        "title": stream.title, "description": stream.description, "error": error,
        "state": "active" if error is None else "gone", **more, **waiting(),
    }  # fmt: skip
    draft.last("feed", stream.feed_id, fields, {"copies_rev": 1} if "withdrawn" in more else None)


async def _make_feed(engine: Engine, user_id: int, name: str, site_url: str, now: float) -> int:
    """The feed of a stream: new, or left by one of that name that was removed. It has no words by which it could be
    found: streams are found by their people."""
    url = stream_url(user_id, name)
    feed_id = await claim(engine, url, await engine.next_id("feed"))
    fields: Document = {
        **blank(url, "", now), "site_url": site_url, "description": "", "format": None, "kind": "stream",
        "state": "active", "pullable": False, "next_pull_at": NEVER, "reason": "It is a stream of this instance.",
        "user_id": user_id, "written": 0, **waiting(),
    }  # fmt: skip
    await engine.db.feed.update_one({"_id": feed_id}, {"$setOnInsert": fields}, upsert=True)
    return feed_id


async def _add(engine: Engine, feed_id: int, name: str, title: str, description: str, now: float, draft: Draft) -> Any:
    streams = await _streams(engine, draft.user_id)
    known = next((stream for stream in streams if stream.name == name), None)
    if known is not None:
        return known, False
    number = await engine.next_id("stream")
    made = Stream(number, draft.user_id, feed_id, name, title, description, len(streams), now)
    _put(draft, made)
    _show(draft, made)
    return made, True


async def _edit(engine: Engine, stream_id: int, title: str, description: str, draft: Draft) -> Stream | None:
    streams = {stream.id: stream for stream in await _streams(engine, draft.user_id)}
    if stream_id not in streams:
        return None
    old = streams[stream_id]
    new = Stream(old.id, old.user_id, old.feed_id, old.name, title, description, old.position, old.created_at)
    _put(draft, new)
    _show(draft, new)
    return new


async def _move(engine: Engine, stream_id: int, before: int | None, draft: Draft) -> None:
    streams = await _streams(engine, draft.user_id)
    moved = next((stream for stream in streams if stream.id == stream_id), None)
    if moved is not None:
        others = [stream for stream in streams if stream.id != stream_id]
        ids = [stream.id for stream in others]
        others.insert(ids.index(before) if before in ids else len(ids), moved)
        _number(draft, others)


async def _remove(engine: Engine, stream_id: int, now: float, draft: Draft) -> tuple[Stream, list[StreamSource]] | None:
    streams = await _streams(engine, draft.user_id)
    stream = next((stream for stream in streams if stream.id == stream_id), None)
    if stream is None:
        return None
    sources = await stream_sources.sources(engine, stream_id)
    live = {"stream_id": stream_id, "removed_at": None}
    shares = [share_of(each) for each in await engine.db.share.find(live, batch_size=ALL).to_list()]
    for share in shares:
        draft.set("share", share.id, {"removed_at": now, HIDES: True}, stream.feed_id)
        drop_copy(draft, share)
    seqs = [share.seq for share in shares]
    draft.drop("stream", stream_id)
    _number(draft, [each for each in streams if each.id != stream_id])
    fields = await withdraw(engine, draft, stream.feed_id, add=seqs)
    _show(draft, stream, error=GONE, **fields)
    return stream, sources


async def _restore(engine: Engine, stream: Stream, removed_at: float, draft: Draft) -> bool:
    streams, feed = await asyncio.gather(
        _streams(engine, draft.user_id), engine.db.feed.find_one({"_id": stream.feed_id}, {"floor": 1})
    )
    if feed is None or stream.name in {each.name for each in streams}:
        return False
    _put(draft, stream)
    others: list[Stream] = [*streams]
    others.insert(stream.position, stream)
    _number(draft, others)
    taken_back = {"stream_id": stream.id, "removed_at": removed_at}
    stored = await engine.db.share.find(taken_back, batch_size=ALL).to_list()
    shares = [share_of(each) for each in stored if not each["wiped"] and each["seq"] > feed["floor"]]
    for share in shares:
        draft.set("share", share.id, {"removed_at": None}, share.feed_id)
        put_copy(draft, share)
    fields = await withdraw(engine, draft, stream.feed_id, remove=[share.seq for share in shares])
    _show(draft, stream, **fields)
    return True


@guarded
class MongoStreams:
    """StreamMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def add(
        self, user_id: int, name: str, *, title: str, description: str, site_url: str, now: float
    ) -> tuple[Stream, bool]:
        """The feed first: without a stream it is what a removed one leaves."""
        if (known := await self.by_name(user_id, name)) is not None:
            return known, False
        feed_id = await _make_feed(self._engine, user_id, name, site_url, now)
        plan = partial(_add, self._engine, feed_id, name, title, description, now)
        made: tuple[Stream, bool] = await change(self._engine, user_id, plan)
        await publish(self._engine)
        return made

    async def get(self, stream_id: int) -> Stream | None:
        stored = await self._db.stream.find_one({"_id": stream_id})
        return stream_of(stored) if stored and "name" in stored else None

    async def of_users(self, user_ids: Sequence[int]) -> list[Stream]:
        which = {"user_id": {"$in": [*user_ids]}, "position": {"$gte": 0}}
        streams = [stream_of(stored) async for stored in self._db.stream.find(which, batch_size=ALL)]
        return sorted(streams, key=lambda stream: (stream.user_id, stream.position, stream.id))

    async def by_name(self, user_id: int, name: str) -> Stream | None:
        stored = await self._db.stream.find_one({"user_id": user_id, "name": name})
        return stream_of(stored) if stored else None

    async def by_feeds(self, feed_ids: Sequence[int]) -> dict[int, Stream]:
        found = self._db.stream.find({"feed_id": {"$in": [*feed_ids]}}, batch_size=ALL)
        return {stored["feed_id"]: stream_of(stored) async for stored in found}

    async def facts(self, feed_id: int) -> StreamFacts:
        newest = self._db.share.find({"feed_id": feed_id, "removed_at": None}, {"created_at": 1}, batch_size=2)
        feed, followers, shared = await asyncio.gather(
            self._db.feed.find_one({"_id": feed_id, "kind": "stream"}),
            count_readers(self._engine, [feed_id]),
            newest.sort("seq", -1).limit(1).to_list(),
        )
        if feed is None:
            return NOWHERE
        total = feed["seq"] - feed["floor"] - len(withdrawn_of(feed["withdrawn"]))
        return StreamFacts(feed["rev"], total, followers.get(feed_id, 0), shared[0]["created_at"] if shared else None)

    async def edit(self, user_id: int, stream_id: int, *, title: str, description: str) -> Stream | None:
        edited = await change(self._engine, user_id, partial(_edit, self._engine, stream_id, title, description))
        await publish(self._engine)
        return edited

    async def move(self, user_id: int, stream_id: int, before: int | None) -> None:
        await change(self._engine, user_id, partial(_move, self._engine, stream_id, before))

    async def remove(self, user_id: int, stream_id: int, *, now: float) -> tuple[Stream, list[StreamSource]] | None:
        """Its sources go last: of a stream that is gone they do nothing."""
        removed = await change(self._engine, user_id, partial(_remove, self._engine, stream_id, now))
        if removed is not None:
            await self._db.stream_source.delete_many({"stream_id": stream_id})
            taken_back = {"stream_id": stream_id, "removed_at": now}
            await hide_flags(self._engine, await self._db.share.distinct("_id", taken_back))
            await publish(self._engine)
        return removed

    async def restore(self, stream: Stream, sources: Sequence[StreamSource], *, removed_at: float) -> bool:
        if await self._db.user.find_one({"_id": stream.user_id}, {"_id": 1}) is None:
            return False
        done = await change(self._engine, stream.user_id, partial(_restore, self._engine, stream, removed_at))
        if done:
            await stream_sources.attach_again(self._engine, sources)
            await settle_flags(self._engine, {"stream_id": stream.id})
            await publish(self._engine)
        return done

    async def sources(self, stream_id: int) -> list[StreamSource]:
        return await stream_sources.sources(self._engine, stream_id)

    async def attach(self, stream_id: int, feed_ids: Sequence[int], rule: Rule, *, now: float) -> int:
        return await stream_sources.attach(self._engine, stream_id, feed_ids, rule, now)

    async def detach(self, stream_id: int, feed_ids: Sequence[int]) -> list[StreamSource]:
        return await stream_sources.detach(self._engine, stream_id, feed_ids)

    async def attach_again(self, sources: Sequence[StreamSource]) -> int:
        return await stream_sources.attach_again(self._engine, sources)

    async def feeding(self, feed_id: int) -> list[tuple[StreamSource, Stream]]:
        return await stream_sources.feeding(self._engine, feed_id)

    async def advance(self, stream_id: int, feed_id: int, seq: int) -> None:
        await stream_sources.advance(self._engine, stream_id, feed_id, seq)

    async def behind(self, limit: int, *, after: str = "") -> tuple[list[int], str]:
        return await stream_sources.behind(self._engine, limit, after)
