"""A naive model of reading: lists of entries and sets of ids, no bitmaps, no windows, no cursors."""

from __future__ import annotations

from dataclasses import dataclass, field

from reader.models.reading import Scope


@dataclass
class ModelEntry:
    id: int
    feed: int
    seq: int
    sort_at: float
    purged: bool = False

    @property
    def key(self) -> tuple[float, int]:
        return self.sort_at, self.id


@dataclass
class Model:
    """One reader: ``folder`` of each feed subscribed to, ids read."""

    entries: dict[int, ModelEntry] = field(default_factory=dict)
    folder: dict[int, int | None] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)

    def feeds(self, scope: Scope) -> set[int]:
        if scope.kind == "feed":
            return {scope.id} & self.folder.keys()
        if scope.kind == "folder":
            return {f for f, folder in self.folder.items() if folder == scope.id}
        return set(self.folder)

    def visible(self, scope: Scope) -> list[ModelEntry]:
        feeds = self.feeds(scope)
        return [e for e in self.entries.values() if e.feed in feeds and not e.purged]

    def listed(self, scope: Scope, *, newest: bool, unread_only: bool) -> tuple[list[int], int]:
        """Ids in the order of the page, and how many of them stand above the horizon."""
        shown = sorted(self.visible(scope), key=lambda e: e.key, reverse=newest)
        above = [e.id for e in shown if e.id not in self.read]
        below = [] if unread_only else [e.id for e in shown if e.id in self.read]
        return above + below, len(above)

    def unread(self, scope: Scope) -> int:
        return sum(1 for e in self.visible(scope) if e.id not in self.read)
