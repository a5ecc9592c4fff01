"""A list of entries as a page: its rows, its line, its words when there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from reader.models.reading import EntryView, FeedRow, Order, Page, Scope, Show, Sidebar
from web.draw import count, number, safe
from web.kit import Visit
from web.paths import scope_path, with_query
from web.rows import RowsView
from web.sharing import cards_of

OWN: tuple[str, ...] = ("starred", "later")


@dataclass(frozen=True, slots=True)
class Choice:
    """How somebody looks at a list. ``line``: the horizon still has to be drawn on this page or on a later one."""

    scope: Scope
    show: Show = "all"
    order: Order = "newest"
    after: str | None = None
    line: bool = True

    @classmethod
    def of(cls, visit: Visit, scope: Scope) -> Choice:
        """From the query; what is none of the choices means the first one. Own lists have no choices."""
        own = scope.kind in OWN
        show: Show = "unread" if visit.query("show") == "unread" and not own else "all"
        order: Order = "oldest" if visit.query("order") == "oldest" and not own else "newest"
        after = visit.query("after") or None
        line = not own and (after is None or visit.query("line") == "1")
        return cls(scope, show, order, after, line)

    @property
    def query(self) -> dict[str, str | None]:
        return {
            "show": self.show if self.show != "all" else None,
            "order": self.order if self.order != "newest" else None,
        }

    def href(self, **changes: str | None) -> str:
        return with_query(scope_path(self.scope), **(self.query | changes))

    @property
    def suffix(self) -> str:
        """What links to entries carry besides ``in``: escaped already."""
        return "".join(f"&amp;{name}={value}" for name, value in self.query.items() if value)


async def read(visit: Visit, choice: Choice) -> Page:
    return await visit.services.reading.page(
        visit.actor, choice.scope, show=choice.show, order=choice.order, after=choice.after
    )


def feed_row(side: Sidebar, feed_id: int) -> FeedRow | None:
    rows = (*side.feeds, *(feed for folder in side.folders for feed in folder.feeds))
    return next((row for row in rows if row.feed_id == feed_id), None)


async def rows_view(visit: Visit, entries: Sequence[EntryView], *, sums: bool, suffix: str = "") -> RowsView:
    """What draws rows of these entries, with who passed them on."""
    cards = await cards_of(visit, entries)
    return RowsView(visit.kit.signs, visit.times, sums=sums, suffix=suffix, cards=cards, quiet=visit.prefs.quiet)


async def draw_rows(
    visit: Visit, choice: Choice, page: Page, *, head: str = "", opened: tuple[int, str] = (0, "")
) -> Markup:
    """The rows with the horizon and the way to the next page."""
    ends: Any = visit.kit.env.get_template("rows_end.html").module
    view = await rows_view(visit, page.entries, sums=visit.prefs.density == "roomy", suffix=choice.suffix)
    line = choice.line and bool(page.entries)
    horizon = visit.kit.parts.horizon(page, choice.href(show=None) if page.show == "unread" else choice.href())
    rows = view.rows(page, horizon=horizon, line=line, opened=opened)
    if page.next is None:
        return safe(f"{head}{rows}{ends.end() if choice.after else ''}")
    left = line and all(view.above for view in page.entries)
    return safe(f"{head}{rows}{ends.older(choice.href(after=page.next, line='1' if left else None))}")


def count_line(page: Page) -> str:
    """What stands below the title."""
    if page.scope.kind in OWN:
        return count(page.total, "entry", "entries")
    if page.unread:
        return f"{number(page.unread)} unread"
    return "Nothing unread" if page.total else "No entries yet"


Empty = tuple[str, str, str, str]  # title, words, where the button goes, what it says


def empty_words(page: Page, side: Sidebar, choice: Choice) -> Empty | None:
    """Why there is nothing to read, and what there is instead. None while something is unread."""
    if choice.after:
        return None
    kind: Literal["all", "folder", "feed", "starred", "later"] = page.scope.kind
    if kind == "starred" and not page.entries:
        return "Nothing starred", "Star an entry, and it stays here for as long as you like.", "", ""
    if kind == "later" and not page.entries:
        return "Nothing kept for later", "Press L on an entry, or the ribbon above it, and it waits here.", "", ""
    if kind in OWN or page.unread:
        return None
    if not page.total:
        return _nothing_yet(page, side)
    if choice.show == "unread":
        read_ones = f"Show the {number(page.total)} read"
        return "Nothing unread", f"You have read everything in {_name(page)}.", choice.href(show=None), read_ones
    return "Nothing unread", f"You have read everything in {_name(page)}. What you read before is below.", "", ""


def _nothing_yet(page: Page, side: Sidebar) -> Empty:
    if page.scope.kind == "feed":
        row = feed_row(side, page.scope.id)
        if row is not None and row.owner:
            return "No entries yet", f"What {row.owner} shares appears here.", f"/u/{row.owner}", f"Page of {row.owner}"
        if row is not None and row.state == "new":
            return "Evantr is fetching this feed", "Its entries appear here in a moment.", "", ""
        words = f"Evantr checks {page.title} and shows here what it publishes."
        return "No entries yet", words, f"/feed/{page.scope.id}/health", "Why it is quiet"
    if page.scope.kind == "folder" and _is_bare(side, page.scope.id):
        return "No feeds in this folder", "Add a site to it, or move feeds here.", "/add", "Add a site"
    return "No entries yet", "Evantr is fetching what you subscribed to. It appears here.", "", ""


def _is_bare(side: Sidebar, folder_id: int) -> bool:
    """Whether neither the folder nor one inside it holds a feed."""
    inside = {folder_id}
    for folder in side.folders:  # each comes before those in it
        if folder.parent_id in inside:
            inside.add(folder.id)
    return not any(folder.feeds for folder in side.folders if folder.id in inside)


def _name(page: Page) -> str:
    return "your feeds" if page.scope.kind == "all" else page.title
