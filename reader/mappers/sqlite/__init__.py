"""The mappers on SQLite: one file, one writer, many readers, in WAL mode."""

from reader.mappers.errors import StoreError
from reader.mappers.sqlite.backup import restore
from reader.mappers.sqlite.store import SqliteMappers, open_store

__all__ = ["SqliteMappers", "StoreError", "open_store", "restore"]
