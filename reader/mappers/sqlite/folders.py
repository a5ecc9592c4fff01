"""Folders on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.errors import Conflict
from reader.mappers.sqlite.counters import next_shape_rev
from reader.mappers.sqlite.reading import folders_of
from reader.mappers.sqlite.shape import empty_folder, fill_folder, require_folder
from reader.models.subscription import Folder

TAKEN = "SELECT 1 FROM folder WHERE user_id = ? AND title_key = ? AND id IS NOT ?"


def _require_title(con: sqlite3.Connection, user_id: int, title: str, folder_id: int | None = None) -> None:
    """Another folder of the user may not have this title."""
    if con.execute(TAKEN, (user_id, title.casefold(), folder_id)).fetchone():
        raise Conflict("There is a folder of that name.")


def add_folder(con: sqlite3.Connection, user_id: int, title: str) -> Folder:
    """See SubscriptionMapper.add_folder."""
    _require_title(con, user_id, title)
    next_shape_rev(con, user_id)
    position = con.execute("SELECT coalesce(max(position) + 1, 0) FROM folder WHERE user_id = ?", (user_id,)).fetchone()
    sql = "INSERT INTO folder (user_id, title, title_key, position) VALUES (?, ?, ?, ?)"
    cursor = con.execute(sql, (user_id, title, title.casefold(), position[0]))
    if cursor.lastrowid is None:
        raise RuntimeError("an inserted folder has no id")
    return Folder(cursor.lastrowid, user_id, title, position[0])


def rename_folder(con: sqlite3.Connection, user_id: int, folder_id: int, title: str) -> None:
    """See SubscriptionMapper.rename_folder."""
    require_folder(con, user_id, folder_id)
    _require_title(con, user_id, title, folder_id)
    con.execute("UPDATE folder SET title = ?, title_key = ? WHERE id = ?", (title, title.casefold(), folder_id))
    next_shape_rev(con, user_id)


def remove_folder(con: sqlite3.Connection, user_id: int, folder_id: int) -> list[int]:
    """See SubscriptionMapper.remove_folder."""
    require_folder(con, user_id, folder_id)
    feed_ids = empty_folder(con, user_id, folder_id)
    con.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
    next_shape_rev(con, user_id)
    return feed_ids


def restore_folder(con: sqlite3.Connection, folder: Folder, feed_ids: Sequence[int]) -> Folder:
    """See SubscriptionMapper.restore_folder."""
    user_id = folder.user_id
    _require_title(con, user_id, folder.title, folder.id)
    next_shape_rev(con, user_id)
    others = [each.id for each in folders_of(con, user_id) if each.id != folder.id]
    con.execute(
        "INSERT OR IGNORE INTO folder (id, user_id, title, title_key, position, open) VALUES (?, ?, ?, ?, ?, ?)",
        (folder.id, user_id, folder.title, folder.title.casefold(), folder.position, folder.open),
    )
    require_folder(con, user_id, folder.id)
    at = min(folder.position, len(others))
    _order(con, [*others[:at], folder.id, *others[at:]])
    fill_folder(con, user_id, folder.id, feed_ids)
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
