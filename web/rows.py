"""Rows of a list as HTML. Hot: fifty to a page, so they are joined from strings."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reader.models.reading import EntryView, Page
from reader.models.sharing_views import ShareCard
from web.dates import Times
from web.draw import Signs, esc, fav, safe
from web.sharing import said

SUMMARY = 200  # characters; two lines of the widest list


class RowsView:
    """Draws the rows of one page of a list.

    ``line``: the horizon has not been drawn on a page before. ``opened``: an entry that is drawn open in its place,
    as (id, markup). ``suffix``: what links to entries carry besides the scope. ``cards``: who passed entries
    on, by id; ``quiet``: people are left out altogether.
    """

    def __init__(
        self,
        signs: Signs,
        times: Times,
        *,
        sums: bool,
        suffix: str = "",
        cards: Mapping[int, ShareCard] | None = None,
        quiet: bool = False,
    ) -> None:
        self._cards = cards or {}
        self._quiet = quiet
        mine = signs.small("share")
        self._mine = f'<span class="mine">{mine}<span class="vh">Shared by you</span></span>'
        self._times = times
        self._suffix = suffix
        self._sums = sums
        star, audio = signs("star", "i s on"), signs.small("wave")
        self._star = f'<span class="star">{star}<span class="vh">Starred</span></span>'
        self._audio = f'<span class="audio">{audio}<span class="vh">Audio</span></span>'

    def rows(self, page: Page, *, horizon: str, line: bool, opened: tuple[int, str] = (0, "")) -> Markup:
        scope = str(page.scope)
        parts: list[str] = []
        for view in page.entries:
            if line and not view.above:
                parts.append(horizon)
                line = False
            parts.append(self.row(view, scope, current=view.entry.id == opened[0]))
            if view.entry.id == opened[0] and opened[1]:
                parts.append(f'<li class="opened" id="opened">{opened[1]}</li>')
        if line and page.next is None:
            parts.append(horizon)
        return safe("".join(parts))

    def row(self, view: EntryView, scope: str, *, current: bool = False, attributes: str = "") -> str:
        entry = view.entry
        card = self._cards.get(entry.id)
        shown = entry.published_at if entry.published_at is not None else entry.arrived_at
        unread = "" if view.read else " unread"
        word = "" if view.read else '<span class="vh">Unread: </span>'
        starred, later = " starred" if view.starred else "", " later" if view.later else ""
        mine = card is not None and card.mine is not None
        here = ' aria-current="true"' if current else ""
        source = card.source.title if card and card.source else view.feed_title
        return (
            f'<li class="row{unread}{starred}{later}{" shared" if mine else ""}" id="e{entry.id}" data-id="{entry.id}"'
            f' data-feed="{entry.feed_id}" data-at="{entry.sort_at:.0f}"{here}{attributes}><span class="dot"></span>'
            f'<div class="top"><span class="src-w">{fav(view.feed_icon, source)}'
            f'<span class="src">{esc(source)}</span></span><span class="end">{self._mine if mine else ""}'
            f"{self._signs_of(view)}{self._times.tag(shown)}</span></div>"
            f'<h2>{word}<a href="/entry/{entry.id}?in={scope}{self._suffix}#e{entry.id}">{title_of(view)}</a></h2>'
            f"{self._sum(entry.summary)}{said(card) if card else ''}{_acts(entry.id, view, mine, self._quiet)}</li>"
        )

    def _signs_of(self, view: EntryView) -> str:
        signs = self._star if view.starred else ""
        for enclosure in view.entry.enclosures:
            if enclosure.type and enclosure.type.startswith("audio/"):
                return signs + self._audio
        return signs

    def _sum(self, summary: str) -> str:
        return f'<p class="sum">{esc(summary[:SUMMARY])}</p>' if self._sums and summary else ""


def title_of(view: EntryView) -> str:
    """The title, escaped. What has none begins with its text."""
    entry = view.entry
    return esc(entry.title or entry.summary[:100] or "Untitled")


def _acts(entry_id: int, view: EntryView, mine: bool, quiet: bool) -> str:
    """The plate that shows while a row is pointed at. Its buttons belong to one form beside the list."""
    read = ("unread", "Unread (m)", "false") if view.read else ("read", "Unread (m)", "true")
    star = ("unstar", "Star (s)", "true") if view.starred else ("star", "Star (s)", "false")
    later = ("unlater", "Read later (l)", "true") if view.later else ("later", "Read later (l)", "false")
    acts = [("read", read), ("star", star), ("later", later)]
    if not quiet:
        acts.append(("share", ("share", "Share (⇧S)", "true" if mine else "false")))
    buttons = "".join(
        f'<button form="row-acts" class="{act}" name="{name}" value="{entry_id}" data-act="{act}" title="{title}"'
        f' aria-pressed="{pressed}" tabindex="-1"></button>'
        for act, (name, title, pressed) in acts
    )
    return f'<div class="acts">{buttons}</div>'
