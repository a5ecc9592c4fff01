"""Searching one's own subscriptions by words."""

from __future__ import annotations

from reader.gateways.reading import ReadingGateway
from reader.mappers import Mappers
from reader.models.reading import EntryView, Found, Scope
from reader.models.search import Query

ROUNDS = 4  # round trips that one page may take while few of the matches are the reader's


class SearchGateway:
    def __init__(self, mappers: Mappers, reading: ReadingGateway) -> None:
        self._search = mappers.search
        self._reading = reading

    async def find(self, user_id: int, query: Query, scope: Scope, before: int | None, limit: int) -> Found:
        """One page, the newest arrivals first; of a story with several copies the newest that matches on the page.

        NotFound for a folder or feed that the user does not have.
        """
        shelf = await self._reading.shelf(user_id)
        title = self._reading.title(shelf, scope)
        feeds = [state.mark.feed_id for state in shelf.view(scope, self._reading.book).subs]
        views: list[EntryView] = []
        met: set[int] = set()
        for _ in range(ROUNDS):
            hits = await self._search.find(query, feeds, before=before, limit=limit - len(views))
            for view in await self._reading.views(shelf, hits.ids) if hits.ids else ():
                if view.entry.id not in met:
                    views.append(view)
                    met.update(view.copies)
            before = hits.scanned_to
            if before is None or len(views) == limit:
                break
        return Found(scope, title, tuple(views), before)
