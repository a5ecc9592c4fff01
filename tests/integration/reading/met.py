"""A naive model of reading where stories have several copies: sets of ids, worked out anew for each question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from reader.models.reading import Scope
from reader.models.share import Copy


@dataclass
class Item:
    """An entry of a site's feed, or a share."""

    id: int
    feed: int
    seq: int
    sort_at: float
    purged: bool = False
    taken_back: bool = False

    @property
    def key(self) -> tuple[float, int]:
        return self.sort_at, self.id


@dataclass
class Sub:
    folder: int | None
    made: int  # number of the act that made it
    muted: bool = False


@dataclass(frozen=True)
class Then:
    """What is certain of the moment when a list was drawn: what was read, and what there was."""

    read: frozenset[int]
    newest: int
    act: int


@dataclass
class Reader:
    """One reader. ``read`` holds the ids of the read sets; ``copies`` the ids that tell a shared story, with it."""

    items: dict[int, Item] = field(default_factory=dict)
    subs: dict[int, Sub] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    copies: dict[int, bytes] = field(default_factory=dict)
    act: int = 0

    def know(self, copies: Iterable[Copy]) -> None:
        self.copies = {copy.entry_id: copy.story for copy in copies}

    def then(self) -> Then:
        return Then(frozenset(self.read), max(self.items, default=0), self.act)

    def as_of(self, then: Then) -> Self:
        """This reader with what was read then, and only what was there then."""
        items = {i: item for i, item in self.items.items() if i <= then.newest}
        subs = {f: sub for f, sub in self.subs.items() if sub.made <= then.act}
        return type(self)(items, subs, set(then.read), self.copies, self.act)

    # ---- stories

    def group(self, item: Item) -> list[Item]:
        """The copies of its story that this reader has or had, the first of them first; itself alone mostly."""
        if item.id not in self.copies:
            return [item]
        story = self.copies[item.id]
        mine = [each for each in self.items.values() if self.copies.get(each.id) == story]
        return sorted((i for i in mine if i.feed in self.subs and not i.purged), key=lambda i: i.id)

    def is_read(self, item: Item) -> bool:
        return any(each.id in self.read for each in self.group(item))

    def shown(self, item: Item) -> bool:
        return item.feed in self.subs and not item.purged and not item.taken_back

    def stands(self, item: Item, feeds: Iterable[int]) -> bool:
        """Whether it is the copy that a list of these feeds shows."""
        able = [i for i in self.group(item) if self.shown(i) and i.feed in feeds and not self.subs[i.feed].muted]
        return able[:1] == [item] or self.subs[item.feed].muted

    def is_unread(self, item: Item) -> bool:
        """Whether it counts."""
        muted = self.subs[item.feed].muted
        return self.shown(item) and not muted and not self.is_read(item) and self.stands(item, self.subs)

    # ---- lists

    def feeds(self, scope: Scope) -> set[int]:
        if scope.kind == "feed":
            return {scope.id} & self.subs.keys()
        wide = {f for f, sub in self.subs.items() if not sub.muted}
        return {f for f in wide if self.subs[f].folder == scope.id} if scope.kind == "folder" else wide

    def visible(self, scope: Scope) -> list[Item]:
        feeds = self.feeds(scope)
        found = [item for item in self.items.values() if item.feed in feeds and self.shown(item)]
        return found if scope.kind == "feed" else [item for item in found if self.stands(item, feeds)]

    def listed(self, scope: Scope, *, newest: bool) -> list[tuple[Item, bool]]:
        """What the list shows, in order, and whether above the horizon."""
        shown = sorted(self.visible(scope), key=lambda i: i.key, reverse=newest)
        parts = [(item, self.is_unread(item)) for item in shown]
        return [part for part in parts if part[1]] + [part for part in parts if not part[1]]

    def unread(self, scope: Scope) -> int:
        return sum(self.is_unread(item) for item in self.visible(scope))

    def fresh(self, scope: Scope, since: int) -> set[int]:
        """What came after an id and is news: no shadow, and not met before."""
        found = [item for item in self.visible(scope) if item.id > since]
        return {i.id for i in found if self.group(i) == [i] or self.is_news(i)}

    def is_news(self, item: Item) -> bool:
        met = self.is_read(item) and item.id not in self.read
        alone = not any(self.shown(i) and not self.subs[i.feed].muted for i in self.group(item))
        return not met and (alone or self.main(item) is item)

    def main(self, item: Item) -> Item | None:
        able = [i for i in self.group(item) if self.shown(i) and not self.subs[i.feed].muted]
        return able[0] if able else None

    # ---- acts

    def settle(self, but: Iterable[int] = ()) -> None:
        """Each mark writes down what was met through other copies."""
        spared = set(but)
        met = {i.id for i in self.items.values() if self.shown(i) and i.id in self.copies and self.is_read(i)}
        self.read |= met - spared

    def mark(self, ids: Iterable[int], read: bool) -> set[int]:
        """Marks all copies; returns those of ``ids`` whose state that changed."""
        asked = [self.items[i] for i in ids if not self.items[i].taken_back]
        changed = {item.id for item in asked if self.is_read(item) != read}
        groups = {each.id for item in asked if item.id in changed for each in self.group(item) if not each.purged}
        self.settle(() if read else groups)
        self.read = self.read | groups if read else self.read - groups
        return changed
