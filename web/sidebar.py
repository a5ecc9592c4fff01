"""The left column as HTML. Hot: it is on every page, with up to a thousand feeds, so it is joined from strings."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from reader.models.reading import FeedRow, FolderRow, Scope, Sidebar
from web.draw import Signs, esc, face, fav, safe

LEVELS = 3  # deeper folders are drawn at the third
CURRENT = ' aria-current="page"'


class SidebarView:
    """Draws one state of the left column. ``whole``: the feeds of closed folders too, hidden. ``quiet``: without the
    entry of people; ``tab`` "people": that is where one is."""

    def __init__(
        self,
        signs: Signs,
        side: Sidebar,
        current: Scope | None,
        *,
        whole: bool = False,
        quiet: bool = False,
        tab: str = "",
    ) -> None:
        self._signs = signs
        self._quiet = quiet
        self._tab = tab
        self._side = side
        self._current = current
        self._whole = whole
        self._feed = current.id if current and current.kind == "feed" else 0
        self._folder = current.id if current and current.kind == "folder" else 0
        self._inside: dict[int | None, list[FolderRow]] = {}
        for folder in side.folders:
            self._inside.setdefault(folder.parent_id, []).append(folder)

    def nav(self) -> Markup:
        side = self._side
        parts = [
            '<nav aria-label="Feeds"><ul>',
            self._fixed("all", "/", "list", "All entries", side.unread, "unread", has=side.unread > 0),
            self._fixed("later", "/later", "later", "Read later", side.later, "entries"),
            self._fixed("starred", "/starred", "star", "Starred", 0, ""),
            "" if self._quiet else self._people(),
            '</ul><h2>Folders</h2><ul class="folders">',
            *map(self._folder_item, self._inside.get(None, ())),
            self.feeds(side.feeds),
            "</ul>",
        ]
        if not side.folders and not side.feeds:
            parts.append('<p class="quiet none">What you subscribe to appears here.</p>')
        parts.append("</nav>")
        return safe("".join(parts))

    def folder(self, folder_id: int) -> str:
        """What is in one folder: the folders in it, then its feeds."""
        folder = next((each for each in self._side.folders if each.id == folder_id), None)
        return self._content(folder) if folder is not None else ""

    def feeds(self, rows: Iterable[FeedRow]) -> str:
        return "".join(map(self._feed_item, rows))

    def _fixed(self, kind: str, href: str, sign: str, label: str, shown: int, word: str, has: bool = False) -> str:
        current = CURRENT if self._current and self._current.kind == kind else ""
        counted = f' data-count-of="{kind}"{_count_attribute(shown)}' if word else ""
        return (
            f'<li><a class="nav{" has" if has else ""}" href="{href}" data-scope="{kind}"{counted}{current}>'
            f'{self._signs(sign)}<span class="label">{label}</span>{_count(shown, word) if word else ""}</a></li>'
        )

    def _people(self) -> str:
        current = CURRENT if self._tab == "people" else ""
        return (
            f'<li><a class="nav" href="/people" data-scope="people"{current}>{self._signs("people")}'
            '<span class="label">People</span></a></li>'
        )

    def _folder_item(self, folder: FolderRow) -> str:
        title = esc(folder.title)
        drawn = folder.open or self._holds_current(folder)
        current = CURRENT if folder.id == self._folder else ""
        ids = "" if drawn or self._whole else f' data-feeds="{" ".join(map(str, self._feed_ids(folder)))}"'
        feeds = self._content(folder) if drawn or self._whole else ""
        inner = f" in{min(folder.depth, LEVELS - 1)}" if folder.depth else ""
        return (
            f'<li class="folder{inner}" data-folder="{folder.id}"{ids}>'
            '<form class="folding" method="post" action="/do/fold">'
            f'<input type="hidden" name="folder" value="{folder.id}">'
            f'<button class="fold" name="open" value="{int(not folder.open)}" aria-expanded="{str(drawn).lower()}"'
            f' aria-label="{title}: show feeds">{self._signs("chev")}</button></form>'
            f'<a class="nav{" has" if folder.unread else ""}" href="/folder/{folder.id}" data-folder-row="{folder.id}"'
            f' data-scope="folder/{folder.id}"{_count_attribute(folder.unread)}{current} title="{title}">'
            f'<span class="label">{title}</span>{_count(folder.unread)}</a>'
            f"<ul{'' if drawn else ' hidden'}>{feeds}</ul></li>"
        )

    def _content(self, folder: FolderRow) -> str:
        return "".join(map(self._folder_item, self._inside.get(folder.id, ()))) + self.feeds(folder.feeds)

    def _feed_ids(self, folder: FolderRow) -> list[int]:
        """Of the folder and of all in it."""
        ids = [feed.feed_id for feed in folder.feeds]
        for inner in self._inside.get(folder.id, ()):
            ids += self._feed_ids(inner)
        return ids

    def _holds_current(self, folder: FolderRow) -> bool:
        if folder.id == self._folder or (self._feed and any(feed.feed_id == self._feed for feed in folder.feeds)):
            return True
        return any(map(self._holds_current, self._inside.get(folder.id, ())))

    def _feed_item(self, feed: FeedRow) -> str:
        title = esc(feed.title)
        current = CURRENT if feed.feed_id == self._feed else ""
        trouble = feed.state in ("failing", "gone")
        classes = f"nav{' has' if feed.unread else ''}{' trouble' if trouble else ''}"
        muted = (
            f'<span class="off">{self._signs.small("mute")}<span class="vh">muted</span></span>' if feed.muted else ""
        )
        sign = face(feed.owner, "s") if feed.owner else fav(feed.icon, feed.title)
        item = (
            f'<li data-feed="{feed.feed_id}"><a class="{classes}" href="/feed/{feed.feed_id}"'
            f' data-feed-row="{feed.feed_id}" data-scope="feed/{feed.feed_id}"{_count_attribute(feed.unread)}{current}'
            f' title="{title}">{sign}<span class="label">{title}</span>{muted}{_count(feed.unread)}</a>'
        )
        if trouble:
            why = esc(feed.error or "Evantr cannot read this feed.")
            item += (
                f'<a class="ail" href="/feed/{feed.feed_id}/health" title="{why}">'
                f'{self._signs.small("stop")}<span class="vh">{title} is in trouble: {why}</span></a>'
            )
        return item + "</li>"


def _count_attribute(value: int) -> str:
    return f' data-count="{value}"' if value else ""


def _count(value: int, word: str = "unread") -> str:
    """The number and what it counts; both stay in the page when there is none, so that scripts only change text."""
    if not value:
        return '<span class="count"></span><span class="vh counted"></span>'
    return f'<span class="count">{value:,}</span><span class="vh counted"> {word}</span>'
