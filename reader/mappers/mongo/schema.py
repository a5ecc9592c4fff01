"""All indexes, as the mappers' modules declare them. Every collection has that of ``_id`` besides."""

from __future__ import annotations

from reader.mappers.mongo import (
    changes,
    due,
    entry_documents,
    feed_documents,
    feed_search,
    flags,
    hub,
    import_documents,
    jobs,
    moves,
    operations,
    purge,
    pushes,
    revisions,
    schedule,
    search,
    settings,
    shelf_documents,
    users,
    webhooks,
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
    *hub.INDEXES,
    *import_documents.INDEXES,
    *jobs.INDEXES,
    *moves.INDEXES,
    *operations.INDEXES,
    *purge.INDEXES,
    *pushes.INDEXES,
    *revisions.INDEXES,
    *schedule.INDEXES,
    *search.INDEXES,
    *settings.INDEXES,
    *shelf_documents.INDEXES,
    *users.INDEXES,
    *webhooks.INDEXES,
    *work.INDEXES,
)
