"""Who holds leases, what ended its process, dead letters, owners of jobs, live settings, reports and history."""

SQL = """
ALTER TABLE feed ADD COLUMN lease_holder TEXT NOT NULL DEFAULT '';
-- Runs of the pull that ended with their process, since the last one that ended by itself.
ALTER TABLE feed ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN lease_holder TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
-- Errors of its attempts, a JSON list of texts.
ALTER TABLE job ADD COLUMN story TEXT NOT NULL DEFAULT '[]';

CREATE TABLE dead_letter (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    args TEXT NOT NULL,
    queue TEXT NOT NULL,
    error TEXT NOT NULL,
    story TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    died_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX dead_letter_at ON dead_letter (died_at, key);

CREATE TABLE job_owner (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    args TEXT NOT NULL,
    submitted_at REAL NOT NULL,
    mark REAL NOT NULL,
    PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
CREATE INDEX job_owner_at ON job_owner (submitted_at);

CREATE TABLE manager (
    holder TEXT PRIMARY KEY,
    seen_at REAL NOT NULL,
    status TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE queue_setting (
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (queue, name)
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    user_id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    what TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
);
-- Five minutes of one process; WITHOUT ROWID, so that a day reads in order.
CREATE TABLE history (
    at REAL NOT NULL,
    holder TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (at, holder)
) WITHOUT ROWID;
"""
