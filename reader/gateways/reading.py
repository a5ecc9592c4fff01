"""Rules of reading: what marking does, what undo takes back (DESIGN 2). What lists show is in lists.py."""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

from reader.errors import Invalid, NotFound
from reader.events import FlagChanged, ReadingChanged, user_topic
from reader.gateways.lists import Lists, taken_back
from reader.gateways.marking import Marks
from reader.gateways.positions import Key
from reader.gateways.shelf import Shelf, View
from reader.gateways.states import SubState, visible
from reader.models.entry import Entry, FlagKind
from reader.models.reading import Scope
from reader.models.subscription import ReadChange

NOTHING = BitMap()


class ReadingGateway(Lists):
    async def mark(
        self, user_id: int, entry_ids: Sequence[int], read: bool
    ) -> tuple[list[int], tuple[ReadChange, ...]]:
        """Ids that changed, and the changes. NotFound if one of them is not the user's to read.

        What was taken back is passed over (the list on the screen may still show it), unless there is nothing else.
        What is in memory will do mostly: the store leaves aside what was unsubscribed from a moment ago, and a copy
        that is not known here yet is read with its story. Not so where stories with several copies are known, or
        something looks taken back: another process may have marked them unread, or restored it.
        """
        entries = await self._mappers.entries.many(entry_ids)
        if len({e.id for e in entries}) != len(set(entry_ids)):
            raise NotFound("There is no such entry.")
        known = self._shelves.get(user_id)
        quick = known is not None and _will_do(known, entries)
        shelf = known if known is not None and quick else await self.shelf(user_id)
        if not all(e.feed_id in shelf.subs for e in entries):
            raise NotFound("There is no such entry.")
        if entries and not (entries := [e for e in entries if not taken_back(shelf.subs, e)]):
            raise NotFound("There is no such entry.")
        ids, changes, alone = await self._mark(shelf, entries, read)
        if quick and not read and not alone:
            ids, changes = await self._mark_others(user_id, entries, ids, changes)
        return ids, changes

    async def _mark(
        self, shelf: Shelf, entries: Sequence[Entry], read: bool
    ) -> tuple[list[int], tuple[ReadChange, ...], bool]:
        """As mark(), and whether nobody else wrote anything of this user meanwhile."""
        if read:
            entries = [e for e in entries if not _story_is_read(shelf.subs, e)]
        seqs: dict[int, BitMap] = {}
        for entry in entries:
            seqs.setdefault(entry.feed_id, BitMap()).add(entry.seq)
        wanted = [ReadChange(f, s, NOTHING) if read else ReadChange(f, NOTHING, s) for f, s in seqs.items()]
        applied, alone = await self._apply(shelf, Marks(shelf, wanted))
        changed = {c.feed_id: c.add if read else c.remove for c in applied}
        return [e.id for e in entries if _has_changed(shelf.subs, e, changed)], applied, alone

    async def _mark_others(
        self, user_id: int, entries: Sequence[Entry], ids: list[int], changes: tuple[ReadChange, ...]
    ) -> tuple[list[int], tuple[ReadChange, ...]]:
        """Entries were marked unread without knowing of all copies, and another process may have marked those."""
        shelf = await self.shelf(user_id)
        if not shelf.stories.by_key:
            return ids, changes
        more, others, _ = await self._mark(shelf, [e for e in entries if e.feed_id in shelf.subs], False)
        return list(dict.fromkeys(ids + more)), changes + others

    async def _apply(self, shelf: Shelf, marks: Marks) -> tuple[tuple[ReadChange, ...], bool]:
        """What changed, and whether nobody else wrote anything of this user meanwhile."""
        changes = marks.changes()
        if not changes:
            return (), True
        marked = await self._mappers.subscriptions.mark(shelf.user_id, changes, now=self._clock.now())
        alone = shelf.wrote(marked.rev)
        if marked.changes:
            await self._bus.publish(user_topic(shelf.user_id), ReadingChanged(shelf.user_id, marked.rev))
        return marks.meant(marked.changes), alone

    async def apply(self, user_id: int, changes: Sequence[ReadChange]) -> int:
        """Applies changes, for undo; returns how many entries changed."""
        shelf = await self.shelf(user_id)
        applied, _ = await self._apply(shelf, Marks(shelf, changes))
        return sum(len(c.add) + len(c.remove) for c in applied)

    async def settle(self, user_id: int) -> None:
        """Writes down which copies were met through others, before subscriptions go."""
        shelf = await self.shelf(user_id)
        await self._apply(shelf, Marks(shelf, ()))

    async def mark_all(
        self,
        user_id: int,
        scope: Scope,
        as_of: int,
        older_than: float | None,
        below: int | None,
        above: int | None,
    ) -> tuple[int, tuple[ReadChange, ...]]:
        """Marks the scope read as of what was on the screen; see services.reading for the arguments.

        Returns how many entries of the scope that are, and the changes.
        """
        shelf = await self.shelf(user_id)
        self.title(shelf, scope)
        if scope.kind in ("starred", "later"):
            raise Invalid("Only a feed, a folder or all entries can be marked as read.", {"scope": "not markable"})
        waiting = _waiting(shelf.view(scope, self.book))
        ids = [s.mark.feed_id for s, _ in waiting]
        upper = await self.book.up_to(ids, as_of)
        if older_than is not None:
            old = await self._mappers.entries.limits(ids, max_id=as_of, before=self._clock.now() - older_than)
            upper = {i: min(upper[i], old.get(i, 0)) for i in ids}
        lower: dict[int, int] = {}
        if below is not None:
            bound = await self.book.below(ids, await self._key_of(user_id, below))
            upper = {i: min(upper[i], bound[i]) for i in ids}
        if above is not None:
            sort_at, entry_id = await self._key_of(user_id, above)
            lower = await self.book.below(ids, (sort_at, entry_id + 1))
        wanted: dict[int, BitMap] = {}
        for state, seqs in waiting:
            feed_id = state.mark.feed_id
            seqs.remove_range(upper[feed_id] + 1, state.mark.seq + 1)
            seqs.remove_range(0, lower.get(feed_id, 0) + 1)
            if seqs:
                wanted[feed_id] = seqs
        if not wanted:
            return 0, ()
        changes = [ReadChange(feed_id, seqs, NOTHING) for feed_id, seqs in wanted.items()]
        applied, _ = await self._apply(shelf, Marks(shelf, changes))
        return sum(len(c.add & wanted.get(c.feed_id, NOTHING)) for c in applied), applied

    async def _key_of(self, user_id: int, entry_id: int) -> Key:
        view = await self.entry(user_id, entry_id)
        return view.entry.sort_at, view.entry.id

    async def flag(self, user_id: int, entry_id: int, kind: FlagKind, on: bool) -> bool:
        """True if it changed. NotFound as entry()."""
        await self.entry(user_id, entry_id)
        changed = await self._mappers.flags.set(user_id, entry_id, kind, on, now=self._clock.now())
        if changed:
            await self._bus.publish(user_topic(user_id), FlagChanged(user_id, entry_id, kind, on))
        return changed


def _waiting(view: View) -> list[tuple[SubState, BitMap]]:
    """What a list shows that was not read: the unread, and shadows that stand in it for an unread story."""
    out = []
    for state in view.subs:
        if state.told is None and not state.sub.muted:
            seqs = BitMap(state.unread)
        else:
            seqs = visible(state.mark) - state.done() - view.left.get(state.mark.feed_id, NOTHING)
        if seqs:
            out.append((state, seqs))
    return out


def _will_do(shelf: Shelf, entries: Sequence[Entry]) -> bool:
    """Whether what is in memory is enough to mark these entries read."""
    if shelf.stories.by_key:
        return False
    return all(e.feed_id in shelf.subs and not taken_back(shelf.subs, e) for e in entries)


def _story_is_read(subs: dict[int, SubState], entry: Entry) -> bool:
    told = subs[entry.feed_id].told
    story = told.stories.get(entry.seq) if told is not None else None
    return story is not None and story.read


def _has_changed(subs: dict[int, SubState], entry: Entry, changed: dict[int, BitMap]) -> bool:
    """Whether the entry, or another copy of its story, is among what changed."""
    if entry.seq in changed.get(entry.feed_id, NOTHING):
        return True
    told = subs[entry.feed_id].told if entry.feed_id in subs else None
    story = told.stories.get(entry.seq) if told is not None else None
    return story is not None and any(copy.seq in changed.get(copy.feed_id, NOTHING) for copy in story.copies)
