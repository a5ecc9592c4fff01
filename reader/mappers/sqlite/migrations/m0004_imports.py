"""Folders inside folders, and imports: rows that a page, a program and a worker share.

A folder's title is unique among its neighbours: for one inside another title_key begins with the parent's id.
"""

SQL = """
ALTER TABLE folder ADD COLUMN parent_id INTEGER REFERENCES folder (id) ON DELETE SET NULL;
CREATE INDEX folder_parent ON folder (parent_id);

CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    resumed_at REAL,
    resumed_count INTEGER NOT NULL DEFAULT 0,
    folders TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX import_user ON import (user_id, id);
CREATE INDEX import_open ON import (id) WHERE state IN ('running', 'paused', 'cancelled');
CREATE INDEX import_created ON import (created_at);
CREATE TABLE import_item (
    import_id INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    chosen INTEGER NOT NULL,
    state TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    url TEXT NOT NULL,
    title TEXT,
    html_url TEXT,
    folders TEXT NOT NULL,
    reason TEXT,
    feed_id INTEGER,
    made_rev INTEGER,
    looking TEXT,
    found TEXT NOT NULL DEFAULT '[]',
    since REAL,
    PRIMARY KEY (import_id, number)
) WITHOUT ROWID;
CREATE INDEX import_item_state ON import_item (import_id, state, number);
"""
