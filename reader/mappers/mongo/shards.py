"""How the store is spread over shards: the field of each collection that decides where a document lies, hashed.

Collections that are not named stay on one shard: they are small, whatever the store holds (leases, settings, audit), or
hold what is on its way (jobs, imports). Why it is this field:

* ``feed_id``: pulls and lists read and write one feed at a time, and a feed's entries are few enough for one chunk;
* ``user_id``: all that a user has changes in changes of that user, and is read together;
* ``_id``: looked up one by one, or many by their ids.

Every write of one document names it, and so does every query that is asked often: tests/contract/mappers/test_shards.py
lists the others. docs/operations.md has the lines that set it up.
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
    "subscription": "user_id",
    "folder": "user_id",
    "read_journal": "user_id",
    "flag": "user_id",
    "user_change": "user_id",
    "feed": "_id",
    "feed_alias": "_id",
    "feed_words": "_id",
    "icon": "_id",
    "user": "_id",
    "user_name": "_id",
    "session": "_id",
}
