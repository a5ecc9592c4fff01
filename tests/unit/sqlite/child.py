"""Run as a process of its own: writes until it is killed or done, and prints what was acknowledged.

python -m tests.unit.sqlite.child <path> <prefix> <count>
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from reader.mappers.sqlite import open_store


async def main(path: Path, prefix: str, count: int) -> None:
    store = await open_store(path)
    await store.migrate()
    for number in range(count):
        url = f"https://{prefix}.test/{number}"
        await store.feeds.create(url, title="T", site_url=None, description=None, now=1.0)
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
