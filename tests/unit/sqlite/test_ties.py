"""What upkeep puts right among people, where rows were left that no call of ours would leave."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reader.mappers.sqlite import open_store
from tests.contract.mappers.society import add_person, add_share, add_stream, follow, follows

RELATION = "INSERT INTO relation (user_id, other_id, kind, at) VALUES (?, ?, 'block', 1)"


async def test_followers_who_may_not_follow_any_more_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = await open_store(path)
    try:
        await store.migrate()
        ann, bob, cy, dot = [await add_person(store, name) for name in ("ann", "bob", "cy", "dot")]
        share = await add_share(store, ann)
        await add_stream(store, bob)
        for reader, owner in ((bob, ann), (ann, bob), (cy, ann), (dot, ann), (cy, bob), (ann, ann)):
            await follow(store, reader, owner)
        await store.flags.set(bob, share.id, "starred", True, now=2.0)
        await store.people.set_private(ann, True, now=3.0)
        con = sqlite3.connect(path, isolation_level=None)
        con.execute(RELATION, (bob, ann))  # as a crash between a block and what it ends would leave it
        con.execute("DELETE FROM approval WHERE owner_id = ? AND user_id = ?", (ann, dot))
        con.close()
        assert await store.people.put_right(1) == 2, "one of each kind at a time"
        assert await store.people.put_right(9) == 1
        assert await store.people.put_right(9) == 0
        left = [(reader, owner) for reader in (ann, bob, cy, dot) for owner in (ann, bob)]
        left = [pair for pair in left if await follows(store, *pair)]
        assert left == [(ann, ann), (cy, ann), (cy, bob)]
        assert await store.flags.many(bob, [share.id]) == {}
    finally:
        await store.close()
