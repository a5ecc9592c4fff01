"""What a feed is found by."""

from __future__ import annotations

import sqlite3


def find(con: sqlite3.Connection, url: str) -> int | None:
    """Id of the feed at a canonical URL or an alias."""
    row = con.execute("SELECT id FROM feed WHERE url = ?", (url,)).fetchone()
    if row is None:
        row = con.execute("SELECT feed_id FROM feed_alias WHERE url = ?", (url,)).fetchone()
    return row[0] if row else None


def set_words(con: sqlite3.Connection, feed_id: int) -> None:
    """Renews what search() looks through, after title or addresses changed."""
    row = con.execute("SELECT title, url, coalesce(site_url, '') FROM feed WHERE id = ?", (feed_id,)).fetchone()
    words = "\n".join(row).casefold()
    con.execute("INSERT OR REPLACE INTO feed_words (feed_id, words) VALUES (?, ?)", (feed_id, words))
