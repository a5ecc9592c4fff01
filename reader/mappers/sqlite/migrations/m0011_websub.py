"""What a hub, and one who asks hubs, have to remember (WebSub)."""

SQL = """
-- What was sent is told by the feed's rev, which moves with notes and with what is taken back too.
ALTER TABLE hub_subscription RENAME COLUMN sent_seq TO sent_rev;
ALTER TABLE hub_subscription ADD COLUMN sent_at REAL NOT NULL DEFAULT 0;
-- Of the document that was sent last: the same bytes are not sent twice.
ALTER TABLE hub_subscription ADD COLUMN digest BLOB NOT NULL DEFAULT x'';
-- When to send next; while a delivery runs, when it counts as lost. NULL: nothing is to be sent.
ALTER TABLE hub_subscription ADD COLUMN due_at REAL;
CREATE INDEX hub_subscription_due ON hub_subscription (due_at) WHERE due_at IS NOT NULL;
-- Streams that somebody subscribed to: up to which rev their subscriptions know that there is something to send.
CREATE TABLE hub_topic (
    feed_id INTEGER PRIMARY KEY REFERENCES feed (id) ON DELETE CASCADE,
    rev INTEGER NOT NULL
);
-- Who wants to subscribe or to leave, until they have said so themselves (verification of intent).
CREATE TABLE hub_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mode TEXT NOT NULL,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    secret TEXT,
    lease INTEGER NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (topic, callback)
);
CREATE INDEX hub_request_feed ON hub_request (feed_id);

-- Since when it is verified without a break; when a pull found news that the hub had kept to itself.
ALTER TABLE hub_lease ADD COLUMN verified_at REAL;
ALTER TABLE hub_lease ADD COLUMN missed_at REAL;
-- What hubs brought and nobody has read yet.
CREATE TABLE push (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    body BLOB NOT NULL,
    type TEXT,
    arrived_at REAL NOT NULL,
    due_at REAL NOT NULL,
    UNIQUE (feed_id, digest)
);
CREATE INDEX push_due ON push (due_at);
"""
