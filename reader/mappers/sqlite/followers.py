"""Followers on SQLite: who reads whose streams, and whom one might want to follow."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3

from reader.mappers.sqlite.connection import ids_json, snapshot
from reader.mappers.sqlite.person import HERE, PERSON, as_person
from reader.models.people import Candidate, Person, Ties

NAMED = 3  # of those through whom somebody is suggested
RECENT_SHARES = 2000  # looked at for a suggestion
FOLLOWED_MOST = 200
TIES_MOST = 20_000

FOLLOWERS = """
SELECT subscription.user_id AS id FROM stream JOIN subscription ON subscription.feed_id = stream.feed_id
WHERE stream.user_id = :me AND subscription.user_id <> :me AND subscription.user_id < :before
UNION SELECT user_id FROM approval WHERE owner_id = :me AND state = 'approved' AND user_id < :before
"""
FOLLOWING = """
SELECT DISTINCT stream.user_id AS id FROM subscription JOIN stream ON stream.feed_id = subscription.feed_id
WHERE subscription.user_id = :me AND stream.user_id <> :me AND stream.user_id < :before
"""
PAGE = f"""
SELECT {PERSON} FROM ({{}}) AS found JOIN user ON user.id = found.id WHERE {HERE} ORDER BY user.id DESC LIMIT :limit
"""
HIGHEST = 1 << 62

# Who shared lately what stands in one's own feeds; and whom those follow whom one follows.
NEAR = """
WITH followed (id) AS (
    SELECT DISTINCT stream.user_id FROM subscription JOIN stream ON stream.feed_id = subscription.feed_id
    WHERE subscription.user_id = :me AND stream.user_id <> :me
),
reads (by_id, feed_id) AS MATERIALIZED (
    SELECT subscription.user_id, subscription.feed_id
    FROM (SELECT id FROM followed ORDER BY id DESC LIMIT :followed) AS f
    JOIN subscription ON subscription.user_id = f.id LIMIT :ties
),
via (id, by_id) AS MATERIALIZED (
    SELECT DISTINCT stream.user_id, reads.by_id FROM reads JOIN stream ON stream.feed_id = reads.feed_id
),
recent (story, user_id) AS MATERIALIZED (
    SELECT story, user_id FROM (SELECT * FROM share ORDER BY id DESC LIMIT :recent)
    WHERE removed_at IS NULL AND user_id IS NOT NULL
),
met (id, shares) AS (
    SELECT user_id, count(*) FROM recent WHERE EXISTS (
        SELECT 1 FROM copy JOIN feed ON feed.id = copy.feed_id AND feed.kind = 'site'
        JOIN subscription ON subscription.feed_id = copy.feed_id AND subscription.user_id = :me
        WHERE copy.story = recent.story
    ) GROUP BY user_id
),
points (id, via, shares) AS (
    SELECT id, sum(via), sum(shares) FROM (
        SELECT id, count(*) AS via, 0 AS shares FROM via GROUP BY id UNION ALL SELECT id, 0, shares FROM met
    ) GROUP BY id
)
"""
SUGGESTED = f"""
{NEAR}
SELECT {PERSON}, points.via, points.shares FROM points JOIN user ON user.id = points.id
WHERE user.id <> :me AND NOT user.private AND {HERE} AND user.id NOT IN (SELECT id FROM followed)
AND NOT EXISTS (SELECT 1 FROM relation WHERE user_id = :me AND other_id = user.id)
AND NOT EXISTS (SELECT 1 FROM relation WHERE user_id = user.id AND other_id = :me AND kind = 'block')
AND NOT EXISTS (SELECT 1 FROM approval WHERE owner_id = user.id AND user_id = :me)
ORDER BY points.via + points.shares DESC, user.id LIMIT :limit
"""
THROUGH = """
SELECT stream.user_id, user.name FROM stream
JOIN subscription ON subscription.feed_id = stream.feed_id
JOIN user ON user.id = subscription.user_id AND user.leaving_at IS NULL
WHERE stream.user_id IN (SELECT value FROM json_each(:ids)) AND subscription.user_id IN (
    SELECT DISTINCT theirs.user_id FROM subscription AS mine JOIN stream AS theirs ON theirs.feed_id = mine.feed_id
    WHERE mine.user_id = :me AND theirs.user_id <> :me ORDER BY theirs.user_id DESC LIMIT :followed
)
GROUP BY stream.user_id, user.id ORDER BY user.id
"""


def followers(con: sqlite3.Connection, owner_id: int, before: int, limit: int) -> list[Person]:
    """See PeopleMapper.followers."""
    return _page(con, FOLLOWERS, owner_id, before, limit)


def following(con: sqlite3.Connection, user_id: int, before: int, limit: int) -> list[Person]:
    """See PeopleMapper.following."""
    return _page(con, FOLLOWING, user_id, before, limit)


def _page(con: sqlite3.Connection, found: str, user_id: int, before: int, limit: int) -> list[Person]:
    rows = con.execute(PAGE.format(found), {"me": user_id, "before": before, "limit": limit})
    return [as_person(row) for row in rows]


def count(con: sqlite3.Connection, user_id: int) -> Ties:
    """See PeopleMapper.ties."""
    values = {"me": user_id, "before": HIGHEST}
    requests = "SELECT user_id AS id FROM approval WHERE owner_id = :me AND state = 'asked'"
    with snapshot(con):
        return Ties(*[_count(con, found, values) for found in (FOLLOWERS, FOLLOWING, requests)])


def _count(con: sqlite3.Connection, found: str, values: dict[str, int]) -> int:
    sql = f"SELECT count(*) FROM ({found}) AS found JOIN user ON user.id = found.id WHERE {HERE}"
    number: int = con.execute(sql, values).fetchone()[0]
    return number


def suggestions(con: sqlite3.Connection, user_id: int, limit: int) -> list[Candidate]:
    """See PeopleMapper.suggestions."""
    values = {
        "me": user_id, "limit": limit, "followed": FOLLOWED_MOST, "ties": TIES_MOST, "recent": RECENT_SHARES,
    }  # fmt: skip
    with snapshot(con):
        rows = con.execute(SUGGESTED, values).fetchall()
        names: dict[int, list[str]] = {}
        through = {"me": user_id, "ids": ids_json(row[0] for row in rows), "followed": FOLLOWED_MOST}
        for candidate_id, name in con.execute(THROUGH, through):
            names.setdefault(candidate_id, []).append(name)
    return [Candidate(as_person(row), tuple(names.get(row[0], ())[:NAMED]), row[6], row[7]) for row in rows]
