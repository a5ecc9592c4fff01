"""What crosses the network beside the database: jobs and events over NATS, sessions in memcached."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import bson

from benchmarks.cluster import bench_jobs
from benchmarks.report import Figure
from benchmarks.units.report import Numbers
from reader.cache.memcached import MemcachedCache, node_of
from reader.clock import Clock
from reader.events import EntriesArrived, feed_topic
from reader.gateways.positions import FeedBook
from reader.gateways.sessions import SessionLookup
from reader.jobs import PullFeed, key_of
from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.mappers.mongo.engine import Engine, connect
from reader.pubsub.nats import SUBJECTS, NatsBus
from reader.pubsub.wire import encode
from tests.helpers.servers import memcached, nats_server
from workers.nats import NatsQueue
from workers.sweep import PUT_AT_ONCE

EVENTS = 4000
JOBS, COMMANDS, FEEDS = 5000, 500, 200
ACK_SUBJECT = 90  # bytes of "$JS.ACK.…" with names, numbers and a time in nanoseconds


def jobs_and_events(folder: Path) -> dict[str, Numbers]:
    """By name: microseconds, bytes or a rate."""
    broker = nats_server(folder)
    try:
        jobs: list[Figure] = bench_jobs(broker, folder, JOBS)
        heard, put = asyncio.run(_events(f"nats://{broker.address}"))
        together = asyncio.run(_put_together(f"nats://{broker.address}"))
    finally:
        broker.kill()
    by_name = {figure.name: figure.value for figure in jobs}
    return {
        "an empty job, taken and run": {"µs": by_name["processor time of an empty job"], "bytes": _job_bytes()},
        "a job put, time until it is stored": {"µs": 1e6 / by_name["jobs put by one process"], "messages": 2},
        "the same, as the updater puts them": {"µs": together, "messages": 2},
        "an event published": {"µs": put, "bytes": _event_bytes(), "messages": 1},
        "an event heard that nobody here follows": {"µs": heard, "bytes": _event_bytes(), "messages": 1},
    }


def _event_bytes() -> int:
    topic = feed_topic(1_234_567)
    return len(b"MSG evantr.bus.feed.512 12345 99\r\n\r\n") + len(encode(topic, EntriesArrived(1_234_567, 2, 10**9)))


def _job_bytes() -> int:
    """Put, delivered and acknowledged, each with its lines of the protocol."""
    job = PullFeed(1_234_567)
    subject = len(f"evantr.jobs.system.{job.queue}.{key_of(job)}")
    body = len(b'["pull_feed",{"feed_id":1234567,"user":false,"imported":false}]')
    return 2 * (subject + body) + 60 + 2 * ACK_SUBJECT + 80


async def _events(url: str) -> tuple[float, float]:
    """Microseconds of processor time: of hearing an event that nobody here follows, of publishing one."""
    here, there = NatsBus(url, "units"), NatsBus(url, "units")
    await here.start()
    mine, others = _same_subject()
    alone = await _publish(here, others)
    await there.start()
    async with there.subscribe([mine]):
        both = await _publish(here, others)
    await here.close()
    await there.close()
    return max(0.0, both - alone), alone


async def _put_together(url: str) -> float:
    """Microseconds, not of processor time, for each of many jobs, some of them at once."""
    queue = NatsQueue(url, "together", room=10 * JOBS)
    await queue.start()
    await queue.look()
    start = time.perf_counter()
    for first in range(0, JOBS, PUT_AT_ONCE):
        await asyncio.gather(*(queue.put(PullFeed(number)) for number in range(first, first + PUT_AT_ONCE)))
    took = time.perf_counter() - start
    await queue.close()
    return took / JOBS * 1e6


def _same_subject() -> tuple[str, str]:
    """Two topics that share a subject."""
    bus = NatsBus("nats://127.0.0.1:1", "units")
    first = feed_topic(1)
    for number in range(2, 100 * SUBJECTS):
        if bus._subject(feed_topic(number)) == bus._subject(first):
            return first, feed_topic(number)
    raise AssertionError("no two topics share a subject")


async def _publish(bus: NatsBus, topic: str) -> float:
    start = time.process_time()
    for number in range(EVENTS):
        await bus.publish(topic, EntriesArrived(2, 1, number))
        if number % 50 == 49:
            await asyncio.sleep(0.002)
    await asyncio.sleep(0.3)
    return (time.process_time() - start) / EVENTS * 1e6


async def driver_commands(url: str) -> dict[str, Numbers]:
    """Microseconds of the driver for a command, with nothing of ours around it."""
    engine = await connect(url)
    try:
        things = engine.db.units_driver
        await things.insert_one({"_id": 1, "value": 2})
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "a find by key, the driver alone": lambda: things.find_one({"_id": 1}),
            "an update by key, the driver alone": lambda: things.update_one({"_id": 1}, {"$set": {"value": 3}}),
        }
        found: dict[str, Numbers] = {name: {"µs": await _driver(call)} for name, call in calls.items()}
        return found | {"a change of a feed, read by a process that does not know it": await _foreign_marks(engine)}
    finally:
        await engine.close()


async def _foreign_marks(engine: Engine) -> Numbers:
    """Reading one of the changed feeds that come with every look, and leaving it aside."""
    mappers = MongoMappers(engine)
    book = FeedBook(mappers)
    start = time.process_time()
    count = 0
    for _ in range(5):
        marks = await mappers.feeds.marks_since(0, FEEDS)
        book.learn(marks)
        count += len(marks)
    took = (time.process_time() - start) / count * 1e6
    size = statistics.mean([len(bson.encode(asdict(mark))) for mark in marks])
    return {"µs": took, "bytes": size}


async def _driver(call: Callable[[], Awaitable[object]]) -> float:
    for _ in range(COMMANDS // 10):
        await call()
    start = time.process_time()
    for _ in range(COMMANDS):
        await call()
    return (time.process_time() - start) / COMMANDS * 1e6


async def cached_session(folder: Path, mappers: Mappers, tokens: list[bytes]) -> float:
    """Bytes that memcached takes for the session and the account of one who is signed in."""
    node = memcached(folder)
    try:
        cache = MemcachedCache([node_of(node.address)], "units", Clock())
        before = _stat(node.port, "bytes")
        lookup = SessionLookup(mappers.users, cache)
        for token in tokens:
            if await lookup.find(token) is None:
                raise RuntimeError("a session is gone")
        grown = _stat(node.port, "bytes") - before
        await cache.close()
    finally:
        node.kill()
    return grown / len(tokens)


def _stat(port: int, name: str) -> int:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"stats\r\n")
        answer = b""
        while not answer.endswith(b"END\r\n"):
            answer += connection.recv(65536)
    values = dict(line.split(" ", 2)[1:] for line in answer.decode().splitlines() if line.startswith("STAT "))
    return int(values[name])


def installed() -> bool:
    """Whether both servers are here."""
    import shutil

    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])
    return all(shutil.which(name, path=path) for name in ("memcached", "nats-server"))
