"""The first schema. Times are UTC seconds since 1970."""

SQL = """
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('feed_rev', 0), ('entry', 0);

CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    admin INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    created_at REAL NOT NULL,
    preferences TEXT NOT NULL DEFAULT '{}',
    rev INTEGER NOT NULL DEFAULT 1,
    shape_rev INTEGER NOT NULL DEFAULT 1,
    journal_floor INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX user_admin ON user (id) WHERE admin;
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_expiry ON session (expires_at);
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    used_at REAL
);
CREATE INDEX token_user ON token (user_id);
CREATE TABLE invitation (
    code TEXT PRIMARY KEY,
    created_by INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    used_by INTEGER
) WITHOUT ROWID;
CREATE INDEX invitation_by ON invitation (created_by, created_at);

CREATE TABLE icon (digest TEXT PRIMARY KEY, type TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE feed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    rev INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT 'site',
    state TEXT NOT NULL DEFAULT 'new',
    created_at REAL NOT NULL,
    url TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    site_url TEXT,
    icon TEXT,
    icon_at REAL,
    error TEXT,
    description TEXT,
    language TEXT,
    format TEXT,
    next_pull_at REAL NOT NULL,
    last_pull_at REAL,
    last_ok_at REAL,
    errors INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    etag TEXT,
    last_modified TEXT,
    body_digest BLOB,
    hint_seconds INTEGER,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0,
    moved_to TEXT,
    moved_count INTEGER NOT NULL DEFAULT 0,
    rhythm BLOB NOT NULL DEFAULT x''
);
CREATE UNIQUE INDEX feed_rev ON feed (rev);
CREATE INDEX feed_due ON feed (next_pull_at) WHERE kind = 'site' AND state <> 'gone';
-- When a feed can next be pulled, its lease counted in: the smallest tells how long the updater may sleep.
CREATE INDEX feed_free ON feed (max(next_pull_at, lease_until)) WHERE kind = 'site' AND state <> 'gone';
CREATE INDEX feed_state ON feed (state);
CREATE TABLE feed_alias (
    url TEXT PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX feed_alias_feed ON feed_alias (feed_id);
-- Case-folded title and addresses, apart from feed so that a search scans little.
CREATE TABLE feed_words (
    feed_id INTEGER PRIMARY KEY REFERENCES feed (id) ON DELETE CASCADE,
    words TEXT NOT NULL
);
CREATE TABLE pull (
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    status INTEGER,
    bytes INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    new INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (feed_id, at)
) WITHOUT ROWID;

-- content comes last: SQLite need not walk its overflow pages to read what stands before it.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feed (id),
    seq INTEGER NOT NULL,
    sort_at REAL NOT NULL,
    uid_hash BLOB NOT NULL,
    digest BLOB NOT NULL,
    published_at REAL,
    updated_at REAL,
    arrived_at REAL NOT NULL,
    uid TEXT NOT NULL,
    url TEXT,
    title TEXT NOT NULL,
    author TEXT,
    summary TEXT NOT NULL,
    tags TEXT NOT NULL,
    enclosures TEXT NOT NULL,
    comments_url TEXT,
    content TEXT NOT NULL
);
-- Covers every listing (the id is the rowid, which each index carries).
CREATE INDEX entry_place ON entry (feed_id, seq, sort_at);
-- Seq 0: kept by a star alone after its feed was merged into another.
CREATE UNIQUE INDEX entry_seq ON entry (feed_id, seq) WHERE seq > 0;
CREATE UNIQUE INDEX entry_uid ON entry (feed_id, uid_hash);
-- uids of purged entries, so that none comes back.
CREATE TABLE tombstone (
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    uid_hash BLOB NOT NULL,
    PRIMARY KEY (feed_id, uid_hash)
) WITHOUT ROWID;

CREATE TABLE folder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    position INTEGER NOT NULL,
    open INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_id, title_key)
);
CREATE TABLE subscription (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    feed_id INTEGER NOT NULL REFERENCES feed (id),
    folder_id INTEGER REFERENCES folder (id) ON DELETE SET NULL,
    title TEXT,
    position INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    created_rev INTEGER NOT NULL,
    created_at REAL NOT NULL,
    read BLOB NOT NULL,
    PRIMARY KEY (user_id, feed_id)
) WITHOUT ROWID;
CREATE INDEX subscription_rev ON subscription (user_id, rev);
CREATE INDEX subscription_feed ON subscription (feed_id);
CREATE INDEX subscription_folder ON subscription (folder_id);
-- How many of the first entries of a feed stay unread; gone once they came. Outlives unsubscribing, for undo.
CREATE TABLE first_unread (
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    unread INTEGER NOT NULL,
    PRIMARY KEY (feed_id, user_id)
) WITHOUT ROWID;
CREATE INDEX first_unread_user ON first_unread (user_id);
CREATE TABLE read_journal (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    rev INTEGER NOT NULL,
    number INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    at REAL NOT NULL,
    added BLOB NOT NULL,
    removed BLOB NOT NULL,
    PRIMARY KEY (user_id, rev, number)
) WITHOUT ROWID;
CREATE INDEX read_journal_at ON read_journal (at);

CREATE TABLE flag (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    entry_id INTEGER NOT NULL REFERENCES entry (id),
    at REAL NOT NULL,
    PRIMARY KEY (user_id, kind, entry_id)
) WITHOUT ROWID;
CREATE INDEX flag_at ON flag (user_id, kind, at, entry_id);
CREATE INDEX flag_entry ON flag (entry_id);

CREATE TABLE job (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    args TEXT NOT NULL,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    run_at REAL NOT NULL,
    lease_token INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    result TEXT,
    error TEXT,
    created_at REAL NOT NULL,
    finished_at REAL
) WITHOUT ROWID;
CREATE INDEX job_open ON job (created_at, key) WHERE state IN ('waiting', 'running');
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    holder TEXT NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE undo (
    token TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX undo_user ON undo (user_id, kind, created_at);
CREATE INDEX undo_expiry ON undo (expires_at);
"""
