"""A web process on a store, which also does on demand what workers do, for benchmarks/units.

``python -m benchmarks.units.serve PORT``; the store is that of the environment. One JSON list a line comes in, one JSON
value a line goes out when it is done.

["pull", FEED, …]         pulls these feeds, some at a time; how many new entries came
["event", FEED, COUNT]    publishes so many events of a feed
["forget"]                forgets shelves and the book of feeds
["pulse", TIMES]          live channels say that they are there, and look at their session, so many times as often
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn

import api.live
import api.streams
from api.stream import streams_of
from reader.container import Container, build
from reader.events import EntriesArrived, feed_topic
from reader.settings import Settings
from web.app import create_app
from workers.cpu import CpuPool
from workers.local import LocalQueue

AT_ONCE = 8


async def pull(container: Container, feeds: list[int]) -> int:
    gate, new = asyncio.Semaphore(AT_ONCE), 0

    async def one(feed_id: int) -> None:
        nonlocal new
        async with gate:
            outcome = await container.gateways.pulls.pull(feed_id)
        if outcome.skipped or outcome.error:
            raise RuntimeError(f"feed {feed_id} was not pulled: {outcome}")
        new += outcome.new

    await asyncio.gather(*map(one, feeds))
    return new


async def event(container: Container, feed_id: int, count: int) -> int:
    for number in range(count):
        await container.bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, 10**9 + number))
        await asyncio.sleep(0.05)
    return count


async def do(container: Container, what: str, values: list[int]) -> Any:
    if what == "pull":
        return await pull(container, values)
    if what == "event":
        return await event(container, *values)
    if what == "forget":
        reading = container.gateways.reading
        reading._shelves.clear()
        reading.book.__init__(container.mappers)  # type: ignore[misc]
        return 0
    for module, name in ((api.live, "PING"), (api.live, "RECHECK"), (api.streams, "TICK")):
        setattr(module, name, getattr(module, name) / values[0])
    return values[0]


async def main(port: int) -> None:
    settings, cpu = Settings(_env_file=None), CpuPool(1)
    container = await build(settings, queue=LocalQueue(), cpu=cpu)
    await container.mappers.migrate()
    await container.fetcher.start()
    app = create_app(container)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, backlog=4096,
        loop="uvloop", http="httptools", lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        what, *values = json.loads(line)
        sys.stdout.write(json.dumps(await do(container, what, values)) + "\n")
        sys.stdout.flush()
    streams_of(app).close()
    server.should_exit = True
    await serving
    await container.close()
    await cpu.close()


if __name__ == "__main__":
    import uvloop

    from reader.log import configure

    configure("error", "text")
    uvloop.run(main(int(sys.argv[1])))
