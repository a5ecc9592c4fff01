"""The live stream over a real server and real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import orjson
import pytest
import uvicorn

import api.live
import api.streams
from api.stream import streams_of
from reader.events import EntriesArrived, FeedChanged, feed_topic
from tests.helpers.app import Person, World
from tests.helpers.wait import until


@dataclass
class Message:
    event: str
    data: dict[str, object]
    id: str


class Listener:
    """An EventSource, in as few lines as it takes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Message | None:
        """The next event, None at the end of the stream. Comments are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while line := (await self.answer.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    return Message(fields["event"], orjson.loads(fields["data"]), fields["id"])
                else:
                    fields = {}
        return None


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            world.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        running = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            streams_of(world.app).close()
            server.should_exit = True
            await running


@asynccontextmanager
async def listening(base: str, person: Person, *, last: str | None = None) -> AsyncIterator[Listener]:
    headers = {"Authorization": f"Bearer {person.token}", **({"Last-Event-ID": last} if last else {})}
    async with aiohttp.ClientSession() as session, session.get(f"{base}/api/v1/stream", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "private, no-store"
        yield Listener(answer)


async def test_what_happens_is_told(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed(entries=2, readers=[ada])
    ids = await world.entry_ids(ada)
    counters = (await ada.http.get("/api/v1/counters")).json()
    bus = world.container.bus
    async with serving(world) as base, listening(base, ada) as listener, listening(base, bob) as other:
        first = await listener.next()
        assert first is not None
        assert (first.event, first.data) == ("counters", {"rev": counters["rev"], "feed_rev": counters["feed_rev"]})
        assert first.id.startswith(str(counters["rev"]))
        await ada.http.post("/api/v1/entries/mark", json={"ids": ids[:1]})
        marked = await listener.next()
        assert marked is not None and marked.event == "counters"
        assert marked.data == {"rev": counters["rev"] + 1}
        await ada.http.put(f"/api/v1/entries/{ids[0]}/star")
        flagged = await listener.next()
        assert flagged is not None
        assert (flagged.event, flagged.data) == ("flag", {"entry_id": ids[0], "kind": "starred", "on": True})
        await bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 3, 99))
        arrived = await listener.next()
        assert arrived is not None
        assert (arrived.event, arrived.data) == ("entries", {"feed_id": feed_id, "count": 3, "last_id": 99})
        assert arrived.id.endswith(".99")
        await bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        changed = await listener.next()
        assert changed is not None and (changed.event, changed.data) == ("feed", {"feed_id": feed_id})

        # Nothing of this concerns bob; what he does next is the first that he hears of.
        hello = await other.next()
        assert hello is not None and hello.event == "counters"
        folder = await bob.http.post("/api/v1/folders", json={"title": "His"})
        assert folder.status_code == 201
        his = await other.next()
        assert his is not None and his.event == "counters"


async def test_a_feed_subscribed_to_meanwhile_is_heard(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=1)
    async with serving(world) as base, listening(base, ada) as listener:
        await listener.next()
        await ada.http.post("/api/v1/subscriptions", json={"feed_id": feed_id})
        assert (await listener.next()) is not None
        await asyncio.sleep(0.1)  # the stream points its channel to the new feed after it told about it
        await world.container.bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, 5))
        arrived = await listener.next()
        assert arrived is not None and arrived.event == "entries"


async def test_a_slow_reader_learns_that_it_lost_something_and_holds_nobody_up(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    bus = world.container.bus
    async with serving(world) as base, listening(base, ada) as listener:
        await listener.next()
        for number in range(1000):  # in one go: the stream gets no turn in between
            await bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, number))
        kinds: list[str] = []
        numbers: list[object] = []
        while 999 not in numbers:
            message = await listener.next()
            assert message is not None
            kinds.append(message.event)
            numbers.append(message.data.get("last_id"))
    assert "lost" in kinds
    assert len(kinds) < 400


async def test_streams_end_when_the_program_does(world: World, ada: Person) -> None:
    async with serving(world) as base, listening(base, ada) as listener:
        await listener.next()
        began = asyncio.get_running_loop().time()
        streams_of(world.app).close()
        assert await listener.next() is None
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_stream_ends_after_its_token(world: World, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.live, "RECHECK", 0.05)
    monkeypatch.setattr(api.streams, "TICK", 0.05)
    async with serving(world) as base, listening(base, ada) as listener:
        await listener.next()
        await asyncio.sleep(0.2)
        [token] = (await ada.http.get("/api/v1/tokens")).json()["tokens"]
        await ada.http.delete(f"/api/v1/tokens/{token['id']}")
        assert await listener.next() is None


async def test_streams_leave_nothing_behind(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    async with serving(world) as base:
        before = len(asyncio.all_tasks())
        for _ in range(5):
            async with listening(base, ada) as listener:
                await listener.next()
        for _ in range(100):
            if not world.container.bus._topics:  # type: ignore[attr-defined]
                break
            await asyncio.sleep(0.02)
        assert not world.container.bus._topics  # type: ignore[attr-defined]
        assert len(asyncio.all_tasks()) <= before + 2  # the library's one watcher for shutdown, a closing connection


async def test_polling_says_whether_anything_changed(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    first = (await ada.http.get("/api/v1/poll")).json()
    assert first["changed"] is True
    known = {"rev": first["rev"], "feed_rev": first["feed_rev"]}
    assert (await ada.http.get("/api/v1/poll", params=known)).json() == {**first, "changed": False}
    await world.publish(feed_id)
    assert (await ada.http.get("/api/v1/poll", params=known)).json()["changed"] is True


async def test_who_comes_back_is_told_what_it_missed(world: World, ada: Person) -> None:
    feed_id, quiet = await world.feed(entries=2, readers=[ada]), await world.feed("still", entries=1, readers=[ada])
    async with serving(world) as base:
        async with listening(base, ada) as listener:
            hello = await listener.next()
            assert hello is not None and hello.id.partition(".")[2] != "0"
        ids = await world.publish(feed_id, 3)
        async with listening(base, ada, last=hello.id) as listener:
            again, missed = await listener.next(), await listener.next()
            assert again is not None and missed is not None
            assert again.event == "counters"
            assert (missed.event, missed.data) == ("entries", {"feed_id": feed_id, "count": 3, "last_id": max(ids)})
            await world.container.bus.publish(feed_topic(quiet), FeedChanged(quiet))
            following = await listener.next()
            assert following is not None and following.event == "feed"  # nothing was told twice
        async with listening(base, ada, last="no place") as listener:
            await listener.next()
            await world.container.bus.publish(feed_topic(quiet), FeedChanged(quiet))
            following = await listener.next()
            assert following is not None and following.event == "feed"


async def test_news_in_too_many_feeds_is_told_as_lost(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.live, "MISSED_FEEDS", 2)
    for number in range(3):
        await world.feed(f"feed{number}", entries=1, readers=[ada])
    async with serving(world) as base, listening(base, ada, last="1.0") as listener:
        assert [(await listener.next()).event for _ in range(2)] == ["counters", "lost"]  # type: ignore[union-attr]


async def test_a_client_that_takes_nothing_is_let_go_and_others_are_not_held_up(
    world: World, ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.streams, "TICK", 0.05)
    feed_id = await world.feed(entries=1, readers=[ada, bob])
    bus = world.container.bus
    streams = streams_of(world.app)
    async with serving(world) as base, listening(base, bob) as listener:
        await listener.next()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]), limit=1024)
        request = f"GET /api/v1/stream HTTP/1.1\r\nHost: {base[7:]}\r\nAuthorization: Bearer {ada.token}\r\n\r\n"
        writer.write(request.encode())
        await until(lambda: len(streams) == 2)
        async with asyncio.timeout(60):
            number = 0
            while len(streams) == 2:  # until all buffers between here and there are full, and then those of the channel
                for _ in range(2000):
                    number += 1
                    await bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, number))
                    if number % 100 == 0:
                        await asyncio.sleep(0)
                while (message := await listener.next()) is not None and message.data.get("last_id") != number:
                    pass
        assert len(streams) == 1
        writer.transport.abort()
        del reader
        await bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        message = await listener.next()
        assert message is not None and message.event == "feed"


async def test_a_long_poll_answers_at_once_when_something_comes(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    first = (await ada.http.get("/api/v1/poll")).json()
    known = {"rev": first["rev"], "feed_rev": first["feed_rev"]}
    began = asyncio.get_running_loop().time()
    asking = asyncio.create_task(ada.http.get("/api/v1/poll", params={**known, "wait": 50}))
    await until(lambda: bool(world.container.bus._topics))  # type: ignore[attr-defined]
    await world.publish(feed_id)
    await world.container.bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, 5))
    answer = (await asking).json()
    assert answer["changed"] is True and answer["feed_rev"] > first["feed_rev"]
    assert asyncio.get_running_loop().time() - began < 20
    known = {"rev": answer["rev"], "feed_rev": answer["feed_rev"]}
    assert (await ada.http.get("/api/v1/poll", params={**known, "wait": 1})).json()["changed"] is False
    assert not world.container.bus._topics  # type: ignore[attr-defined]


async def test_a_program_hears_the_same_over_a_websocket(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=2, readers=[ada])
    async with serving(world) as base, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {ada.token}"}
        address = f"{base}/api/v1/stream/socket"
        async with session.ws_connect(address, headers=headers) as socket:
            hello = await socket.receive_json(timeout=10)
            assert hello["type"] == "counters"
            await world.container.bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 3, 99))
            arrived = await socket.receive_json(timeout=10)
            assert arrived == {"type": "entries", "id": arrived["id"], "feed_id": feed_id, "count": 3, "last_id": 99}
        ids = await world.publish(feed_id)
        async with session.ws_connect(f"{address}?last={hello['id']}", headers=headers) as socket:
            assert (await socket.receive_json(timeout=10))["type"] == "counters"
            assert (await socket.receive_json(timeout=10))["last_id"] == ids[-1]
            streams_of(world.app).close()
            assert (await socket.receive(timeout=10)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            assert socket.close_code == 1012
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(address)
        assert refused.value.status == 401
