"""All indexes, as the mappers' modules declare them. Every collection has that of ``_id`` besides."""

from __future__ import annotations

from reader.mappers.mongo import (
    changes,
    due,
    entry_documents,
    feed_documents,
    feed_search,
    moves,
    purge,
    revisions,
    schedule,
    search,
    shelf_documents,
    users,
)
from reader.mappers.mongo.indexes import Index

INDEXES: tuple[Index, ...] = (
    *users.INDEXES,
    *search.INDEXES,
    *changes.INDEXES,
    *revisions.INDEXES,
    *feed_documents.INDEXES,
    *feed_search.INDEXES,
    *due.INDEXES,
    *schedule.INDEXES,
    *moves.INDEXES,
    *entry_documents.INDEXES,
    *purge.INDEXES,
    *shelf_documents.INDEXES,
)
