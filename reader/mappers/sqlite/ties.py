"""What binds two people, on SQLite: approval, blocks, mutes, and what rests on them."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3

from reader.mappers.sqlite.counters import next_shape_rev, next_user_rev
from reader.mappers.sqlite.person import HERE
from reader.mappers.sqlite.shape import subscribe
from reader.models.people import RelationKind

# Feeds of the owner's streams (models: stream_url), of removed ones too: "0" follows "/".
STREAMS = """feed_id IN (
    SELECT id FROM feed WHERE url >= 'evantr:/u/' || :owner || '/' AND url < 'evantr:/u/' || :owner || '0'
)"""
SHARES = "entry_id IN (SELECT id FROM share WHERE user_id = :owner)"
APPROVE_FOLLOWERS = f"""
INSERT INTO approval (owner_id, user_id, state, at)
SELECT DISTINCT :owner, user_id, 'approved', :now FROM subscription WHERE {STREAMS} AND user_id <> :owner
ON CONFLICT (owner_id, user_id) DO UPDATE SET state = 'approved'
"""
STRANGERS = f"""
SELECT DISTINCT user_id FROM flag WHERE {SHARES} AND user_id <> :owner
AND user_id NOT IN (SELECT user_id FROM approval WHERE owner_id = :owner AND state = 'approved')
"""
# Who follows in spite of a block, in either direction.
BLOCKED_FOLLOWERS = """
SELECT DISTINCT subscription.user_id, stream.user_id FROM relation
JOIN stream ON stream.user_id IN (relation.user_id, relation.other_id)
JOIN subscription ON subscription.feed_id = stream.feed_id
    AND subscription.user_id = iif(stream.user_id = relation.user_id, relation.other_id, relation.user_id)
WHERE relation.kind = 'block' LIMIT :limit
"""
UNAPPROVED_FOLLOWERS = """
SELECT DISTINCT subscription.user_id, stream.user_id FROM user
JOIN stream ON stream.user_id = user.id JOIN subscription ON subscription.feed_id = stream.feed_id
WHERE user.private AND subscription.user_id <> user.id AND NOT EXISTS (
    SELECT 1 FROM approval WHERE owner_id = user.id AND approval.user_id = subscription.user_id AND state = 'approved'
) LIMIT :limit
"""
PAIR = "owner_id = :owner AND user_id = :reader"


def is_here(con: sqlite3.Connection, *user_ids: int) -> bool:
    """Whether all of them exist and none is being removed."""
    return all(con.execute(f"SELECT 1 FROM user WHERE id = ? AND {HERE}", (each,)).fetchone() for each in user_ids)


def cut(con: sqlite3.Connection, reader_id: int, owner_id: int) -> int:
    """Ends whatever lets a reader see an owner's shares; how many subscriptions and marks went."""
    pair = {"reader": reader_id, "owner": owner_id}
    con.execute(f"DELETE FROM approval WHERE {PAIR}", pair)
    followed = con.execute(f"DELETE FROM subscription WHERE user_id = :reader AND {STREAMS}", pair).rowcount
    con.execute(f"DELETE FROM first_unread WHERE user_id = :reader AND {STREAMS}", pair)
    flagged = con.execute(f"DELETE FROM flag WHERE user_id = :reader AND {SHARES}", pair).rowcount
    if followed:
        next_shape_rev(con, reader_id)
    elif flagged:
        next_user_rev(con, reader_id)
    return followed + flagged


def set_private(con: sqlite3.Connection, user_id: int, private: bool, now: float) -> bool:
    """See PeopleMapper.set_private."""
    sql = "UPDATE user SET private = ? WHERE id = ? AND private <> ?"
    if con.execute(sql, (private, user_id, private)).rowcount == 0:
        return False
    if not private:
        con.execute("DELETE FROM approval WHERE owner_id = ? AND state = 'approved'", (user_id,))
        return True
    values = {"owner": user_id, "now": now}
    con.execute(APPROVE_FOLLOWERS, values)
    for (stranger_id,) in con.execute(STRANGERS, values).fetchall():
        cut(con, stranger_id, user_id)
    return True


# ---- approval


def ask(con: sqlite3.Connection, owner_id: int, user_id: int, now: float) -> bool:
    """See PeopleMapper.ask."""
    if not is_here(con, owner_id, user_id):
        return False
    sql = "INSERT OR IGNORE INTO approval (owner_id, user_id, state, at) VALUES (?, ?, 'asked', ?)"
    return con.execute(sql, (owner_id, user_id, now)).rowcount > 0


def approve(con: sqlite3.Connection, owner_id: int, user_id: int, feed_id: int, unread: int, now: float) -> bool:
    """See PeopleMapper.approve."""
    pair = {"owner": owner_id, "reader": user_id, "now": now}
    private = con.execute("SELECT private FROM user WHERE id = ?", (owner_id,)).fetchone()
    if private and private[0]:
        sql = f"UPDATE approval SET state = 'approved', at = :now WHERE {PAIR} AND state = 'asked'"
    else:
        sql = f"DELETE FROM approval WHERE {PAIR} AND state = 'asked'"
    if con.execute(sql, pair).rowcount == 0:
        return False
    subscribe(con, user_id, feed_id, None, None, unread, now)
    mute_again(con, user_id, owner_id)
    return True


def refuse(con: sqlite3.Connection, owner_id: int, user_id: int) -> bool:
    """See PeopleMapper.refuse."""
    pair = {"owner": owner_id, "reader": user_id}
    known = con.execute(f"SELECT 1 FROM approval WHERE {PAIR}", pair).fetchone() is not None
    return cut(con, user_id, owner_id) > 0 or known


def withdraw(con: sqlite3.Connection, owner_id: int, user_id: int) -> bool:
    """See PeopleMapper.withdraw."""
    pair = {"owner": owner_id, "reader": user_id}
    return con.execute(f"DELETE FROM approval WHERE {PAIR} AND state = 'asked'", pair).rowcount > 0


def open_requests(con: sqlite3.Connection, limit: int) -> list[tuple[int, int]]:
    """See PeopleMapper.open_requests."""
    sql = (
        "SELECT owner_id, user_id FROM approval WHERE state = 'asked'"
        " AND owner_id IN (SELECT id FROM user WHERE NOT private) LIMIT ?"
    )
    return con.execute(sql, (limit,)).fetchall()


# ---- blocks and mutes


def _relate(con: sqlite3.Connection, user_id: int, other_id: int, kind: RelationKind, now: float) -> bool:
    if not is_here(con, user_id, other_id):
        return False
    sql = "INSERT OR IGNORE INTO relation (user_id, other_id, kind, at) VALUES (?, ?, ?, ?)"
    return con.execute(sql, (user_id, other_id, kind, now)).rowcount > 0


def block(con: sqlite3.Connection, user_id: int, other_id: int, now: float) -> bool:
    """See PeopleMapper.block."""
    made = _relate(con, user_id, other_id, "block", now)
    cut(con, user_id, other_id)
    cut(con, other_id, user_id)
    sql = "DELETE FROM notification WHERE user_id = ? AND actor_id = ?"
    con.executemany(sql, [(user_id, other_id), (other_id, user_id)])
    return made


def mute(con: sqlite3.Connection, user_id: int, other_id: int, now: float) -> bool:
    """See PeopleMapper.mute."""
    made = _relate(con, user_id, other_id, "mute", now)
    _mute_subscriptions(con, user_id, other_id, True)
    return made


def _mute_subscriptions(con: sqlite3.Connection, user_id: int, other_id: int, muted: bool) -> None:
    sql = f"UPDATE subscription SET muted = :muted WHERE user_id = :reader AND {STREAMS} AND muted <> :muted"
    if con.execute(sql, {"reader": user_id, "owner": other_id, "muted": muted}).rowcount:
        next_shape_rev(con, user_id)


def mute_again(con: sqlite3.Connection, user_id: int, other_id: int) -> None:
    """Mutes what the user has just subscribed to of somebody who is muted."""
    sql = "SELECT 1 FROM relation WHERE user_id = ? AND other_id = ? AND kind = 'mute'"
    if con.execute(sql, (user_id, other_id)).fetchone():
        _mute_subscriptions(con, user_id, other_id, True)


def unrelate(con: sqlite3.Connection, user_id: int, other_id: int, kind: RelationKind) -> bool:
    """See PeopleMapper.unrelate."""
    sql = "DELETE FROM relation WHERE user_id = ? AND other_id = ? AND kind = ?"
    gone = con.execute(sql, (user_id, other_id, kind)).rowcount > 0
    if kind == "mute":
        _mute_subscriptions(con, user_id, other_id, False)
    return gone


def put_right(con: sqlite3.Connection, limit: int) -> int:
    """See PeopleMapper.put_right."""
    pairs = con.execute(BLOCKED_FOLLOWERS, {"limit": limit}).fetchall()
    pairs += con.execute(UNAPPROVED_FOLLOWERS, {"limit": limit}).fetchall()
    for reader_id, owner_id in pairs:
        cut(con, reader_id, owner_id)
    return len(pairs)
