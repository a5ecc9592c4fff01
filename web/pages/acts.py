"""Acts on entries and lists, by form: each answers 303 to where it came from, with what takes it back."""

from __future__ import annotations

from starlette.responses import Response

from reader.errors import Invalid
from reader.models.reading import Done
from reader.services.reading import parse_scope
from web.forms import Form
from web.kit import Visit
from web.paths import own_path, with_query
from web.routing import post

FLAGS = {"star": ("star", True), "unstar": ("star", False), "later": ("later", True), "unlater": ("later", False)}


async def entry(visit: Visit) -> Response:
    """One entry; the button pressed says what, its value which."""
    form = await Form.of(visit.request)
    reading, back = visit.services.reading, form.text("back")
    for name in ("read", "unread"):
        if name in form:
            done = await reading.mark(visit.actor, [form.need(name)], name == "read")
            # "Keep unread" goes back to the entry, which must not be marked by that (decision 0003).
            path = own_path(back)
            return visit.back(path, done) if name == "read" else _kept(visit, path, done)
    if "share" in form:
        shared = await visit.services.sharing.share(visit.actor, form.need("share"))
        return visit.back(back, Done(shared.label, shared.undo))
    for name, (kind, on) in FLAGS.items():
        if name in form:
            act = reading.star if kind == "star" else reading.later
            return visit.back(back, await act(visit.actor, form.need(name), on))
    raise Invalid("Say what to do with which entry. Open the page again and press the button.")


def _kept(visit: Visit, path: str, done: Done) -> Response:
    response = visit.back(path, done)
    if path.startswith("/entry/"):
        response.headers["location"] = _add(response.headers["location"], "kept=1")
    return response


def _add(location: str, parameter: str) -> str:
    place, mark, anchor = location.partition("#")
    return f"{place}{'&' if '?' in place else '?'}{parameter}{mark}{anchor}"


async def mark_all(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    done = await visit.services.reading.mark_all(
        visit.actor,
        parse_scope(form.text("scope")),
        as_of=form.need("as_of"),
        older_than=form.number("older_than"),
        before_entry=form.number("before_entry"),
    )
    if not done.changed:
        done = Done("Nothing here was unread", None)
    return visit.back(form.text("back"), done)


async def undo(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    done = await visit.services.reading.undo(visit.actor, form.text("token"))
    # What was undone needs no undo of its own in the page: one press goes back, the next one would go forth again.
    return visit.back(form.text("back"), Done(_undone(done), None))


def _undone(done: Done) -> str:
    return done.label if done.label.startswith("Undone") else f"Undone: {done.label[0].lower()}{done.label[1:]}"


async def fold(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.folders.open(visit.actor, form.need("folder"), form.text("open") == "1")
    return visit.back(_from(visit, form))


async def text(visit: Visit) -> Response:
    """Size, width and face of the text, from the entry's bar."""
    form = await Form.of(visit.request)
    changes: dict[str, object] = {}
    for name in ("text_size", "text_width"):
        value = form.number(name)
        if value is not None:
            changes[name] = value
    if "text_face" in form:
        changes["text_face"] = form.text("text_face")
    await visit.services.accounts.set_preferences(visit.actor, changes)
    return visit.back(form.text("back"), Done("Text settings kept", None))


def _from(visit: Visit, form: Form) -> str:
    """Where a form came from: what it says itself, else our own Referer (forms of the sidebar are on every page)."""
    if form.text("back"):
        return form.text("back")
    referer = visit.request.headers.get("referer", "")
    origin = str(visit.request.base_url).rstrip("/")
    return with_query(own_path(referer.removeprefix(origin))) if referer.startswith(origin + "/") else "/"


ROUTES = [
    post("/do/entry", entry),
    post("/do/mark-all", mark_all),
    post("/do/undo", undo),
    post("/do/fold", fold),
    post("/do/text", text),
]
