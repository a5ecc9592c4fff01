"""One share by itself: what was passed on, with the note, and what is said about it; the piece of an entry's bar."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from reader.errors import NotFound
from reader.models.sharing_views import ShareCard
from web import around
from web.draw import safe
from web.kit import Visit
from web.pages.entry import web_address
from web.pages.profile import base_of
from web.paths import own_path
from web.prose import reachable
from web.routing import get
from web.sharing import cards_of, pass_of


async def show(visit: Visit) -> Response:
    item = await visit.services.sharing.item(visit.actor, visit.id())
    by, entry = item.card.by, item.entry
    if by is None or by.person is None:
        raise NotFound("There is no such share.")
    shown = pass_of(item, visit.times)
    shown.person = by.person
    shown.url = web_address(entry.url) or web_address(item.share.source.url)
    stream = f"/u/{by.name}/{by.stream.name}" if by.stream else f"/u/{by.name}"
    own = item.card.mine == item.share.id
    return await visit.open_page(
        "share.html",
        title=f"{shown.title}, shared by {by.name}",
        tab="people",
        item=shown,
        stream=stream,
        own=await around.button(visit, item.card, stream, alone=True) if own else "",
        talk=await visit.services.talk.comments(visit.actor, item.share.id),
        content=safe(reachable(visit.kit.images.rewrite(entry.content))) if entry.content else "",
        address=f"{base_of(visit)}/share/{item.share.id}",
    )


async def shared(visit: Visit) -> Response:
    """One's own first stream: the list of what one shared."""
    assert visit.user is not None
    streams = await visit.services.sharing.streams(visit.actor)
    name = f"/u/{visit.user.name}"
    return RedirectResponse(f"{name}/{streams[0].name}" if streams else name, 303)


async def piece(visit: Visit) -> Response:
    """The Share button of an entry, or the card of one's share of it; for scripts."""
    view = await visit.services.reading.entry(visit.actor, visit.id())
    card = (await cards_of(visit, [view])).get(view.entry.id) or ShareCard(view.entry.id, None)
    back = own_path(visit.query("back"))
    return visit.html(await around.button(visit, card, back, opened=visit.query("opened") == "1"))


ROUTES = [get("/share/{id}", show, open_to_all=True), get("/sharing/{id}", piece), get("/shared", shared)]
