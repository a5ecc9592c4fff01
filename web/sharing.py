"""Who passed an entry on, as rows, cards and lines of a page say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reader.models.people import REMOVED, Person
from reader.models.reading import EntryView
from reader.models.share import Share
from reader.models.sharing_views import TAKEN_BACK, Passer, ShareCard, StreamItem
from web.dates import Times
from web.draw import esc, face, safe
from web.kit import Visit

BEGINNING = 120  # characters of a note in a row
SHOWN = 4  # names in a breadcrumb
AMONG = 3  # names in "also shared by"


def first_name(name: str) -> str:
    return name.split(" ")[0] or name


def passers(card: ShareCard) -> tuple[Passer, ...]:
    """Everybody whom the reader met the entry by, who shared this copy first."""
    return (card.by, *card.also) if card.by else card.also


def said(card: ShareCard) -> str:
    """The line of a row: face, first name, the beginning of the note; of several "Mara and 2 more"."""
    those = passers(card)
    if not those:
        return ""
    by = those[0]
    words = " passed this on"
    if len(those) > 1:
        words = f" and {len(those) - 1:,} more"
    elif by.note:
        words = f" “{esc(beginning(by.note))}”"
    return f'<p class="said">{face(by.name, "s")}<span><b>{esc(first_name(by.name))}</b>{words}</span></p>'


def beginning(note: str) -> str:
    """The first line, cut between words."""
    line = note.strip().split("\n")[0].strip()
    return line if len(line) <= BEGINNING else line[:BEGINNING].rsplit(" ", 1)[0] + "…"


@dataclass(frozen=True, slots=True)
class Step:
    """A name in a breadcrumb, or "3 more" without an address."""

    word: str  # from, via
    name: str
    href: str | None


def steps(path: Sequence[Passer]) -> list[Step]:
    """ "from Tobin via Ines via Mara"; longer than four: "from Tobin via 3 more via Mara"."""
    made = [Step("via" if n else "from", name_in_path(p), href_of(p)) for n, p in enumerate(path)]
    if len(made) <= SHOWN:
        return made
    return [made[0], Step("via", f"{len(made) - 2} more", None), made[-1]]


def name_in_path(passer: Passer) -> str:
    return passer.name if passer.name in (REMOVED, TAKEN_BACK) else first_name(passer.name)


def href_of(passer: Passer) -> str | None:
    """Their share here; their page elsewhere, if the web can open it."""
    if passer.share_id is not None:
        return f"/share/{passer.share_id}"
    url = passer.url or ""
    return url if url.lower().startswith(("http://", "https://")) else None


def crumb(card: ShareCard) -> list[Step]:
    """The way up to who shared this copy; nothing when it begins there."""
    return steps((*card.path, card.by)) if card.by and card.path else []


async def cards_of(visit: Visit, views: Sequence[EntryView]) -> dict[int, ShareCard]:
    """None in quiet mode: then pages know nothing of people."""
    if visit.prefs.quiet or not views:
        return {}
    return await visit.services.sharing.cards(visit.actor, views)


@dataclass(slots=True)
class Pass:
    """A share as people's pages draw it."""

    id: int
    entry_id: int
    when: Markup
    person: Person | None  # named where the page is not theirs
    path: list[Step]
    note: str
    title: str
    url: str | None
    source: str
    mine: int | None  # the viewer's own share of the story
    shares: int
    likes: int = 0
    liked: bool = False
    comments: int = 0


def pass_of(item: StreamItem, times: Times) -> Pass:
    share: Share = item.share
    entry, card = item.entry, item.card
    return Pass(
        share.id,
        entry.id,
        safe(times.moment_tag(share.created_at)),
        None,
        steps(card.path),
        share.note,
        entry.title or entry.summary[:100] or "Untitled",
        f"/share/{share.id}",
        share.source.title,
        card.mine,
        max(card.chain, len(card.path) + 1),
        card.likes,
        card.liked,
        card.comments,
    )
