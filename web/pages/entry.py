"""One entry: with its list around it, or alone for scripts.

Opening marks read. With script the page asks for the fragment and then posts the mark. Without script the whole page is
asked for, and that request marks, if it is a person's own click: decision 0003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import Response

from api.origin import place
from reader.models.entry import Enclosure
from reader.models.reading import EntryView, Page, Scope
from reader.services.reading import parse_scope
from web import around, lists
from web.draw import safe
from web.kit import Visit
from web.lists import Choice
from web.pages.lists import list_page
from web.paths import with_query
from web.prose import reachable
from web.routing import get


@dataclass(frozen=True, slots=True)
class File:
    url: str
    name: str
    about: str


async def show(visit: Visit) -> Response:
    view = await visit.services.reading.entry(visit.actor, visit.id())
    if visit.fragment:
        return visit.html(await draw(visit, view, fragment=True))
    scope = _scope(visit, view)
    choice = Choice.of(visit, scope)
    page = await lists.read(visit, choice)
    wanted = visit.prefs.marking != "never" and not visit.query("kept")
    if wanted and not view.read and is_own_click(visit.request.headers):
        await visit.services.reading.mark(visit.actor, [view.entry.id], True)
        view = view._replace(read=True)
    page = _with(page, view)
    side = await visit.services.reading.sidebar(visit.actor)
    markup = await draw(visit, view, choice=choice, page=page)
    title = view.entry.title or page.title
    return await list_page(visit, choice, page, side, title=title, entry=markup, opened=view.entry.id)


def is_own_click(headers: Headers) -> bool:
    """Whether a GET comes from a click on one of our own pages; guesses of the browser (prefetch) are none."""
    if headers.get("sec-purpose") or headers.get("purpose") or headers.get("x-moz"):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin" and headers.get("sec-fetch-dest") == "document"
    # Browsers leave these headers out where a page comes by plain http from another machine.
    referer = urlsplit(headers.get("referer", ""))
    return bool(referer.netloc) and place(referer.netloc) == place(headers.get("host", ""))


def _scope(visit: Visit, view: EntryView) -> Scope:
    if visit.query("in"):
        return parse_scope(visit.query("in"))
    return Scope("feed", view.entry.feed_id) if view.feed_title else Scope()


def _with(page: Page, view: EntryView) -> Page:
    """The page as drawn, its row of the opened entry as it is now."""
    entries = tuple(
        v._replace(read=view.read, starred=view.starred, later=view.later) if v.entry.id == view.entry.id else v
        for v in page.entries
    )
    return Page(
        page.scope,
        page.title,
        entries,
        page.next,
        page.as_of,
        page.unread,
        page.total,
        page.fresh,
        page.show,
        page.order,
    )


async def draw(
    visit: Visit, view: EntryView, *, fragment: bool = False, choice: Choice | None = None, page: Page | None = None
) -> Markup:
    """The bar and the article. Its HTML comes from the cleaner and is the one thing that is printed as it is."""
    entry, times = view.entry, visit.times
    players, files = _enclosures(entry.enclosures)
    shown = entry.published_at if entry.published_at is not None else entry.arrived_at
    values: dict[str, Any] = {
        "e": entry,
        "view": view,
        "prefs": visit.prefs,
        "fragment": fragment,
        "heading": entry.title or entry.summary[:100] or "Untitled",
        "url": web_address(entry.url),
        "comments": web_address(entry.comments_url),
        "when": safe(times.near_tag(shown)),
        "content": safe(reachable(visit.kit.images.rewrite(entry.content))),
        "players": players,
        "files": files,
        "back": with_query(f"{visit.address()}#e{entry.id}", fragment=None),
        "previous": None,
        "following": None,
    }
    values |= await around.entry_values(visit, view, values["back"])
    origin = values["origin"]
    values["origin_url"] = web_address(origin.site_url or origin.url) if origin else None
    if choice and page:
        values["previous"], values["following"] = _neighbours(entry.id, choice, page)
    return safe(visit.kit.render("entry.html", values))


def web_address(url: str | None) -> str | None:
    """Only http and https become links: other schemes run or reveal things."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


def _neighbours(entry_id: int, choice: Choice, page: Page) -> tuple[str | None, str | None]:
    ids = [view.entry.id for view in page.entries]
    if entry_id not in ids:
        return None, None
    at = ids.index(entry_id)

    def href(index: int) -> str:
        return with_query(f"/entry/{ids[index]}#e{ids[index]}", **{"in": str(choice.scope), **choice.query})

    return href(at - 1) if at else None, href(at + 1) if at + 1 < len(ids) else None


def _enclosures(enclosures: tuple[Enclosure, ...]) -> tuple[list[File], list[File]]:
    """(audio to play, files to fetch)."""
    players: list[File] = []
    files: list[File] = []
    for enclosure in enclosures:
        url = web_address(enclosure.url)
        if url is None:
            continue
        kind = enclosure.type or ""
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or url
        about = ", ".join(part for part in (kind, size(enclosure.length)) if part)
        (players if kind.startswith("audio/") else files).append(File(url, name, about))
    return players, files


def size(length: int | None) -> str:
    if not length:
        return ""
    if length < 1000:
        return f"{length} B"
    if length < 1_000_000:
        return f"{length / 1000:.0f} kB" if length >= 9950 else f"{length / 1000:.1f} kB"
    return f"{length / 1_000_000:.1f} MB"


ROUTES = [get("/entry/{id}", show)]
