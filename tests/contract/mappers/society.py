"""Makes people with streams and shares."""

from __future__ import annotations

from hashlib import blake2b

from reader.mappers import Mappers
from reader.mappers.shares import NewShare
from reader.models.entry import Entry
from reader.models.share import Share, Source, Stream
from tests.contract.mappers.make import add_user, new_entry


async def add_person(mappers: Mappers, name: str) -> int:
    return (await add_user(mappers, name)).id


async def add_stream(mappers: Mappers, user_id: int, name: str = "shared") -> Stream:
    stream, _ = await mappers.streams.add(
        user_id, name, title=f"Of {user_id}", description="", site_url="http://evantr.test/", now=1.0
    )
    return stream


async def add_share(
    mappers: Mappers, user_id: int, uid: str = "e1", *, now: float = 10.0, met: Entry | None = None
) -> Share:
    """Shares an entry of that uid, or the one that was ``met``, into the user's stream."""
    stream = await add_stream(mappers, user_id)
    source_id = met.id if met is not None else 1_000_000
    story = await mappers.shares.story(met) if met is not None else blake2b(uid.encode(), digest_size=16).digest()
    new = NewShare(
        user_id=user_id, stream_id=stream.id, entry=new_entry(uid, now), story=story, met_id=source_id,
        source_id=source_id, source=Source("Gazette", None, None, met.feed_id if met is not None else None),
    )  # fmt: skip
    share, _ = await mappers.shares.add(new, now=now)
    return share


async def follow(mappers: Mappers, user_id: int, owner_id: int) -> int:
    """Subscribes to the owner's stream; the id of its feed."""
    stream = await add_stream(mappers, owner_id)
    await mappers.subscriptions.subscribe(user_id, stream.feed_id, folder_id=None, title=None, unread=10, now=5.0)
    return stream.feed_id


async def follows(mappers: Mappers, user_id: int, owner_id: int) -> bool:
    stream = await add_stream(mappers, owner_id)
    return await mappers.subscriptions.get(user_id, stream.feed_id) is not None
