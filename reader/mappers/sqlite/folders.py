"""Folders on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.errors import Conflict
from reader.mappers.keys import title_key
from reader.mappers.sqlite.counters import next_shape_rev
from reader.mappers.sqlite.reading import folders_of
from reader.mappers.sqlite.shape import empty_folder, fill_folder, require_folder
from reader.models.subscription import Folder

TAKEN = "SELECT 1 FROM folder WHERE user_id = ? AND title_key = ? AND id IS NOT ?"


def _require_title(
    con: sqlite3.Connection, user_id: int, title: str, parent_id: int | None, folder_id: int | None = None
) -> None:
    """Another folder at that place may not have this title."""
    if con.execute(TAKEN, (user_id, title_key(title, parent_id), folder_id)).fetchone():
        raise Conflict("There is a folder of that name.")


def _parent_of(con: sqlite3.Connection, folder_id: int) -> int | None:
    row = con.execute("SELECT parent_id FROM folder WHERE id = ?", (folder_id,)).fetchone()
    return row[0] if row else None


def add_folder(con: sqlite3.Connection, user_id: int, title: str, parent_id: int | None = None) -> Folder:
    """See SubscriptionMapper.add_folder."""
    require_folder(con, user_id, parent_id)
    _require_title(con, user_id, title, parent_id)
    next_shape_rev(con, user_id)
    position = con.execute("SELECT coalesce(max(position) + 1, 0) FROM folder WHERE user_id = ?", (user_id,)).fetchone()
    sql = "INSERT INTO folder (user_id, title, title_key, position, parent_id) VALUES (?, ?, ?, ?, ?)"
    cursor = con.execute(sql, (user_id, title, title_key(title, parent_id), position[0], parent_id))
    if cursor.lastrowid is None:
        raise RuntimeError("an inserted folder has no id")
    return Folder(cursor.lastrowid, user_id, title, position[0], parent_id=parent_id)


def rename_folder(con: sqlite3.Connection, user_id: int, folder_id: int, title: str) -> None:
    """See SubscriptionMapper.rename_folder."""
    require_folder(con, user_id, folder_id)
    parent_id = _parent_of(con, folder_id)
    _require_title(con, user_id, title, parent_id, folder_id)
    sql = "UPDATE folder SET title = ?, title_key = ? WHERE id = ?"
    con.execute(sql, (title, title_key(title, parent_id), folder_id))
    next_shape_rev(con, user_id)


def remove_folder(con: sqlite3.Connection, user_id: int, folder_id: int) -> list[int]:
    """See SubscriptionMapper.remove_folder."""
    require_folder(con, user_id, folder_id)
    parent_id = _parent_of(con, folder_id)
    for child_id, title in con.execute("SELECT id, title FROM folder WHERE parent_id = ?", (folder_id,)).fetchall():
        _require_title(con, user_id, title, parent_id, folder_id)
        _set_parent(con, child_id, title, parent_id, vacated=folder_id)
    feed_ids = empty_folder(con, user_id, folder_id)
    con.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
    next_shape_rev(con, user_id)
    return feed_ids


def _set_parent(
    con: sqlite3.Connection, folder_id: int, title: str, parent_id: int | None, vacated: int | None = None
) -> None:
    """``vacated``: a folder whose name may be taken, because it goes away in the same transaction."""
    if vacated is not None:
        con.execute("UPDATE folder SET title_key = title_key || char(31) WHERE id = ?", (vacated,))
    sql = "UPDATE folder SET parent_id = ?, title_key = ? WHERE id = ?"
    con.execute(sql, (parent_id, title_key(title, parent_id), folder_id))


def nest_folder(con: sqlite3.Connection, user_id: int, folder_id: int, parent_id: int | None) -> None:
    """See SubscriptionMapper.nest_folder."""
    require_folder(con, user_id, folder_id)
    require_folder(con, user_id, parent_id)
    above = parent_id
    while above is not None:
        if above == folder_id:
            raise Conflict("A folder cannot be put into itself.")
        above = _parent_of(con, above)
    if _parent_of(con, folder_id) == parent_id:
        return
    title = con.execute("SELECT title FROM folder WHERE id = ?", (folder_id,)).fetchone()[0]
    _require_title(con, user_id, title, parent_id, folder_id)
    _set_parent(con, folder_id, title, parent_id)
    next_shape_rev(con, user_id)


def restore_folder(
    con: sqlite3.Connection, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int] = ()
) -> Folder:
    """See SubscriptionMapper.restore_folder."""
    user_id = folder.user_id
    parent_id = folder.parent_id
    if parent_id is not None and not con.execute("SELECT 1 FROM folder WHERE id = ?", (parent_id,)).fetchone():
        parent_id = None
    _require_title(con, user_id, folder.title, parent_id, folder.id)
    next_shape_rev(con, user_id)
    others = [each.id for each in folders_of(con, user_id) if each.id != folder.id]
    con.execute(
        "INSERT OR IGNORE INTO folder (id, user_id, title, title_key, position, open, parent_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            folder.id, user_id, folder.title, title_key(folder.title, parent_id), folder.position, folder.open,
            parent_id,
        ),
    )  # fmt: skip
    require_folder(con, user_id, folder.id)
    at = min(folder.position, len(others))
    _order(con, [*others[:at], folder.id, *others[at:]])
    fill_folder(con, user_id, folder.id, feed_ids)
    for child in folders_of(con, user_id):
        if child.id in folder_ids and child.parent_id == parent_id and child.id != folder.id:
            _set_parent(con, child.id, child.title, folder.id)
    return next(each for each in folders_of(con, user_id) if each.id == folder.id)


def move_folder(con: sqlite3.Connection, user_id: int, folder_id: int, before: int | None) -> None:
    """See SubscriptionMapper.move_folder."""
    require_folder(con, user_id, folder_id)
    others = [each.id for each in folders_of(con, user_id) if each.id != folder_id]
    at = others.index(before) if before in others else len(others)
    _order(con, [*others[:at], folder_id, *others[at:]])
    next_shape_rev(con, user_id)


def _order(con: sqlite3.Connection, folder_ids: Sequence[int]) -> None:
    sql = "UPDATE folder SET position = :at WHERE id = :id AND position <> :at"
    con.executemany(sql, [{"id": folder_id, "at": at} for at, folder_id in enumerate(folder_ids)])


def open_folder(con: sqlite3.Connection, user_id: int, folder_id: int, open_: bool) -> None:
    """See SubscriptionMapper.open_folder."""
    require_folder(con, user_id, folder_id)
    if con.execute("UPDATE folder SET open = ? WHERE id = ? AND open <> ?", (open_, folder_id, open_)).rowcount:
        next_shape_rev(con, user_id)
