"""Makes what the tests are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.entries import Appended
from reader.mappers.feeds import FeedMeta, PullResult
from reader.models.entry import Enclosure, NewEntry, SafeHtml
from reader.models.feed import Feed, FeedState, Pull
from reader.models.subscription import ReadChange
from reader.models.user import User

FAR = 1e12
"""A time after all others."""


def new_entry(uid: str, published_at: float | None = None, *, digest: bytes = b"1", title: str = "") -> NewEntry:
    return NewEntry(
        uid=uid,
        digest=digest,
        url=f"https://site.test/{uid}",
        title=title or f"Title of {uid}",
        author="Ann",
        published_at=published_at,
        updated_at=None,
        summary="In short",
        content=SafeHtml(f"<p>{uid}</p>"),
        tags=("a", "ü"),
        enclosures=(
            Enclosure("https://site.test/a.mp3", "audio/mpeg", 12),
            Enclosure("https://site.test/b", None, None),
        ),
        comments_url="https://site.test/comments",
    )


async def add_user(mappers: Mappers, name: str = "ann") -> User:
    return await mappers.users.create(name, "hash", now=1.0, admin_if_first=True)


async def add_feed(mappers: Mappers, name: str = "feed", now: float = 1.0) -> Feed:
    feed, made = await mappers.feeds.create(
        f"https://{name}.test/rss", title=f"Feed {name}", site_url=f"https://{name}.test/", description=None, now=now
    )
    assert made
    return feed


async def take(mappers: Mappers, feed_id: int, now: float = 1.0) -> int:
    """A lease that holds, whatever was before."""
    token = await mappers.feeds.lease(feed_id, now, now + 10)
    assert token is not None
    return token


async def append(
    mappers: Mappers,
    feed_id: int,
    entries: Sequence[NewEntry],
    *,
    now: float = 1000.0,
    renewed: dict[str, str] | None = None,
) -> Appended:
    """Lease, append, release."""
    token = await take(mappers, feed_id, now)
    appended = await mappers.entries.append(feed_id, token, entries, renewed=renewed or {}, now=now)
    await mappers.feeds.release(feed_id, token)
    assert appended is not None
    return appended


async def fill(mappers: Mappers, feed_id: int, count: int, *, prefix: str = "e", now: float = 1000.0) -> Appended:
    """Appends entries e1, e2 …, published at 1, 2 …"""
    return await append(mappers, feed_id, [new_entry(f"{prefix}{n}", float(n)) for n in range(1, count + 1)], now=now)


@dataclass(frozen=True)
class Reader:
    """A user who is subscribed to a feed with entries."""

    user: User
    feed: Feed
    ids: tuple[int, ...]


async def add_reader(mappers: Mappers, count: int = 5, *, unread: int = 100, name: str = "ann") -> Reader:
    user = await add_user(mappers, name)
    feed = await add_feed(mappers, f"of-{name}")
    appended = await fill(mappers, feed.id, count)
    await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=unread, now=2.0)
    return Reader(user, feed, tuple(position.id for position in appended.new))


def change(feed_id: int, add: Sequence[int] = (), remove: Sequence[int] = ()) -> ReadChange:
    return ReadChange(feed_id, BitMap(add), BitMap(remove))


async def read_seqs(mappers: Mappers, user_id: int, feed_id: int) -> list[int]:
    subscription = await mappers.subscriptions.get(user_id, feed_id)
    assert subscription is not None
    return list(BitMap.deserialize(subscription.read))


def pull_result(
    feed_id: int,
    at: float = 5.0,
    *,
    state: FeedState = "active",
    next_pull_at: float = 100.0,
    error: str | None = None,
    meta: FeedMeta | None = None,
) -> PullResult:
    return PullResult(
        pull=Pull(feed_id, at, 200, 1234, 56, 3, 1, error),
        state=state,
        next_pull_at=next_pull_at,
        reason="Hourly.",
        errors=1 if error else 0,
        error=error,
        etag='"e"',
        last_modified="Mon",
        body_digest=b"body",
        rhythm=b"rhythm",
        hint_seconds=60,
        moved_to="https://new.test/",
        moved_count=2,
        meta=meta or FeedMeta(),
    )
