"""A naive model of sharing: everything in dicts and sets, every question worked out anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


class Mismatch(Exception):
    """What happened cannot happen in this state."""


@dataclass
class Item:
    """An entry of a site's feed, or a share (``owner``)."""

    id: int
    feed: int
    story: int
    sort_at: float
    owner: str | None = None
    parent: int | None = None
    root: int = 0
    taken_back: bool = False


@dataclass(frozen=True)
class Seen:
    """What one person sees: the list of all entries with their state, counts by feed, streams by owner (None: they may
    not), and for entries who passed them on: (by, path, also, own share)."""

    entries: tuple[tuple[int, bool], ...]
    unread: tuple[tuple[int, int], ...]
    streams: tuple[tuple[str, tuple[int, ...] | None], ...]
    cards: tuple[tuple[int, str | None, tuple[str, ...], tuple[str, ...], int | None], ...]


@dataclass
class Model:
    streams: dict[str, int]  # person → feed of their stream
    items: dict[int, Item] = field(default_factory=dict)
    subs: dict[str, set[int]] = field(default_factory=dict)
    read: dict[str, set[int]] = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)  # stories that somebody ever shared
    blocks: set[tuple[str, str]] = field(default_factory=set)

    # ---- who and what

    def sees(self, viewer: str, owner: str) -> bool:
        return viewer == owner or not self.blocks & {(viewer, owner), (owner, viewer)}

    def shown(self, who: str, item: Item) -> bool:
        return item.feed in self.subs[who] and not item.taken_back

    def group(self, who: str, item: Item) -> list[Item]:
        """The copies of its story that somebody has or had, the first of them first."""
        if item.story not in self.shared:
            return [item]
        mine = [each for each in self.items.values() if each.story == item.story and each.feed in self.subs[who]]
        return sorted(mine, key=lambda each: each.id)

    def is_read(self, who: str, item: Item) -> bool:
        return any(each.id in self.read[who] for each in self.group(who, item))

    def stands(self, who: str, item: Item) -> bool:
        return next(each for each in self.group(who, item) if self.shown(who, each)) is item

    def live(self, owner: str) -> list[Item]:
        return [item for item in self.items.values() if item.owner == owner and not item.taken_back]

    def share_of(self, owner: str, story: int) -> Item | None:
        return next((item for item in self.live(owner) if item.story == story), None)

    # ---- acts; each raises Mismatch where the outcome cannot be

    def share(self, who: str, entry_id: int, made: Item | None) -> None:
        """``made``: the share that came of it, None where it was refused."""
        item = self.items[entry_id]
        open_ = item.owner is not None and not item.taken_back and self.sees(who, item.owner)
        if not self.shown(who, item) and not open_:
            _expect(made is None, f"{who} shared {entry_id}, which they cannot see")
            return
        known = self.share_of(who, item.story)
        if known is not None:
            _expect(made is not None and made.id == known.id, f"{who} shared {entry_id} twice")
            return
        _expect(made is not None and made.id not in self.items, f"{who} could not share {entry_id}")
        assert made is not None
        parent = item if item.owner is not None else None
        while parent is not None and parent.owner == who:
            parent = self.items[parent.parent] if parent.parent is not None else None
        _expect(made.parent == (parent.id if parent is not None else None), f"{made.id} comes from {made.parent}")
        made.story, made.owner = item.story, who
        made.root = parent.root if parent is not None else made.id
        self.items[made.id] = made
        self.shared.add(item.story)

    def unshare(self, who: str, share_id: int, done: bool) -> None:
        item = self.items[share_id]
        _expect(done == (item.owner == who and not item.taken_back), f"{who} took {share_id} back: {done}")
        item.taken_back = item.taken_back or done

    def restore(self, who: str, share_id: int) -> None:
        item = self.items[share_id]
        if self.share_of(who, item.story) is None:
            item.taken_back = False

    def mark(self, who: str, ids: Iterable[int], read: bool, done: bool) -> None:
        """What was taken back is passed over, unless there is nothing else. A device that does not know yet that a feed
        was unsubscribed from has nothing marked there."""
        asked = [self.items[entry_id] for entry_id in ids]
        reads = all(item.feed in self.subs[who] for item in asked)
        allowed = reads and any(not item.taken_back for item in asked)
        _expect(done == allowed or (done and read and not reads), f"{who} marked {asked}: {done}")
        if not done:
            return
        changed = [item for item in asked if self.shown(who, item) and self.is_read(who, item) != read]
        groups = {each.id for item in changed for each in self.group(who, item)}
        # Each mark writes down what was met through other copies.
        met = {i.id for i in self.items.values() if self.shown(who, i) and self.is_read(who, i)}
        self.read[who] |= met if read else met - groups
        self.read[who] = self.read[who] | groups if read else self.read[who] - groups

    def follow(self, who: str, other: str, done: bool) -> None:
        _expect(done == self.sees(who, other), f"{who} followed {other}: {done}")
        if done:
            self.subs[who].add(self.streams[other])

    def unfollow(self, who: str, other: str, done: bool) -> None:
        _expect(done == ((other, who) not in self.blocks), f"{who} unfollowed {other}: {done}")
        if done:
            self._forget(who, other)

    def block(self, who: str, other: str) -> None:
        self.blocks.add((who, other))
        self._forget(who, other)
        self._forget(other, who)

    def _forget(self, who: str, other: str) -> None:
        """What was read there stays read where else it stands."""
        self.read[who] |= {i.id for i in self.items.values() if self.shown(who, i) and self.is_read(who, i)}
        feed = self.streams[other]
        self.subs[who].discard(feed)
        self.read[who] -= {item.id for item in self.items.values() if item.feed == feed}

    # ---- what shows

    def seen(self, who: str) -> Seen:
        listed = [i for i in self.items.values() if self.shown(who, i) and self.stands(who, i)]
        listed.sort(key=lambda i: (i.sort_at, i.id), reverse=True)
        parts = [(item.id, not self.is_read(who, item)) for item in listed]
        entries = tuple([part for part in parts if part[1]] + [part for part in parts if not part[1]])
        unread = dict.fromkeys(sorted(self.subs[who]), 0)
        for item in listed:
            unread[item.feed] += not self.is_read(who, item)
        streams = tuple((owner, self.page(who, owner)) for owner in sorted(self.streams))
        cards = (self.card(who, self.items[entry_id]) for entry_id, _ in sorted(entries))
        return Seen(entries, tuple(unread.items()), streams, tuple(card for card in cards if any(card[1:])))

    def page(self, who: str, owner: str) -> tuple[int, ...] | None:
        if not self.sees(who, owner):
            return None
        return tuple(sorted((item.id for item in self.live(owner)), reverse=True))

    def card(self, who: str, item: Item) -> tuple[int, str | None, tuple[str, ...], tuple[str, ...], int | None]:
        path = [each.owner for each in self.above(item) if not each.taken_back and self.sees(who, each.owner or "")]
        mine = self.share_of(who, item.story)
        told = {*path, who, item.owner}
        also = [
            owner
            for owner in self.streams
            if owner not in told and self.streams[owner] in self.subs[who] and self.share_of(owner, item.story)
        ]
        names = tuple(name for name in path if name is not None)
        return item.id, item.owner, names, tuple(also), mine.id if mine is not None else None

    def above(self, item: Item) -> list[Item]:
        way: list[Item] = []
        while item.parent is not None:
            item = self.items[item.parent]
            way.append(item)
        return way[::-1]

    def credit(self, share_id: int) -> int:
        below = [item for item in self.items.values() if item.parent == share_id]
        return sum((not item.taken_back) + self.credit(item.id) for item in below)


def _expect(held: bool, what: str) -> None:
    if not held:
        raise Mismatch(what)
