"""Search over the entries of one's own subscriptions."""

from __future__ import annotations

from reader.errors import Invalid
from reader.gateways.search import SearchGateway
from reader.models.reading import Found, Scope
from reader.models.search import parse_query
from reader.models.user import Actor
from reader.services.access import Access

PAGE_MOST = 200


class SearchService:
    def __init__(self, access: Access, search: SearchGateway) -> None:
        self._access = access
        self._search = search

    async def find(
        self, actor: Actor, words: str, scope: Scope, *, before: int | None = None, limit: int = 50
    ) -> Found:
        """Entries with all ``words`` (models/search.parse_query) in the scope, the newest arrivals first.

        ``before`` is ``next`` of the page before. Raises Invalid, in words, for what cannot be searched for.
        """
        user_id = self._access.user(actor)
        if scope.kind in ("starred", "later"):
            raise Invalid("Search in all entries, in a folder or in a feed.", {"scope": "not searchable"})
        return await self._search.find(user_id, parse_query(words), scope, before, max(1, min(limit, PAGE_MOST)))
