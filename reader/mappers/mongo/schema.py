"""All indexes, as the mappers' modules declare them. Every collection has that of ``_id`` besides."""

from __future__ import annotations

from reader.mappers.mongo import search, users
from reader.mappers.mongo.indexes import Index

INDEXES: tuple[Index, ...] = (*users.INDEXES, *search.INDEXES)
