"""How the store is spread over shards: the field of each collection that decides where a document lies, hashed.

Why it is this field:

* ``feed_id``: pulls and lists read and write one feed at a time, and a feed's entries are few enough to stay together.
  A share is an entry of its stream's feed, and lies with it;
* ``user_id``: all that a user has changes in changes of that user, and is read together;
* ``share_id``: what is said below a share is read together;
* ``_id``: looked up one by one, or many by their ids.

Every write of one document names it, and so does every query that is asked often: tests/contract/mappers/test_shards.py
lists the others. MongoDB keeps ``_id`` unique within a shard only, so where another field decides, the ``_id`` holds
that field or is a number that is given out once; a unique index begins with the deciding field. Nothing that decides
ever changes. docs/operations.md has the lines that set it up.
"""

from __future__ import annotations

SHARD_KEYS = {
    "entry": "feed_id",
    "trace": "feed_id",
    "entry_words": "feed_id",
    "tombstone": "feed_id",
    "first_unread": "feed_id",
    "reader": "feed_id",
    "pull": "feed_id",
    "feed_move": "feed_id",
    "share": "feed_id",
    "copy": "feed_id",
    "subscription": "user_id",
    "folder": "user_id",
    "read_journal": "user_id",
    "flag": "user_id",
    "user_change": "user_id",
    "notification": "user_id",
    "comment": "share_id",
    "liking": "share_id",
    "feed": "_id",
    "feed_alias": "_id",
    "feed_words": "_id",
    "icon": "_id",
    "user": "_id",
    "user_name": "_id",
    "session": "_id",
}
WHOLE = {
    "a document of some hundred bytes for each stream, follower of a private account, block or mute: a few million in "
    "all, asked for from several sides": (
        "stream", "stream_source", "approval", "relation",
    ),
    "on its way, and gone within days": (
        "job", "job_owner", "dead_letter", "import", "import_item", "undo", "push", "hub_request",
    ),
    "one for each program, webhook, hub or invitation that somebody set up": (
        "token", "webhook", "hub_lease", "hub_subscription", "hub_topic", "invitation", "reserved_name",
    ),
    "a handful, whatever the store holds": (
        "counter", "claim", "copying", "lease", "manager", "migration", "queue_setting", "search_fill", "host_pause",
        "audit", "history",
    ),
}  # fmt: skip
"""Collections that stay on one shard, by the reason."""
