"""Going on where a page ended."""

from __future__ import annotations

from reader.mappers.mongo.engine import Document


def below(first: str, second: str, place: tuple[object, object]) -> Document:
    """Filter for what stands below ``place`` by two fields. The first condition alone bounds the index."""
    return {first: {"$lte": place[0]}, "$or": [{first: {"$lt": place[0]}}, {second: {"$lt": place[1]}}]}
