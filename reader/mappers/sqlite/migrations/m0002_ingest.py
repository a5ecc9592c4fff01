"""Hosts that ask for a pause, how a feed's entries are told apart, and where feeds have moved."""

SQL = """
ALTER TABLE feed ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN criterion TEXT NOT NULL DEFAULT 'id';
ALTER TABLE feed ADD COLUMN criterion_note TEXT NOT NULL DEFAULT '';
-- Pulls in a row that found the ids of known entries changed.
ALTER TABLE feed ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN moved_since REAL;
-- A target that a person took back; the server's word for it counts no more.
ALTER TABLE feed ADD COLUMN move_refused TEXT;
-- URLs are canonical: a path always follows the host.
UPDATE feed SET host = substr(url, instr(url, '://') + 3);
UPDATE feed SET host = substr(host, 1, instr(host, '/') - 1) WHERE instr(host, '/') > 0;
UPDATE feed SET host = substr(host, instr(host, '@') + 1) WHERE instr(host, '@') > 0;
CREATE INDEX feed_host ON feed (host, next_pull_at) WHERE kind = 'site' AND state <> 'gone';
CREATE TABLE host_pause (
    host TEXT PRIMARY KEY,
    until REAL NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE feed_move (
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    from_url TEXT NOT NULL,
    to_url TEXT NOT NULL,
    undone_at REAL,
    PRIMARY KEY (feed_id, at)
) WITHOUT ROWID;

-- The id as the document writes it, where entry.uid is another; what the entry is about, across feeds.
ALTER TABLE entry ADD COLUMN guid TEXT;
ALTER TABLE entry ADD COLUMN story BLOB;
CREATE INDEX entry_story ON entry (story) WHERE story IS NOT NULL;
-- What recognises an entry under another id, apart from entry so that reading thousands does not walk their content.
CREATE TABLE trace (
    entry_id INTEGER PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    keys BLOB NOT NULL,
    changes INTEGER NOT NULL DEFAULT 0
);
"""
