from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import cast

from reader.mappers import Mappers
from reader.mappers.sqlite import SqliteMappers
from reader.models.sources import Rule
from tests.contract.mappers.make import Reader, add_reader, append, change, new_entry, read_seqs
from tests.contract.mappers.society import add_share


async def execute(store: SqliteMappers, sql: str, *values: object) -> None:
    await store.engine.write(lambda con: con.execute(sql, values).rowcount)


async def test_leftovers_of_a_crash_are_invisible_and_removed(store: SqliteMappers) -> None:
    reader = await add_reader(store, 3)
    feed_id = reader.feed.id
    await execute(
        store,
        "INSERT INTO entry SELECT 900, feed_id, 4, sort_at, x'00', digest, published_at, updated_at, arrived_at,"
        " 'left', url, title, author, summary, tags, enclosures, comments_url, content, guid, story, chain"
        " FROM entry WHERE seq = 3",
    )
    assert len((await store.entries.positions([(feed_id, 1, 99)]))[feed_id]) == 3
    assert await store.entries.last_id() == reader.ids[-1]
    appended = await append(store, feed_id, [new_entry("left")])
    assert [position.seq for position in appended.new] == [4]
    assert await store.entries.many([900]) == []


async def test_a_recount_puts_the_bounds_right(store: SqliteMappers) -> None:
    reader = await add_reader(store, 9)
    feed_id = reader.feed.id
    await store.subscriptions.mark(reader.user.id, [change(feed_id, [1, 5, 9])], now=1.0)
    rev = await store.feeds.rev()
    await execute(store, "DELETE FROM entry WHERE feed_id = ? AND seq IN (3, 9)", feed_id)
    assert await store.subscriptions.recount(feed_id) == 2
    (mark,) = await store.feeds.marks_since(rev, 9)
    assert (mark.floor, mark.seq) == (3, 8)
    assert await read_seqs(store, reader.user.id, feed_id) == [5]
    assert await store.subscriptions.recount(feed_id) == 0


async def test_preferences_of_another_version_are_read(store: SqliteMappers) -> None:
    reader = await add_reader(store)
    await execute(store, """UPDATE user SET preferences = '{"theme": "dark", "from_the_future": 1}'""")
    user = await store.users.get(reader.user.id)
    assert user is not None
    assert user.preferences.theme == "dark"


async def a_day_of_sharing(store: SqliteMappers, reader: Reader) -> None:
    ann = reader.user.id
    (met,) = await store.entries.many(reader.ids[-1:])
    share = await add_share(cast(Mappers, store), ann, met=met)
    assert share.stream_id is not None
    await append(store, reader.feed.id, [replace(new_entry("later"), story=share.story)])
    await store.shares.related([(share.id, share.feed_id, share.seq)], [share.feed_id], ann)
    await store.shares.page(share.feed_id, below=None, limit=9)
    await store.shares.tree(share.id, 9)
    await store.shares.many([share.id])
    await store.shares.known_in(share.stream_id, [share.story])
    await store.shares.copies([share.feed_id])
    await store.shares.of_user(ann, after=0, limit=9)
    await store.shares.note(ann, share.id, "Why", now=5.0)
    await store.shares.remove(ann, share.id, now=5.0)
    await store.shares.restore(ann, share.id, note="", noted_at=None)
    await store.shares.recount_credit(share.id)
    await store.shares.recent(1.0, after=0, limit=5)
    await store.shares.wipe(9.0, 5)
    await store.shares.roots(after=0, limit=5)
    await store.streams.attach(share.stream_id, [reader.feed.id], Rule(), now=5.0)
    await store.streams.feeding(reader.feed.id)
    await store.streams.by_feeds([share.feed_id])
    await store.streams.of_users([ann])
    await store.streams.facts(share.feed_id)


def plan(con: sqlite3.Connection, sql: str, values: object) -> str:
    return "; ".join(row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {sql}", values))  # type: ignore[arg-type]


async def test_hot_queries_scan_no_table(store: SqliteMappers) -> None:
    """Every statement of a day in the life of the store: what scans does so over parameters or by an index."""
    seen: set[str] = set()
    store.engine.trace(seen.add)
    reader = await add_reader(store, 30)
    user_id, feed_id = reader.user.id, reader.feed.id
    await store.subscriptions.reading_delta(user_id, 0, 0, 0, 10)
    await store.entries.positions([(feed_id, 1, 9)])
    await store.entries.many(reader.ids)
    await store.entries.limits([feed_id], max_id=5, before=9.0)
    await store.entries.known(feed_id, 5)
    await store.entries.published_since(feed_id, 3.0)
    await store.subscriptions.mark(user_id, [change(feed_id, [3])], now=1.0)
    await store.subscriptions.journal(user_id, 0)
    await store.flags.set(user_id, reader.ids[0], "starred", True, now=1.0)
    await store.flags.many(user_id, reader.ids)
    await store.flags.page(user_id, "starred", before=(5.0, 1), limit=9)
    await store.feeds.marks([feed_id])
    await store.feeds.due(5.0, 5)
    await store.feeds.by_url("https://x.test/")
    await store.feeds.pulls(feed_id, 5)
    await store.jobs.due(5.0, 5)
    await store.users.session(b"x")
    await store.entries.purge(feed_id, 5, now=5.0)
    await store.subscriptions.recount(feed_id)
    await a_day_of_sharing(store, reader)
    store.engine.trace(None)
    plans = await store.engine.read(
        lambda con: {sql: plan(con, sql, ()) for sql in seen if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))}
    )
    allowed = (
        "SCAN wanted",
        "SCAN json_each",
        "SCAN search",
        "SCAN up",  # the shares above one
        "SCAN CONSTANT ROW",
        "SCAN main.entry_words_config",
        "INDEX job_open",  # partial: open jobs alone
        "INDEX user_admin",  # partial: administrators alone
        "entry_words_config",  # a handful of rows that FTS5 keeps about itself
    )
    scans = {
        step: sql
        for sql, steps in plans.items()
        for step in steps.split("; ")
        if step.startswith("SCAN") and not any(word in step for word in allowed)
    }
    assert len(plans) > 25
    assert scans == {}
