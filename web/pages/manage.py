"""The table of all feeds: search it, tick many, move or unsubscribe."""

from __future__ import annotations

from starlette.responses import Response

from reader.models.reading import FeedRow, Sidebar
from web.kit import Visit
from web.routing import get


async def show(visit: Visit) -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    rows = all_rows(side)
    q = visit.query("q").strip()[:200]
    return await visit.page(
        "manage.html",
        title="Feeds",
        tab="folders",
        side=side,
        q=q,
        rows=[row for row in rows if fits(row[0], q)],
        total=len(rows),
        folders=side.folders,
    )


def all_rows(side: Sidebar) -> list[tuple[FeedRow, str]]:
    """Each feed with the name of its folder, by name."""
    rows = [(feed, folder.title) for folder in side.folders for feed in folder.feeds]
    rows += [(feed, "") for feed in side.feeds]
    return sorted(rows, key=lambda row: row[0].title.casefold())


def fits(feed: FeedRow, words: str) -> bool:
    """Every word is in the name or the address."""
    text = f"{feed.title} {feed.feed_title} {feed.url}".casefold()
    return all(word in text for word in words.casefold().split())


ROUTES = [get("/manage", show)]
