"""A process of the benchmark of the cluster: jobs that do nothing, and events that come back.

``python -m benchmarks.cluster_worker jobs URL CLUSTER FOLDER COUNT`` runs a manager until it has done COUNT empty jobs,
and prints the seconds from the first to the last as JSON. With ``floor`` for ``jobs`` it fetches and acknowledges, no
more.
``… events URL CLUSTER COUNT`` prints when it heard each of COUNT events.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from reader.clock import Clock
from reader.container import Container, build
from reader.events import FeedChanged, feed_topic
from reader.jobs import Payload
from reader.log import configure
from reader.pubsub.connection import Connection, Message
from reader.pubsub.nats import NatsBus
from reader.settings import Settings
from workers import jobs
from workers.cpu import CpuPool
from workers.jetstream import JetStream, status_of
from workers.manager import Manager
from workers.nats import ACK_SECONDS, NatsQueue

QUEUE = "pull-sys"
BATCH = 200


async def empty(container: Container, payload: Payload) -> None:
    """What a job does here."""


async def manage(url: str, cluster: str, folder: str, count: int) -> dict[str, float]:
    """A whole manager with its runner, its figures, the events that tell the ends of jobs."""
    jobs.run = empty
    settings = Settings(_env_file=None, data=Path(folder), bus=url, queue=url, cluster=cluster)
    queue, cpu = NatsQueue(url, cluster), CpuPool(1)
    await queue.start()
    container = await build(settings, queue=queue, cpu=cpu, clock=Clock())
    await container.mappers.migrate()
    manager = Manager(container, queue, [QUEUE])
    running = asyncio.create_task(manager.run())
    while manager.counts.done[QUEUE] == 0:  # noqa: ASYNC110 -- what is waited for sets no event
        await asyncio.sleep(0.001)
    first, start, cpu_start = manager.counts.done[QUEUE], time.perf_counter(), time.process_time()
    while manager.counts.done[QUEUE] < count:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    seconds, used = time.perf_counter() - start, time.process_time() - cpu_start
    await manager.stop()
    await running
    await container.close()
    await queue.close()
    await cpu.close()
    return {"jobs": manager.counts.done[QUEUE] - first, "seconds": seconds, "cpu": used}


async def floor(url: str, cluster: str, folder: str, count: int) -> dict[str, float]:
    """Fetch in batches, acknowledge, nothing else."""
    connection = Connection(url, "floor")
    connection.start()
    await connection.ready(5)
    js = JetStream(connection, cluster, ACK_SECONDS)
    inbox = f"{connection.inbox}.floor"
    seen, ended = 0, asyncio.Event()
    asked = 0

    async def heard(message: Message) -> None:
        nonlocal seen, asked
        if status_of(message) is None:
            await connection.publish(message.reply, b"+ACK")
            seen += 1
            asked -= 1
        if seen >= count:
            ended.set()
        elif asked <= BATCH // 2:
            asked += BATCH
            await js.pull(QUEUE, inbox, BATCH, 5)

    await connection.listen(inbox, heard)
    start, cpu_start = time.perf_counter(), time.process_time()
    asked = BATCH
    await js.pull(QUEUE, inbox, BATCH, 5)
    await ended.wait()
    seconds, used = time.perf_counter() - start, time.process_time() - cpu_start
    await connection.settle()
    await connection.close()
    return {"jobs": seen, "seconds": seconds, "cpu": used}


async def events(url: str, cluster: str, folder: str, count: int) -> dict[str, list[float]]:
    """Hears on a bus of its own; the clock is the same for all processes of a machine."""
    bus = NatsBus(url, cluster)
    await bus.start()
    heard: dict[int, float] = {}
    async with bus.subscribe([feed_topic(1)]) as channel:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        async for event in channel:
            if isinstance(event, FeedChanged):
                heard[event.feed_id] = time.monotonic()
            if len(heard) >= count:
                break
    await bus.close()
    return {"at": [heard[number] for number in sorted(heard)]}


def main() -> None:
    configure("warning", "text")
    what, url, cluster, folder, count = sys.argv[1:6]
    work = {"jobs": manage, "floor": floor, "events": events}[what]
    print(json.dumps(asyncio.run(work(url, cluster, folder, int(count)))))


if __name__ == "__main__":
    main()
