"""A web process with people who read feeds, for benchmarks/live.py. One line in, one new entry and its event.

python -m benchmarks.live_server FOLDER PORT PEOPLE FOLLOWERS FEEDS SESSIONS_FILE
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import uvicorn

from benchmarks.seed import entry
from reader.container import Container, build
from reader.events import EntriesArrived, feed_topic
from reader.settings import Settings
from web.app import create_app
from workers.cpu import CpuPool
from workers.local import LocalQueue


async def people(container: Container, number: int, followers: int, feeds: int) -> tuple[int, list[str]]:
    """So many accounts that read the same feeds, the first ones one more that nobody else follows; the id of that, and
    a session of each account."""
    mappers, now = container.mappers, time.time()
    ids = []
    for each in range(feeds + 1):
        url = f"https://feed{each}.example/feed.xml"
        feed, _ = await mappers.feeds.create(url, title=f"Feed {each}", site_url=None, description=None, now=now)
        ids.append(feed.id)
    secrets = []
    for each in range(number):
        user = await mappers.users.create(f"reader{each}", "none", now=now, admin_if_first=False)
        for feed_id in ids if each < followers else ids[1:]:
            await mappers.subscriptions.subscribe(user.id, feed_id, folder_id=None, title=None, unread=10, now=now)
        secrets.append(await container.gateways.accounts.start_session(user))
    return ids[0], secrets


async def publish(container: Container, feed_id: int, number: int) -> None:
    """Stores an entry as a pull does and tells of it."""
    mappers, now = container.mappers, time.time()
    token = await mappers.feeds.lease(feed_id, now, now + 60)
    assert token is not None
    stored = await mappers.entries.append(
        feed_id, token, [entry(random.Random(number), 0, number, now)], renewed={}, now=now
    )
    await mappers.feeds.release(feed_id, token)
    assert stored is not None
    await container.bus.publish(feed_topic(feed_id), EntriesArrived(feed_id, 1, stored.new[-1].id))


async def main(folder: Path, port: int, number: int, followers: int, feeds: int, sessions: Path) -> None:
    settings = Settings(_env_file=None, data=folder, log_level="error")
    cpu = CpuPool(1)
    container = await build(settings, queue=LocalQueue(), cpu=cpu)
    await container.mappers.migrate()
    feed_id, secrets = await people(container, number, followers, feeds)
    sessions.write_text(json.dumps(secrets))  # noqa: ASYNC240
    config = uvicorn.Config(
        create_app(container), host="127.0.0.1", port=port, log_config=None, access_log=False, backlog=4096,
        loop="uvloop", http="httptools", lifespan="off",
    )  # fmt: skip
    serving = asyncio.create_task(uvicorn.Server(config).serve())
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    number = 0
    while await lines.readline():
        number += 1
        await publish(container, feed_id, number)
    serving.cancel()
    await container.close()
    await cpu.close()


if __name__ == "__main__":
    import uvloop

    folder, port, number, followers, feeds, sessions = sys.argv[1:]
    numbers = int(port), int(number), int(followers), int(feeds)
    uvloop.run(main(Path(folder), *numbers, Path(sessions)))
