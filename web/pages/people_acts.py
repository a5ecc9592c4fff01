"""Acts on people, by form: follow, approve, mute, block and their opposites. Each answers 303."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from reader.errors import Invalid, NotFound
from reader.models.reading import Done
from web.forms import Form
from web.kit import Visit
from web.routing import post

Act = Callable[[Visit, str], Awaitable[Done]]


async def _follow(visit: Visit, who: str) -> Done:
    followed = await visit.services.people.follow(visit.actor, f"/u/{who}")
    return Done(followed.label, None)


async def _unfollow(visit: Visit, who: str) -> Done:
    """Of one stream ("mara/links"), or of a person with all their streams."""
    name, _, stream = who.partition("/")
    if not stream:
        return await visit.services.people.unfollow(visit.actor, name)
    profile = await visit.services.people.profile(visit.actor, name)
    feeds = [each.feed_id for each in profile.streams if each.name == stream]
    if not feeds:
        raise NotFound("There is no such stream.")
    return await visit.services.feeds.unsubscribe(visit.actor, feeds)


async def _approve(visit: Visit, who: str) -> Done:
    return await visit.services.people.approve(visit.actor, who)


async def _refuse(visit: Visit, who: str) -> Done:
    return await visit.services.people.refuse(visit.actor, who)


async def _block(visit: Visit, who: str) -> Done:
    return await visit.services.people.block(visit.actor, who)


async def _unblock(visit: Visit, who: str) -> Done:
    return await visit.services.people.unblock(visit.actor, who)


async def _mute(visit: Visit, who: str) -> Done:
    return await visit.services.people.mute(visit.actor, who)


async def _unmute(visit: Visit, who: str) -> Done:
    return await visit.services.people.unmute(visit.actor, who)


ACTS: dict[str, Act] = {
    "follow": _follow,
    "unfollow": _unfollow,
    "approve": _approve,
    "refuse": _refuse,
    "block": _block,
    "unblock": _unblock,
    "mute": _mute,
    "unmute": _unmute,
}


async def person(visit: Visit) -> Response:
    """One person; the button pressed says what."""
    form = await Form.of(visit.request)
    act = ACTS.get(form.text("act"))
    if act is None:
        raise Invalid("Say what to do. Open the page again and press the button.")
    return visit.back(form.text("back"), await act(visit, form.text("who")), "/people")


async def seen(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.people.seen(visit.actor, form.need("up_to"))
    return visit.back("/notifications")


ROUTES = [post("/do/person", person), post("/do/seen", seen)]
