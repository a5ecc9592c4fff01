"""Streams, shares and their chains, people and what they say to each other, hubs and webhooks (decision 0013)."""

SQL = """
ALTER TABLE user ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- Only approved people see the streams of a private account.
ALTER TABLE user ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
-- Who may comment on this person's shares: all, followers or nobody.
ALTER TABLE user ADD COLUMN talk TEXT NOT NULL DEFAULT 'all';
-- A muted subscription counts nothing and stays out of wider lists.
ALTER TABLE subscription ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
-- Roaring bitmap of the seqs that were taken back: in no list, in no count. Only streams have any.
ALTER TABLE feed ADD COLUMN withdrawn BLOB NOT NULL DEFAULT x'';
-- The feed's rev when its rows in copy last changed; 0: it has none.
ALTER TABLE feed ADD COLUMN copies_rev INTEGER NOT NULL DEFAULT 0;
-- Who passed it on before it came here, origin first, as JSON (models.share.Link); NULL for what nobody passed on.
ALTER TABLE entry ADD COLUMN chain TEXT;

CREATE TABLE stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    feed_id INTEGER NOT NULL UNIQUE REFERENCES feed (id),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (user_id, name)
);
-- A stream that feeds itself: entries of feed_id above seq that match are shared by themselves.
CREATE TABLE stream_source (
    stream_id INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    seq INTEGER NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (stream_id, feed_id)
) WITHOUT ROWID;
CREATE INDEX stream_source_feed ON stream_source (feed_id);

-- A share is an entry of a stream's feed and has its id. What was taken back stays as a tombstone (removed_at), what a
-- removed account shared too (user_id NULL), so that the chain keeps together.
CREATE TABLE share (
    id INTEGER PRIMARY KEY,
    user_id INTEGER,
    stream_id INTEGER,
    feed_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    story BLOB NOT NULL,
    source_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    parent_id INTEGER,
    root_id INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    note TEXT NOT NULL,
    created_at REAL NOT NULL,
    noted_at REAL,
    removed_at REAL,
    credit INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX share_once ON share (stream_id, story) WHERE removed_at IS NULL AND user_id IS NOT NULL;
CREATE INDEX share_root ON share (root_id);
CREATE INDEX share_parent ON share (parent_id);
CREATE INDEX share_user ON share (user_id, story);
CREATE INDEX share_story ON share (story, id);
CREATE INDEX share_feed ON share (feed_id, seq);
-- Where the story of a share stands, in feeds and streams: only stories that somebody shared. A reader who has several
-- of these meets the one with the lowest entry id (decision 0013).
CREATE TABLE copy (
    story BLOB NOT NULL,
    entry_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (story, entry_id)
) WITHOUT ROWID;
CREATE INDEX copy_feed ON copy (feed_id, seq);

-- Who asked to follow a private account ('asked') and who may ('approved').
CREATE TABLE approval (
    owner_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (owner_id, user_id)
) WITHOUT ROWID;
CREATE INDEX approval_user ON approval (user_id);
CREATE TABLE relation (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    other_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (user_id, other_id, kind)
) WITHOUT ROWID;
CREATE INDEX relation_other ON relation (other_id, kind);
CREATE TABLE liking (
    share_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    PRIMARY KEY (share_id, user_id)
) WITHOUT ROWID;
CREATE INDEX liking_user ON liking (user_id, at);
-- Answers have the comment they answer as parent_id; there is one level of them.
CREATE TABLE comment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    share_id INTEGER NOT NULL,
    user_id INTEGER,
    parent_id INTEGER,
    text TEXT NOT NULL,
    created_at REAL NOT NULL,
    removed_at REAL
);
CREATE INDEX comment_share ON comment (share_id, id);
CREATE INDEX comment_user ON comment (user_id, created_at);
-- key makes a notification unique: what is told again is not told twice.
CREATE TABLE notification (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_id INTEGER REFERENCES user (id) ON DELETE CASCADE,
    share_id INTEGER,
    comment_id INTEGER,
    at REAL NOT NULL,
    seen_at REAL,
    UNIQUE (user_id, key)
);
CREATE INDEX notification_at ON notification (user_id, id);
CREATE INDEX notification_unseen ON notification (user_id) WHERE seen_at IS NULL;
CREATE INDEX notification_actor ON notification (actor_id);

-- Our hub: who wants the feeds of our streams pushed.
CREATE TABLE hub_subscription (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    secret TEXT,
    until REAL NOT NULL,
    created_at REAL NOT NULL,
    sent_seq INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    UNIQUE (topic, callback)
);
CREATE INDEX hub_subscription_feed ON hub_subscription (feed_id, until);
CREATE INDEX hub_subscription_until ON hub_subscription (until);
-- Other people's hubs: what we asked of them for a feed.
CREATE TABLE hub_lease (
    feed_id INTEGER PRIMARY KEY REFERENCES feed (id) ON DELETE CASCADE,
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at REAL,
    until REAL NOT NULL DEFAULT 0,
    renew_at REAL NOT NULL,
    pushed_at REAL,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX hub_lease_renew ON hub_lease (renew_at);

-- due_at: there is something to deliver (NULL: nothing is known). last_id: what was delivered, up to this entry.
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_id INTEGER NOT NULL,
    due_at REAL,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    stopped INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    error TEXT,
    delivered_at REAL
);
CREATE INDEX webhook_due ON webhook (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_user ON webhook (user_id);
"""
