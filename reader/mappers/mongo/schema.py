"""All indexes, as the mappers' modules declare them. Every collection has that of ``_id`` besides."""

from __future__ import annotations

from reader.mappers.mongo import (
    changes,
    due,
    entry_documents,
    feed_documents,
    feed_search,
    flags,
    import_documents,
    jobs,
    moves,
    operations,
    purge,
    revisions,
    schedule,
    search,
    settings,
    shelf_documents,
    users,
    work,
)
from reader.mappers.mongo.indexes import Index

INDEXES: tuple[Index, ...] = (
    *changes.INDEXES,
    *due.INDEXES,
    *entry_documents.INDEXES,
    *feed_documents.INDEXES,
    *feed_search.INDEXES,
    *flags.INDEXES,
    *import_documents.INDEXES,
    *jobs.INDEXES,
    *moves.INDEXES,
    *operations.INDEXES,
    *purge.INDEXES,
    *revisions.INDEXES,
    *schedule.INDEXES,
    *search.INDEXES,
    *settings.INDEXES,
    *shelf_documents.INDEXES,
    *users.INDEXES,
    *work.INDEXES,
)
