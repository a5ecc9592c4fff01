"""Lists: all, a folder, a feed, starred, read later; and their rows alone, for scripts."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from reader.errors import Invalid
from reader.models.reading import Page, Scope, Sidebar
from reader.services.reading import parse_scope
from web import lists
from web.kit import Visit
from web.lists import Choice
from web.routing import get
from web.sidebar import SidebarView

TABS = {"all": "read", "later": "later"}


async def everything(visit: Visit) -> Response:
    return await show(visit, Scope())


async def folder(visit: Visit) -> Response:
    return await show(visit, Scope("folder", visit.id()))


async def feed(visit: Visit) -> Response:
    return await show(visit, Scope("feed", visit.id()))


async def starred(visit: Visit) -> Response:
    return await show(visit, Scope("starred"))


async def later(visit: Visit) -> Response:
    return await show(visit, Scope("later"))


async def show(visit: Visit, scope: Scope) -> Response:
    choice = Choice.of(visit, scope)
    page = await lists.read(visit, choice)
    if visit.fragment:
        return visit.html(await lists.draw_rows(visit, choice, page))
    side = await visit.services.reading.sidebar(visit.actor)
    if scope.kind == "all" and not side.folders and not side.feeds:
        return RedirectResponse("/add", 303)  # an empty account is led to its first subscription
    return await list_page(visit, choice, page, side)


async def list_page(
    visit: Visit,
    choice: Choice,
    page: Page,
    side: Sidebar,
    *,
    title: str | None = None,
    entry: str | None = None,
    opened: int = 0,
) -> Response:
    """The whole page; ``entry`` is the markup of the opened one, mounted beside the list or in its place."""
    scope, ends = choice.scope, visit.kit.env.get_template("rows_end.html").module
    words = lists.empty_words(page, side, choice)
    head = ends.empty(*words) if words else ""  # type: ignore[attr-defined]
    in_place = entry is not None and visit.prefs.layout == "place"
    shown = any(view.entry.id == opened for view in page.entries)
    if in_place and not shown:
        head += f'<li class="opened" id="opened">{entry}</li>'
    rows = await lists.draw_rows(visit, choice, page, head=head, opened=(opened, entry or "" if in_place else ""))
    row = lists.feed_row(side, scope.id) if scope.kind == "feed" else None
    return await visit.page(
        "list.html",
        title=title or page.title,
        current=scope,
        tab=TABS.get(scope.kind, "folders" if scope.kind in ("folder", "feed") else ""),
        side=side,
        page=page,
        rows=rows,
        below=lists.count_line(page),
        markable=scope.kind not in lists.OWN,
        home=choice.href(),
        newest_href=choice.href(order=None),
        oldest_href=choice.href(order="oldest"),
        all_href=choice.href(show=None),
        unread_href=choice.href(show="unread"),
        last_mark=await visit.services.reading.last_mark_all(visit.actor),
        site_url=row.site_url if row else None,
        owner=row.owner if row else None,
        generated=row is not None and row.generated,
        refresh=row is not None and row.state == "new" and not page.total,
        entry=entry,
        in_place=in_place,
    )


async def rows_of_scope(visit: Visit) -> Response:
    """/list?scope=…: rows alone."""
    choice = Choice.of(visit, parse_scope(visit.query("scope") or "all"))
    return visit.html(await lists.draw_rows(visit, choice, await lists.read(visit, choice)))


async def fresh(visit: Visit) -> Response:
    """What arrived since a list was drawn, as rows; the first one says as of when."""
    kind, number = visit.request.path_params["kind"], visit.request.path_params.get("id")
    scope = parse_scope(f"{kind}/{number}" if number else kind)
    since = visit.query("since")
    if not (since.isascii() and since.isdigit() and len(since) <= 15):
        raise Invalid("Say since when: the number that the list carries.", {"since": "This is a whole number."})
    page = await visit.services.reading.fresh(visit.actor, scope, int(since))
    view = await lists.rows_view(visit, page.entries, sums=visit.prefs.density == "roomy")
    mark = f' data-as-of="{page.as_of}"'
    rows = [view.row(v, str(scope), attributes="" if i else mark) for i, v in enumerate(page.entries)]
    return visit.html("".join(rows))


async def sidebar(visit: Visit) -> Response:
    """The left column, or the feeds of one folder, for scripts."""
    side = await visit.services.reading.sidebar(visit.actor)
    current = parse_scope(visit.query("current")) if visit.query("current") else None
    signs, quiet = visit.kit.signs, visit.prefs.quiet
    wanted = visit.query("folder")
    if wanted:
        return visit.html(
            SidebarView(signs, side, current, quiet=quiet).folder(int(wanted) if wanted.isdecimal() else 0)
        )
    return visit.html(SidebarView(signs, side, current, whole=visit.query("all") == "1", quiet=quiet).nav())


ROUTES = [
    get("/", everything),
    get("/folder/{id}", folder),
    get("/feed/{id}", feed),
    get("/starred", starred),
    get("/later", later),
    get("/list", rows_of_scope),
    get("/fresh/{kind}", fresh),
    get("/fresh/{kind}/{id}", fresh),
    get("/sidebar", sidebar),
]
