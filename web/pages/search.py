"""Words over one's own subscriptions."""

from __future__ import annotations

from starlette.responses import Response

from reader.errors import Invalid
from reader.models.reading import Found, Page, Scope
from reader.services.reading import parse_scope
from web import lists
from web.kit import Visit, number_or_absent
from web.paths import with_query
from web.routing import get


async def show(visit: Visit) -> Response:
    words = visit.query("q").strip()
    side = await visit.services.reading.sidebar(visit.actor)
    found, problem = None, None
    if words:
        try:
            found = await _find(visit, words)
        except Invalid as error:
            problem = str(error)
    places = [("all", "All entries")] + [(f"folder/{folder.id}", folder.title) for folder in side.folders]
    return await visit.page(
        "search.html",
        title="Search",
        tab="search",
        side=side,
        q=words[:300],
        within=visit.query("in") or "all",
        within_title=found.title if found else "",
        places=places,
        problem=problem,
        found=found,
        rows=await _rows(visit, found) if found else "",
        older=with_query(visit.address(), after=found.next) if found and found.next else None,
        status=422 if problem else 200,
    )


async def _find(visit: Visit, words: str) -> Found:
    scope = parse_scope(visit.query("in") or "all")
    before = number_or_absent(visit.query("after")) if visit.query("after") else None
    return await visit.services.search.find(visit.actor, words, scope, before=before)


async def _rows(visit: Visit, found: Found) -> str:
    view = await lists.rows_view(visit, found.entries, sums=True)
    page = Page(Scope(), "", found.entries, None, 0, 0, 0, 0, "all", "newest")
    return view.rows(page, horizon="", line=False)


ROUTES = [get("/search", show)]
