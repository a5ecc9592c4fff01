"""People: whom one follows, who asks to follow, whom one may like; finding somebody by @name or address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from reader.errors import NotFound
from reader.models.people import Candidate, Person
from reader.models.reading import FeedRow, Sidebar
from web.draw import count
from web.kit import Visit, number_or_absent
from web.paths import quoted, with_query
from web.routing import get

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Followed:
    person: Person
    streams: list[FeedRow]  # as they stand in the left column


async def show(visit: Visit) -> Response:
    return await _draw(visit)


async def _draw(visit: Visit, q: str = "", problem: str = "") -> Response:
    people, actor = visit.services.people, visit.actor
    side = await visit.services.reading.sidebar(actor)
    before = _cursor(visit)
    assert visit.user is not None
    page = await people.following(actor, visit.user.name, before)
    first = before is None
    return await visit.page(
        "people.html",
        title="People",
        status=422 if problem else 200,
        tab="people",
        side=side,
        people=True,
        q=q,
        problem=problem,
        requests=(await people.requests(actor)).requests if first else (),
        following=[Followed(person, streams_of(side, person)) for person in page.people],
        more=with_query("/people", before=page.next) if page.next else "",
        suggestions=(await people.suggestions(actor)).people if first else (),
        why=why,
    )


def _cursor(visit: Visit) -> int | None:
    return number_or_absent(visit.query("before")) if visit.query("before") else None


def streams_of(side: Sidebar, person: Person) -> list[FeedRow]:
    rows = (*side.feeds, *(feed for folder in side.folders for feed in folder.feeds))
    return [row for row in rows if row.owner == person.name]


def why(one: Candidate) -> str:
    """ "Followed by Mara, Ines and 3 more · shared 4 entries of your feeds"."""
    parts = []
    if one.through:
        more = one.through_count - len(one.through)
        names = list(one.through) + ([f"{more:,} more"] if more > 0 else [])
        parts.append("followed by " + (", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]))
    if one.shares:
        parts.append(f"shared {count(one.shares, 'entry', 'entries')} of your feeds")
    words = " · ".join(parts)
    return words[:1].upper() + words[1:]


async def find(visit: Visit) -> Response:
    """To the page of whoever is meant; an address that is nobody's here goes on to the search for feeds."""
    typed = visit.query("q").strip()
    if not typed:
        return RedirectResponse("/people", 303)
    try:
        path = await path_of_person(visit, typed)
    except NotFound as error:
        return await _draw(visit, typed, str(error))
    return RedirectResponse(path or f"/add?url={quoted(typed)}", 303)


async def path_of_person(visit: Visit, typed: str) -> str | None:
    """The page of whom a name or an address of this instance means; None for what is nobody's here.

    Raises NotFound for the name of nobody.
    """
    people = visit.services.people
    target = people.target(visit.actor, typed, visit.request.url.netloc)
    if target is None:
        return None
    name = (await people.profile(visit.actor, target.name)).person.name
    return f"/u/{name}/{target.stream}" if target.stream else f"/u/{name}"


async def followers(visit: Visit) -> Response:
    name = visit.query("of") or (visit.user.name if visit.user else "")
    people = visit.services.people
    profile = await people.profile(visit.actor, name)
    page = await people.followers(visit.actor, name, _cursor(visit))
    return await visit.page(
        "followers.html",
        title=f"Followers of {profile.person.name}",
        tab="people",
        people=True,
        profile=profile,
        followers=page.people,
        more=with_query("/people/followers", of=name, before=page.next) if page.next else "",
    )


ROUTES = [get("/people", show), get("/people/find", find), get("/people/followers", followers)]
