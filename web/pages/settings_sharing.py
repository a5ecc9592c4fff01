"""Settings of sharing: what others see, streams, who is blocked or muted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.responses import Response

from reader.errors import Conflict, EvantrError, Invalid, NotFound
from reader.models.people import ABOUT_MOST
from reader.models.reading import Done, FeedRow, Sidebar
from reader.models.share import Stream
from reader.models.sources import Rule, StreamSource
from web.forms import Form
from web.kit import Visit, number_or_absent
from web.pages.settings import Problems
from web.routing import get, post

WORD = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule as typed, to be tried on a feed before it counts."""

    feed_id: int
    title: str
    words: str
    without: str
    author: str
    tag: str

    @property
    def rule(self) -> Rule:
        return Rule(parts(self.words), parts(self.without), self.author.strip(), self.tag.strip())


@dataclass(frozen=True, slots=True)
class SourceLine:
    feed_id: int
    title: str
    icon: str | None
    words: str


def parts(text: str) -> tuple[str, ...]:
    """Words, and phrases in quotation marks."""
    return tuple(phrase or word for phrase, word in WORD.findall(text))


def rule_words(rule: Rule) -> str:
    """ "with “lathe”, without “sale”"."""
    said = [f"with {_quoted(rule.words)}"] if rule.words else []
    said += [f"without {_quoted(rule.without)}"] if rule.without else []
    said += [f"by {rule.author}"] if rule.author else []
    said += [f"tagged {rule.tag}"] if rule.tag else []
    return ", ".join(said) or "everything"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{word}”" for word in words)


async def sharing(visit: Visit) -> Response:
    return await _sharing(visit)


async def _sharing(visit: Visit, problems: dict[str, str] | None = None, form: Form | None = None) -> Response:
    assert visit.user is not None
    people, actor = visit.services.people, visit.actor
    person = (await people.profile(actor, visit.user.name)).person
    return await visit.page(
        "settings_sharing.html",
        title="Sharing",
        status=422 if problems else 200,
        section="sharing",
        people=True,
        problems=Problems(problems or {}),
        about=form.raw("about") if form and "about" in form else person.about,
        about_most=ABOUT_MOST,
        private=person.private,
        talk=person.talk,
        typed={"title": form.raw("title") if form else "", "name": form.raw("name") if form else ""},
        streams=await visit.services.sharing.streams(actor),
        blocked=(await people.blocked(actor)).people,
        muted=(await people.muted(actor)).people,
    )


async def do_sharing(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    try:
        await visit.services.people.edit_profile(
            visit.actor, about=form.text("about"), private=form.text("private") == "1", talk=form.text("talk", "all")
        )
        await visit.services.accounts.set_preferences(visit.actor, {"quiet": form.text("quiet") == "1"})
    except Invalid as error:
        return await _sharing(visit, error.fields, form)
    return visit.back("/settings/sharing", Done("Saved", None))


async def add_stream(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    title, name = form.text("title"), form.text("name").strip()
    try:
        made = await visit.services.sharing.add_stream(visit.actor, title, name=name)
    except (Invalid, Conflict) as error:
        return await _sharing(visit, _fields(error, "name"), form)
    return visit.back(f"/settings/stream/{made.id}", Done(f"Stream {made.title} added", None))


def _fields(error: EvantrError, otherwise: str) -> dict[str, str]:
    return (error.fields if isinstance(error, Invalid) else {}) or {otherwise: str(error)}


async def _own(visit: Visit) -> tuple[Stream, list[Stream]]:
    """The stream in the address, and all of one's own."""
    streams = await visit.services.sharing.streams(visit.actor)
    stream_id = visit.id()
    own = next((each for each in streams if each.id == stream_id), None)
    if own is None:
        raise NotFound("There is no such stream.")
    return own, streams


async def stream(visit: Visit) -> Response:
    return await _stream(visit)


async def _stream(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    own, streams = await _own(visit)
    side = await visit.services.reading.sidebar(visit.actor)
    feeds = [row for row in _rows(side) if row.owner is None]
    tried = _tried(visit, feeds)
    preview, problem = None, ""
    if visit.query("try") and tried.feed_id:
        try:
            preview = await visit.services.sharing.preview(visit.actor, tried.feed_id, tried.rule)
        except Invalid as error:
            problem = str(error)
    sources = await visit.services.sharing.sources(visit.actor, own.id)
    return await visit.page(
        "settings_stream.html",
        title=own.title,
        status=422 if problems or problem else 200,
        side=side,
        people=True,
        stream=own,
        many=len(streams) > 1,
        problems=Problems(problems or {}),
        feeds=feeds,
        tried=tried,
        preview=preview,
        problem=problem,
        sources=[_source(source, feeds) for source in sources],
    )


def _rows(side: Sidebar) -> list[FeedRow]:
    rows = [*side.feeds, *(feed for folder in side.folders for feed in folder.feeds)]
    return sorted(rows, key=lambda row: row.title.casefold())


def _tried(visit: Visit, feeds: list[FeedRow]) -> Tried:
    feed_id = number_or_absent(visit.query("feed")) if visit.query("feed") else 0
    title = next((row.title for row in feeds if row.feed_id == feed_id), "")
    return Tried(
        feed_id,
        title,
        *(visit.query(name)[:300].replace("\0", "") for name in ("words", "without", "author", "tag")),
    )


def _source(source: StreamSource, feeds: list[FeedRow]) -> SourceLine:
    row = next((row for row in feeds if row.feed_id == source.feed_id), None)
    title = row.title if row else "A feed you left"
    return SourceLine(source.feed_id, title, row.icon if row else None, rule_words(source.rule))


async def edit_stream(visit: Visit) -> Response:
    """Save, move up or down, remove: the button pressed says what."""
    form, stream_id = await Form.of(visit.request), visit.id()
    sharing, actor, act = visit.services.sharing, visit.actor, form.text("act")
    if act == "remove":
        done = await sharing.remove_stream(actor, stream_id)
        return visit.back("/settings/sharing#streams", done)
    if act in ("up", "down"):
        await sharing.move_stream(actor, stream_id, await _before(visit, stream_id, up=act == "up"))
        return visit.back("/settings/sharing#streams")
    try:
        await sharing.edit_stream(actor, stream_id, title=form.text("title"), description=form.text("description"))
    except Invalid as error:
        return await _stream(visit, _fields(error, "title"))
    return visit.back(f"/settings/stream/{stream_id}", Done("Saved", None))


async def _before(visit: Visit, stream_id: int, *, up: bool) -> int | None:
    """The stream that this one is to stand before; None: last."""
    ids = [each.id for each in await visit.services.sharing.streams(visit.actor)]
    at = ids.index(stream_id) if stream_id in ids else 0
    if up:
        return ids[max(0, at - 1)]
    return ids[at + 2] if at + 2 < len(ids) else None


async def source(visit: Visit) -> Response:
    """Attach a feed with its rule, or detach it."""
    form, stream_id = await Form.of(visit.request), visit.id()
    back = f"/settings/stream/{stream_id}#sources"
    feed_id = form.need("feed")
    if form.text("act") == "detach":
        return visit.back(back, await visit.services.sharing.detach(visit.actor, stream_id, [feed_id]))
    rule = Tried(feed_id, "", *(form.text(name) for name in ("words", "without", "author", "tag"))).rule
    return visit.back(back, await visit.services.sharing.attach(visit.actor, stream_id, [feed_id], rule))


ROUTES = [
    get("/settings/sharing", sharing),
    post("/do/settings/sharing", do_sharing),
    get("/settings/stream/{id}", stream),
    post("/do/stream", add_stream),
    post("/do/stream/{id}", edit_stream),
    post("/do/stream/{id}/source", source),
]
