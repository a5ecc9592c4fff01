"""From an address to feeds: type, wait, choose, subscribe."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from reader.errors import Invalid, NotFound
from reader.models.reading import Finding, FoundFeed
from web.dates import Times
from web.forms import Form
from web.kit import Visit
from web.pages.people import path_of_person
from web.routing import get, post

AGAIN = 2  # seconds until a page without script looks again
LATER = 5  # while a crawl of the site goes on


async def show(visit: Visit) -> Response:
    typed = visit.query("url").strip()
    finding: Finding | None = None
    problem = ""
    if typed:
        try:
            person = await path_of_person(visit, typed) if not is_word(typed) else None
        except NotFound as error:
            return await _draw(visit, typed, None, str(error), 422)
        if person is not None:
            return RedirectResponse(person, 303)
        try:
            finding = await visit.services.feeds.find(visit.actor, typed, host=visit.request.url.netloc)
        except Invalid as error:
            problem = str(error)
    return await _draw(visit, typed, finding, problem)


def is_word(typed: str) -> bool:
    """A bare word may be the name of a host; on this page it is. Names have an @ before them."""
    return not typed.startswith("@") and "/" not in typed


async def _draw(visit: Visit, typed: str, finding: Finding | None, problem: str, status: int = 0) -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    values: dict[str, Any] = {
        "typed": typed,
        "finding": finding,
        "problem": problem,
        "host": host_of(finding.address) if finding else "",
        "facts": facts,
        "times": visit.times,
        "folders": side.folders,
        "best": best(finding),
        "first": not side.folders and not side.feeds,
    }
    if visit.fragment:
        return visit.html(visit.kit.render("found.html", values), status or 200)
    return await visit.page(
        "add.html",
        title="Add a site",
        status=status or (422 if problem else 200),
        tab="add",
        side=side,
        again=AGAIN if finding and finding.wait else LATER if finding and finding.more else 0,
        **values,
    )


GENERATED = "Made by Evantr from the page"


def host_of(address: str) -> str:
    return urlsplit(address).netloc.removeprefix("www.") or address


def best(finding: Finding | None) -> str:
    """The one that is ticked: the first that one does not read yet. A generated feed is for the person to choose."""
    feeds = finding.feeds if finding else ()
    return next((feed.url for feed in feeds if not feed.subscribed and not feed.generated), "")


def facts(feed: FoundFeed, times: Times) -> str:
    """ "About 3 a week · newest Thursday · also as RSS, same content"."""
    parts = [GENERATED if feed.generated else "", rate(feed.per_week)]
    if feed.newest_at is not None:
        parts.append(f"newest {times.day(feed.newest_at)}")
    if feed.also:
        parts.append(f"also as {', '.join(map(format_name, feed.also))}, same content")
    if feed.subscribed:
        parts.append("you read this already")
    return " · ".join(part for part in parts if part)


def rate(per_week: float | None) -> str:
    if not per_week:
        return ""
    for per, unit in ((per_week / 7, "day"), (per_week, "week"), (per_week * 4.35, "month"), (per_week * 52, "year")):
        if per >= 0.95:
            return f"About {round(per)} a {unit}"
    return "Less than one a year"


def format_name(name: str) -> str:
    word = name.split(" ")[0]
    return {"rss": "RSS", "atom": "Atom", "json": "JSON Feed", "rdf": "RDF"}.get(word, name)


async def subscribe(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    urls = form.texts("feed")[:100]
    chosen, new = form.text("folder"), form.text("new_folder").strip()
    try:
        if not urls:
            raise Invalid("Tick at least one feed.")
        if chosen == "new" and not new:
            raise Invalid("Name the new folder.", {"new_folder": "Name the new folder."})
        folder = form.number("folder") if chosen and chosen != "new" else None
        rows = [
            await visit.services.feeds.subscribe(
                visit.actor,
                url=url,
                folder_id=folder,
                new_folder=new if chosen in ("new", "") and new else None,
                host=visit.request.url.netloc,
            )
            for url in urls
        ]
    except Invalid as error:
        return await _again(visit, form, error)
    if len(rows) == 1:
        return RedirectResponse(f"/feed/{rows[0].feed_id}", 303)
    folder_id = rows[0].folder_id
    return RedirectResponse(f"/folder/{folder_id}" if folder_id else "/", 303)


async def _again(visit: Visit, form: Form, error: Invalid) -> Response:
    """The same page with what is wrong; the discovery is in the cache."""
    typed = form.raw("typed").strip()
    host = visit.request.url.netloc
    finding = await visit.services.feeds.find(visit.actor, typed, wait=0, host=host) if typed else None
    return await _draw(visit, typed, finding, str(error), 422)


ROUTES = [get("/add", show), post("/do/subscribe", subscribe)]
