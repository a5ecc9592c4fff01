"""A store of a given size: 1,000 feeds in 10 folders, one reader who has read about a third of everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from pyroaring import BitMap

from reader.clock import Clock
from reader.gateways.accounts import fingerprint
from reader.mappers import Mappers
from reader.mappers.feeds import PullResult
from reader.mappers.sqlite import open_store
from reader.models.entry import NewEntry, SafeHtml
from reader.models.feed import Pull
from reader.models.subscription import ReadChange

FEEDS, FOLDERS = 1000, 10
TOKEN = "evt_benchmark-0123456789-0123456789-0123456789"
WORDS = [
    "harbour",
    "clock",
    "tide",
    "ferry",
    "lathe",
    "spring",
    "letter",
    "machine",
    "garden",
    "river",
    "signal",
    "copper",
    "paper",
    "winter",
    "lantern",
    "kernel",
    "index",
    "queue",
    "thread",
    "cache",
    "market",
    "season",
    "bridge",
    "museum",
    "string",
    "compass",
    "orchard",
    "ladder",
    "window",
    "granite",
    "violin",
]


def entry(rng: random.Random, feed: int, number: int, when: float) -> NewEntry:
    """About 1.8 kB of HTML, the median of the feeds that peers were measured on."""

    def sentence() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(6, 16))).capitalize() + "."

    paragraphs = [f"<p>{' '.join(sentence() for _ in range(4))}</p>" for _ in range(rng.randint(3, 7))]
    uid = f"tag:feed{feed}.example,2026:{number}"
    return NewEntry(
        uid=uid,
        digest=uid.encode()[-16:].rjust(16, b"."),
        url=f"http://feed{feed}.example/{number}",
        title=sentence()[:90],
        author="Ada Brisk",
        published_at=when,
        updated_at=None,
        summary=paragraphs[0][3:200],
        content=SafeHtml("\n".join(paragraphs)),
    )


async def seed(folder: Path, entries: int, now: float, progress: Callable[[float], None]) -> None:
    """Makes the store in ``folder`` through the mappers, as pulls would have."""
    store = await open_store(folder / "evantr.sqlite")
    await store.migrate()
    user = await store.users.create_first("bench", "no password signs in here", now=now)
    await store.users.add_token(user.id, "bench", fingerprint(TOKEN), now=now)
    folders = [await store.subscriptions.add_folder(user.id, f"Folder {n}") for n in range(FOLDERS)]
    for feed in range(FEEDS):
        rng = random.Random(feed)
        feed_id = await _feed(store, rng, feed, entries // FEEDS, now)
        await store.subscriptions.subscribe(
            user.id, feed_id, folder_id=folders[feed % FOLDERS].id, title=None, unread=entries, now=now
        )
        read = BitMap(s for s in range(1, entries // FEEDS + 1) if rng.random() < 1 / 3)
        await store.subscriptions.mark(user.id, [ReadChange(feed_id, read, BitMap())], now=now)
        progress((feed + 1) / FEEDS)
    await store.close()


async def _feed(store: Mappers, rng: random.Random, feed: int, count: int, now: float) -> int:
    made, _ = await store.feeds.create(
        f"http://feed{feed}.example/feed.xml",
        title=f"Feed {feed} of {rng.choice(WORDS)}",
        site_url=f"http://feed{feed}.example/",
        description=None,
        now=now,
    )
    token = await store.feeds.lease(made.id, now, now + 600)
    assert token is not None
    # Dates interleave over all feeds, so that every page merges many of them.
    step = 365 * 86_400 / count
    entries = [entry(rng, feed, n, now - (count - n) * step - rng.random() * step) for n in range(count)]
    await store.entries.append(made.id, token, entries, renewed={}, now=now)
    pull = Pull(made.id, now, 200, 50_000, 80, count, 0, None)
    far = now + 30 * 86_400  # nothing is pulled while the clock runs
    await store.feeds.record_pull(made.id, token, PullResult(pull, "active", far, "Benchmark.", 0, None))
    return made.id


def clock_now() -> float:
    return Clock().now()
