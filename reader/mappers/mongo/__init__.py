"""The mappers on MongoDB; see docs/decisions/0014-mongo-order.md for what takes the place of transactions."""

from __future__ import annotations

from reader.mappers.errors import StoreError
from reader.mappers.mongo.store import MongoMappers, open_store

__all__ = ["MongoMappers", "StoreError", "open_store"]
