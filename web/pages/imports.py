"""Imports: a file, then its preview, then how far it is, all at one address. And what can be taken along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from api.upload import read_upload
from reader.errors import Conflict, Invalid
from reader.models.imports import ImportItem, Progress
from reader.models.reading import Done, Sidebar
from reader.services.words import count
from web.forms import Form
from web.kit import Visit
from web.routing import get, post

AGAIN = 3  # seconds until a page without script looks again
SINGLE_MOST = 2500  # beyond so many feeds only whole folders are chosen
SHOWN_MOST = 500  # failed feeds that a page lists
UNDO_SECONDS = 86_400.0


@dataclass
class Group:
    """An outer folder of a file, with everything in it. ``yours``: there is a folder of that name."""

    number: int
    title: str
    yours: bool = False
    items: list[ImportItem] = field(default_factory=list)

    @property
    def new(self) -> int:
        return sum(item.kind == "new" for item in self.items)

    @property
    def chosen(self) -> int:
        return sum(item.chosen for item in self.items)

    @property
    def inside(self) -> int:
        return len({item.folders for item in self.items if len(item.folders) > 1})


async def overview(visit: Visit) -> Response:
    return await _overview(visit)


async def _overview(visit: Visit, problem: str = "") -> Response:
    return await visit.page(
        "imports.html",
        title="Import",
        status=422 if problem else 200,
        tab="add",
        problem=problem,
        imports=await visit.services.imports.recent(visit.actor),
        said=said,
        percent=_percent,
    )


async def upload(visit: Visit) -> Response:
    try:
        file = await read_upload(visit.request, "subscriptions.opml")
        progress = await visit.services.imports.upload(
            visit.actor, file.name, file.body, file.type, host=visit.request.url.netloc
        )
    except Invalid as error:
        return await _overview(visit, str(error))
    return RedirectResponse(f"/import/{progress.job.id}", 303)


async def show(visit: Visit) -> Response:
    progress = await visit.services.imports.get(visit.actor, visit.id())
    if progress.job.state == "preview":
        return await _preview(visit, progress)
    return await _progress(visit, progress)


async def _preview(visit: Visit, progress: Progress, problem: str = "") -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    items = await visit.services.imports.all_items(visit.actor, progress.job.id)
    refused = [item for item in items if item.kind == "refused"]
    listed = [item for item in items if item.kind in ("new", "yours")]
    return await visit.page(
        "import_preview.html",
        title=f"Import {progress.job.name}",
        status=422 if problem else 200,
        tab="add",
        side=side,
        progress=progress,
        problem=problem,
        groups=_groups(listed, side),
        folders=len({item.folders for item in listed if item.kind == "new" and item.folders}),
        refused=refused[:SHOWN_MOST],
        why_refused=_why(refused),
        single=len(listed) <= SINGLE_MOST,
        host=_host,
    )


def _groups(items: list[ImportItem], side: Sidebar) -> list[Group]:
    """Outer folders in the order of the file; what stands outside all comes last."""
    mine = {folder.title.casefold() for folder in side.folders if folder.parent_id is None}
    groups: dict[str, Group] = {}
    for item in items:
        title = item.folders[0] if item.folders else ""
        key = title.casefold()
        if key not in groups:
            groups[key] = Group(len(groups) + 1, title, bool(key) and key in mine)
        groups[key].items.append(item)
    loose = groups.pop("", None)
    return [*groups.values(), *([loose] if loose else [])]


def _why(refused: list[ImportItem]) -> str:
    """What was refused, in a few words."""
    inside = sum("inside this network" in (item.reason or "") for item in refused)
    words = [f"{inside} inside this network"] if inside else []
    if len(refused) > inside:
        words.append(f"{len(refused) - inside} no address of a feed")
    return ", ".join(words)


async def start(visit: Visit) -> Response:
    """A feed is imported if its own box and the box of its folder are ticked."""
    form = await Form.of(visit.request)
    import_id = visit.id()
    try:
        progress = await visit.services.imports.get(visit.actor, import_id)
        if progress.job.state == "preview":
            await visit.services.imports.choose(visit.actor, import_id, await _chosen(visit, import_id, form))
        await visit.services.imports.start(visit.actor, import_id)
    except Invalid as error:
        return await _preview(visit, await visit.services.imports.get(visit.actor, import_id), str(error))
    except Conflict:
        pass  # pressed twice: it runs
    return RedirectResponse(f"/import/{import_id}", 303)


async def _chosen(visit: Visit, import_id: int, form: Form) -> list[int]:
    items = await visit.services.imports.all_items(visit.actor, import_id)
    listed = [item for item in items if item.kind in ("new", "yours")]
    single, boxes, ticked = len(listed) <= SINGLE_MOST, set(form.numbers("group")), set(form.numbers("item"))
    side = await visit.services.reading.sidebar(visit.actor)
    chosen = []
    for group in _groups(listed, side):
        if group.number in boxes:
            chosen += [item.number for item in group.items if item.number in ticked or not single]
    return chosen


async def _progress(visit: Visit, progress: Progress) -> Response:
    job, services = progress.job, visit.services.imports
    need = await services.items(visit.actor, job.id, states=("need",), limit=SHOWN_MOST)
    failed = await services.items(visit.actor, job.id, states=("failed",), limit=SHOWN_MOST)
    now = visit.kit.container.clock.now()
    values: dict[str, Any] = {
        "progress": progress,
        "job": job,
        "tally": progress.tally,
        "need": need,
        "failed": failed,
        "left": left_words(progress.left),
        "said": said,
        "host": _host,
        "undoable": job.started_at is not None and job.state != "undone" and now - job.started_at < UNDO_SECONDS,
    }
    if visit.fragment:
        return visit.html(visit.kit.render("import_state.html", values | {"times": visit.times}))
    again = AGAIN if job.state == "running" else 0
    title = f"Import: {progress.tally.settled} of {progress.tally.total}"
    return await visit.page("import.html", title=title, tab="add", again=again, **values)


def left_words(seconds: float | None) -> str:
    """ "about 40 seconds left", in steps of 10 seconds, from a minute and a half on in minutes."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(10, round(seconds / 10) * 10)} seconds left"
    return f"about {count(round(seconds / 60), 'minute')} left"


def said(progress: Progress) -> str:
    """Where an import is, in a few words."""
    tally = progress.tally
    match progress.job.state:
        case "preview":
            return f"{count(tally.new, 'new feed')}, not started"
        case "running":
            return f"{tally.settled:,} of {tally.total:,}"
        case "paused":
            return f"paused at {tally.settled:,} of {tally.total:,}"
        case "cancelled":
            return f"cancelled, {tally.done:,} done"
        case "undone":
            return "undone"
    words = [f"{tally.done:,} done"]
    words += [f"{tally.need:,} need you"] if tally.need else []
    words += [f"{tally.failed:,} failed"] if tally.failed else []
    return ", ".join(words)


def _percent(progress: Progress) -> int:
    return int(progress.percent)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


async def pause(visit: Visit) -> Response:
    return await _act(visit, "pause", "Import paused")


async def resume(visit: Visit) -> Response:
    return await _act(visit, "resume", "The import goes on")


async def cancel(visit: Visit) -> Response:
    progress = await visit.services.imports.get(visit.actor, visit.id())
    response = await _act(visit, "cancel", "Import cancelled")
    if progress.job.state == "preview":
        return visit.back("/import", Done("Nothing was imported", None))
    return response


async def _act(visit: Visit, name: str, words: str) -> Response:
    here = f"/import/{visit.id()}"
    try:
        await getattr(visit.services.imports, name)(visit.actor, visit.id())
    except Conflict as error:
        return visit.back(here, Done(str(error), None))
    return visit.back(here, Done(words, None))


async def undo(visit: Visit) -> Response:
    here = f"/import/{visit.id()}"
    try:
        return visit.back(here, await visit.services.imports.undo(visit.actor, visit.id()))
    except Conflict as error:
        return visit.back(here, Done(str(error), None))


async def retry(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    return await _item(visit, visit.services.imports.retry(visit.actor, visit.id(), form.need("item")), "Trying again")


async def accept(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    asked = visit.services.imports.accept(visit.actor, visit.id(), form.need("item"), form.text("url") or None)
    return await _item(visit, asked, "The new address is used")


async def _item(visit: Visit, asked: Any, words: str) -> Response:
    here = f"/import/{visit.id()}"
    try:
        await asked
    except (Conflict, Invalid) as error:
        return visit.back(here, Done(str(error), None))
    return visit.back(here, Done(words, None))


async def take_along(visit: Visit) -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    feeds = len(side.feeds) + sum(len(folder.feeds) for folder in side.folders)
    return await visit.page(
        "settings_export.html", title="Export", tab="folders", section="export", side=side, feeds=feeds
    )


ROUTES = [
    get("/import", overview),
    post("/do/import", upload),
    get("/import/{id}", show),
    post("/do/import/{id}/start", start),
    post("/do/import/{id}/pause", pause),
    post("/do/import/{id}/resume", resume),
    post("/do/import/{id}/cancel", cancel),
    post("/do/import/{id}/undo", undo),
    post("/do/import/{id}/retry", retry),
    post("/do/import/{id}/accept", accept),
    get("/settings/export", take_along),
]
