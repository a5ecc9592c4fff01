"""What people did: who follows, passed on, answered, liked."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from reader.models.people_views import Notice
from web.dates import Times
from web.draw import esc, safe
from web.kit import Visit, number_or_absent
from web.paths import with_query
from web.routing import get


@dataclass(frozen=True, slots=True)
class Deed:
    """A notice as the page says it. ``asks``: the name of who waits for an answer."""

    face: str
    words: Markup
    text: str
    when: Markup
    seen: bool
    asks: str


async def show(visit: Visit) -> Response:
    before = number_or_absent(visit.query("before")) if visit.query("before") else None
    notices = await visit.services.people.notifications(visit.actor, before)
    first = notices.notices[0].id if notices.notices and before is None else 0
    return await visit.page(
        "notifications.html",
        title="Notifications",
        tab="people",
        people=True,
        up_to=first,
        deeds=[deed(notice, visit.times) for notice in notices.notices],
        older=with_query("/notifications", before=notices.next) if notices.next else "",
    )


def deed(notice: Notice, times: Times) -> Deed:
    first = notice.people[0].name if notice.people else "–"
    asks = first if notice.kind == "ask" and notice.people else ""
    return Deed(first, words(notice), notice.text or "", safe(times.moment_tag(notice.at)), notice.seen, asks)


def words(notice: Notice) -> Markup:
    """ "Ines and 3 others like “Two clocks”"."""
    several = len(notice.people) + notice.others > 1
    where = f"/share/{notice.share_id}" + (f"#c{notice.comment_id}" if notice.comment_id else "")
    title = esc(notice.title or "what you shared")
    about = f'<a href="{where}">“{title}”</a>' if notice.share_id else f"“{title}”"
    what = {
        "follow": "follow you" if several else "follows you",
        "ask": "ask to follow you" if several else "asks to follow you",
        "approved": "let you follow" if several else "lets you follow",
        "reshare": f"passed on {about} from you",
        "comment": f"commented on {about}",
        "answer": f"answered you on {about}",
        "like": f"like {about}" if several else f"likes {about}",
    }[notice.kind]
    return safe(f"{who(notice)} {what}")


def who(notice: Notice) -> str:
    names = [f'<a href="/u/{esc(person.name)}">{esc(person.name)}</a>' for person in notice.people]
    if notice.others:
        names.append(f"{notice.others:,} {'other' if notice.others == 1 else 'others'}")
    if not names:
        return "Somebody"
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


ROUTES = [get("/notifications", show)]
