"""When feeds are pulled, by whom, and what came of it."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from reader.mappers.feeds import NO_META, Begun, FeedMeta, PullResult, PullState
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.due import PULLABLE, DueMixin
from reader.mappers.sqlite.identity import set_words
from reader.models.feed import Feed, Pull, Schedule

SCHEDULE = (
    "id, next_pull_at, last_pull_at, last_ok_at, errors, feed.reason, error, etag, last_modified, body_digest, rhythm,"
    " hint_seconds, lease_token, lease_until, moved_to, moved_count, moved_since, move_refused, criterion,"
    " criterion_note, renewals, feed.host, until, host_pause.reason, lost"
)
PULL = "feed_id, at, status, bytes, milliseconds, new, updated, error"
FEED = (
    "feed.id, feed.url, feed.title, feed.site_url, feed.description, feed.language, feed.icon, feed.format,"
    " feed.kind, feed.state, feed.seq, feed.floor, feed.rev, feed.created_at"
)
FEED_COLUMNS = FEED.count(",") + 1
PULLS_KEPT = 50
TRIM_EVERY = 8

LEASE = """
UPDATE feed SET lost = lost + (lease_until > 0), lease_token = lease_token + 1, lease_until = ?, lease_holder = ?
WHERE id = ? AND lease_until <= ?
"""
BEGUN = f"""
SELECT {FEED}, {SCHEDULE.replace("id,", "feed.id,", 1)},
    EXISTS (SELECT 1 FROM subscription WHERE subscription.feed_id = feed.id),
    EXISTS (SELECT 1 FROM hub_lease WHERE hub_lease.feed_id = feed.id AND hub_lease.state = 'active'
        AND hub_lease.until > ? AND missed_at IS NULL)
FROM feed LEFT JOIN host_pause ON host_pause.host = feed.host WHERE feed.id = ?
"""
HELD = "SELECT title, site_url, state, error, format FROM feed WHERE id = ? AND lease_token = ?"
RECORD = """
UPDATE feed SET
    state = ?, next_pull_at = ?, reason = ?, errors = ?, error = ?, etag = ?, last_modified = ?, body_digest = ?,
    rhythm = ?, hint_seconds = ?, moved_to = ?, moved_count = ?, moved_since = ?, last_pull_at = ?,
    last_ok_at = coalesce(?, last_ok_at), lease_until = 0, lost = 0
WHERE id = ?
"""
SET_IDENTITY = "UPDATE feed SET criterion = ?, criterion_note = ?, renewals = ? WHERE id = ?"
SET_META = """
UPDATE feed SET
    title = coalesce(:title, title), site_url = coalesce(:site_url, site_url),
    description = coalesce(:description, description), language = coalesce(:language, language),
    format = coalesce(:format, format)
WHERE id = :id
"""
PAUSE = """
INSERT INTO host_pause (host, until, reason) VALUES (?, ?, ?)
ON CONFLICT (host) DO UPDATE SET until = excluded.until, reason = excluded.reason WHERE excluded.until > until
"""
TRIM_PULLS = """
DELETE FROM pull WHERE feed_id = :id AND at <= (
    SELECT at FROM pull WHERE feed_id = :id ORDER BY at DESC LIMIT 1 OFFSET :keep)
"""


def holds(con: sqlite3.Connection, feed_id: int, token: int) -> bool:
    """Whether ``token`` is still the newest lease of the feed."""
    row = con.execute("SELECT lease_token FROM feed WHERE id = ?", (feed_id,)).fetchone()
    return row is not None and row[0] == token


def _schedule(con: sqlite3.Connection, feed_id: int) -> Schedule | None:
    row = con.execute(
        f"SELECT {SCHEDULE} FROM feed LEFT JOIN host_pause ON host_pause.host = feed.host WHERE id = ?", (feed_id,)
    ).fetchone()
    return Schedule(*row) if row else None


def _make_due(con: sqlite3.Connection, feed_id: int, now: float) -> None:
    # One that ended its process before is still watched, but has its chances again.
    con.execute("UPDATE feed SET next_pull_at = min(next_pull_at, ?), lost = min(lost, 2) WHERE id = ?", (now, feed_id))
    if con.execute("SELECT 1 FROM feed WHERE id = ? AND state = 'gone'", (feed_id,)).fetchone():
        con.execute("UPDATE feed SET state = 'failing', rev = ? WHERE id = ?", (next_feed_rev(con), feed_id))


def _lease(con: sqlite3.Connection, feed_id: int, now: float, until: float, holder: str) -> int | None:
    row = con.execute(f"{LEASE} RETURNING lease_token", (until, holder, feed_id, now)).fetchone()
    return row[0] if row else None


def _begin(con: sqlite3.Connection, feed_id: int, now: float, until: float, holder: str) -> Begun | None:
    # Two statements: RETURNING all columns of both tables takes longer than to look again.
    if not con.execute(LEASE, (until, holder, feed_id, now)).rowcount:
        return None
    row = con.execute(BEGUN, (now, feed_id)).fetchone()
    return Begun(Feed(*row[:FEED_COLUMNS]), Schedule(*row[FEED_COLUMNS:-2]), row[-2], bool(row[-1]))


def _beat(con: sqlite3.Connection, held: Sequence[tuple[int, int]], until: float) -> list[int]:
    sql = "UPDATE feed SET lease_until = max(lease_until, ?) WHERE id = ? AND lease_token = ? AND lease_until > 0"
    return [feed_id for feed_id, token in held if not con.execute(sql, (until, feed_id, token)).rowcount]


def _holders(con: sqlite3.Connection, now: float) -> list[str]:
    """Only a due feed is ever leased, and few are due at a time."""
    sql = (
        f"SELECT DISTINCT lease_holder FROM feed INDEXED BY feed_due WHERE {PULLABLE} AND next_pull_at <= ?"
        " AND lease_until > ?"
    )
    return [holder for (holder,) in con.execute(sql, (now, now)) if holder]


def _free(con: sqlite3.Connection, holder: str, now: float, counts: bool) -> int:
    sql = (
        "UPDATE feed SET lost = lost + ?, lease_until = 0, lease_holder = '' WHERE id IN (SELECT id FROM feed"
        f" INDEXED BY feed_due WHERE {PULLABLE} AND next_pull_at <= ? AND lease_until > 0 AND lease_holder = ?)"
    )
    return con.execute(sql, (counts, now, holder)).rowcount


def _set_aside(con: sqlite3.Connection, feed_id: int, until: float, reason: str) -> None:
    sql = (
        "UPDATE feed SET next_pull_at = ?, state = 'failing', error = ?, reason = ?, lease_until = 0, rev = ?"
        " WHERE id = ?"
    )
    con.execute(sql, (until, reason, reason, next_feed_rev(con), feed_id))


def _release(con: sqlite3.Connection, feed_id: int, token: int) -> None:
    con.execute("UPDATE feed SET lease_until = 0 WHERE id = ? AND lease_token = ?", (feed_id, token))


def _defer(con: sqlite3.Connection, feed_id: int, token: int, until: float, reason: str) -> bool:
    sql = "UPDATE feed SET next_pull_at = ?, reason = ?, lease_until = 0 WHERE id = ? AND lease_token = ?"
    return con.execute(sql, (until, reason, feed_id, token)).rowcount > 0


def _pause_host(con: sqlite3.Connection, host: str, until: float, reason: str, now: float) -> None:
    con.execute("DELETE FROM host_pause WHERE until <= ?", (now,))
    con.execute(PAUSE, (host, until, reason))
    sql = f"UPDATE feed SET next_pull_at = ?, reason = ? WHERE {PULLABLE} AND host = ? AND next_pull_at < ?"
    con.execute(sql, (until, reason, host, until))


def _record_pull(con: sqlite3.Connection, feed_id: int, token: int, result: PullResult) -> bool:
    before = con.execute(HELD, (feed_id, token)).fetchone()
    if before is None:
        return False
    at, error = result.pull.at, result.error
    con.execute(
        RECORD,
        (
            result.state, result.next_pull_at, result.reason, result.errors, error, result.etag, result.last_modified,
            result.body_digest, result.rhythm, result.hint_seconds, result.moved_to, result.moved_count,
            result.moved_since, at, at if error is None else None, feed_id,
        ),
    )  # fmt: skip
    if result.identity is not None:
        identity = result.identity
        con.execute(SET_IDENTITY, (identity.criterion, identity.note, identity.renewals, feed_id))
    title, site_url, _, _, format_ = before
    if result.meta is not NO_META:
        _set_meta(con, feed_id, result.meta)
        meta = result.meta
        title = title if meta.title is None else meta.title
        site_url = site_url if meta.site_url is None else meta.site_url
        format_ = format_ if meta.format is None else meta.format
    if before != (title, site_url, result.state, error, format_):  # what a FeedMark shows
        con.execute("UPDATE feed SET rev = ? WHERE id = ?", (next_feed_rev(con), feed_id))
        if before[:2] != (title, site_url):
            set_words(con, feed_id)
    _log_pull(con, feed_id, result.pull)
    return True


def _set_meta(con: sqlite3.Connection, feed_id: int, meta: FeedMeta) -> None:
    values = {
        "id": feed_id, "title": meta.title, "site_url": meta.site_url, "description": meta.description,
        "language": meta.language, "format": meta.format,
    }  # fmt: skip
    con.execute(SET_META, values)


def _log_pull(con: sqlite3.Connection, feed_id: int, pull: Pull) -> None:
    values = (feed_id, pull.at, pull.status, pull.bytes, pull.milliseconds, pull.new, pull.updated, pull.error)
    con.execute(f"INSERT OR REPLACE INTO pull ({PULL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    if round(pull.at) % TRIM_EVERY == 0:  # now and then will do
        con.execute(TRIM_PULLS, {"id": feed_id, "keep": PULLS_KEPT})


def _pulls(con: sqlite3.Connection, feed_id: int, limit: int) -> list[Pull]:
    sql = f"SELECT {PULL} FROM pull WHERE feed_id = ? ORDER BY at DESC LIMIT ?"
    return [Pull(*row) for row in con.execute(sql, (feed_id, limit))]


def _pull_states(con: sqlite3.Connection, feed_ids: list[int]) -> list[PullState]:
    sql = (
        "SELECT f.id, f.last_pull_at, f.next_pull_at, f.lease_until, f.state, f.error, coalesce(p.new, 0),"
        " coalesce(p.updated, 0), p.status FROM json_each(?) j JOIN feed f ON f.id = j.value"
        " LEFT JOIN pull p ON p.feed_id = f.id AND p.at = f.last_pull_at"
    )
    return [PullState(*row) for row in con.execute(sql, (json.dumps(feed_ids),))]


def _states(con: sqlite3.Connection) -> dict[str, int]:
    return dict(con.execute("SELECT state, count(*) FROM feed GROUP BY state"))


class ScheduleMixin(DueMixin):
    """The part of FeedMapper that the updater and the pullers use."""

    async def schedule(self, feed_id: int) -> Schedule | None:
        return await self._engine.read(_schedule, feed_id)

    async def make_due(self, feed_id: int, now: float) -> None:
        await self._engine.write(_make_due, feed_id, now)

    async def lease(self, feed_id: int, now: float, until: float, holder: str = "") -> int | None:
        return await self._engine.write(_lease, feed_id, now, until, holder)

    async def begin(self, feed_id: int, now: float, until: float, holder: str = "") -> Begun | None:
        return await self._engine.write_patiently(_begin, feed_id, now, until, holder)

    async def beat(self, held: Sequence[tuple[int, int]], until: float) -> list[int]:
        return await self._engine.write(_beat, held, until)

    async def holders(self, now: float) -> list[str]:
        return await self._engine.read(_holders, now)

    async def free(self, holder: str, now: float, *, counts: bool = True) -> int:
        return await self._engine.write(_free, holder, now, counts)

    async def pull_states(self, feed_ids: Sequence[int]) -> list[PullState]:
        return await self._engine.read(_pull_states, list(feed_ids))

    async def states(self) -> dict[str, int]:
        return await self._engine.read(_states)

    async def set_aside(self, feed_id: int, until: float, reason: str) -> None:
        await self._engine.write(_set_aside, feed_id, until, reason)

    async def release(self, feed_id: int, token: int) -> None:
        await self._engine.write(_release, feed_id, token)

    async def defer(self, feed_id: int, token: int, until: float, reason: str) -> bool:
        return await self._engine.write_patiently(_defer, feed_id, token, until, reason)

    async def pause_host(self, host: str, until: float, reason: str, *, now: float) -> None:
        await self._engine.write(_pause_host, host, until, reason, now)

    async def record_pull(self, feed_id: int, token: int, result: PullResult) -> bool:
        return await self._engine.write_patiently(_record_pull, feed_id, token, result)

    async def pulls(self, feed_id: int, limit: int) -> list[Pull]:
        return await self._engine.read(_pulls, feed_id, limit)
