"""What stands around an entry of people: the Share button, the card of who passed it on, what is said below."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from markupsafe import Markup

from reader.errors import NotFound
from reader.models.reading import EntryView
from reader.models.share import NOTE_MOST
from reader.models.sharing_views import Passer, ShareCard
from web.draw import safe
from web.kit import Visit
from web.paths import with_query
from web.sharing import AMONG, Step, cards_of, crumb, first_name, href_of, passers

NOTHING: dict[str, Any] = {"sharing": "", "passed": "", "social": "", "origin": None}


async def entry_values(visit: Visit, view: EntryView, back: str) -> dict[str, Any]:
    """Markup for entry.html; nothing at all in quiet mode."""
    if visit.prefs.quiet:
        return NOTHING
    card = (await cards_of(visit, [view])).get(view.entry.id) or ShareCard(view.entry.id, None)
    told = await _told(visit, card)
    return {
        "sharing": await button(visit, card, back),
        "passed": passed(visit, told),
        "origin": card.source if card.by is not None else None,
        "social": await social(visit, told, back),
    }


async def _told(visit: Visit, card: ShareCard) -> ShareCard:
    """The card with the way of whoever it names first: of an entry met in a site's feed that is one of several who
    passed it on, each by a way of their own."""
    first = card.also[0].share_id if card.also else card.mine
    if card.by is not None or first is None:
        return card
    try:
        item = await visit.services.sharing.item(visit.actor, first)
    except NotFound:  # taken back just now
        return card
    if not card.also:  # nobody else's: its chain is what there is to tell
        return replace(card, chain=item.card.chain)
    return replace(item.card, also=card.also[1:], mine=card.mine, my_note=card.my_note)


def at_least(card: ShareCard) -> int:
    """How many shared it. The tree's own count comes by a job, so those who are named here may be ahead of it."""
    return max(len(passers(card)) + len(card.path), card.chain)


async def button(visit: Visit, card: ShareCard, back: str, *, opened: bool = False, alone: bool = False) -> Markup:
    """Share, or Shared with its card. ``alone``: on the page of that share, where no list has to follow."""
    values: dict[str, Any] = {"entry_id": card.entry_id, "share_id": card.mine, "back": back}
    values |= {"opened": opened, "alone": alone}
    if card.mine is not None:
        values |= await _own(visit, card, card.mine, count_followers=opened)
    return safe(visit.kit.render("sharing.html", values))


async def _own(visit: Visit, card: ShareCard, share_id: int, *, count_followers: bool) -> dict[str, Any]:
    """What the card of one's own share says."""
    assert visit.user is not None
    share = (await visit.services.sharing.item(visit.actor, share_id)).share
    streams = await visit.services.sharing.streams(visit.actor)
    stream = next(each for each in streams if each.id == share.stream_id)
    profile = await visit.services.people.profile(visit.actor, visit.user.name) if count_followers else None
    return {
        "my_note": card.my_note,
        "most": NOTE_MOST,
        "stream_id": stream.id,
        "stream_title": stream.title,
        "stream_href": f"/u/{visit.user.name}/{stream.name}",
        "followers": profile.ties.followers if profile and profile.ties else 0,
        "streams": streams,
    }


def passed(visit: Visit, card: ShareCard) -> Markup | str:
    """The card over the text: who passed it on first, with the note and the way it came."""
    those = passers(card)
    if not those:
        return ""
    by = those[0]
    values = {
        "by": by,
        "by_href": _page_of(by),
        "by_when": _when(visit, by),
        "crumb": crumb(card),
        "shares": at_least(card),
    }
    return safe(visit.kit.render("passed.html", values))


def _page_of(passer: Passer) -> str | None:
    return f"/u/{passer.person.name}" if passer.person else href_of(passer)


def _when(visit: Visit, passer: Passer) -> str:
    if passer.at is None:
        return ""
    words = visit.times.moment(passer.at)
    return f"at {words.removeprefix('today, ')}" if words.startswith("today, ") else words


async def social(visit: Visit, card: ShareCard, back: str) -> Markup | str:
    """Below the text: who else shared it, hearts and comments on the share it came by (or on one's own)."""
    those = passers(card)
    about = next((p.share_id for p in those if p.share_id is not None), card.mine)
    if about is None and len(those) < 2:
        return ""
    talk = await visit.services.talk.comments(visit.actor, about) if about is not None else None
    also = [Step("", first_name(p.name), href_of(p)) for p in those[1:]]
    values = {
        "about": about,
        "also": also[:AMONG],
        "more": len(also) - AMONG if len(also) > AMONG else 0,
        "talk": talk,
        "shares": at_least(card),
        "back": with_query(back),
        "times": visit.times,
        "user": visit.user,
    }
    return safe(visit.kit.render("social.html", values))
