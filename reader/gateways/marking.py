"""What marking means for stories: a mark of one copy is a mark of all (decision 0013)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from reader.gateways.shelf import Shelf
from reader.gateways.states import visible
from reader.models.subscription import ReadChange


class Marks:
    """Marks about to be written: one change a feed.

    ``settled`` are copies whose story was read before they came. They are written with the next marks, so that the
    story stays read when the copies that tell so go; no undo takes them back.
    """

    def __init__(self, shelf: Shelf, changes: Iterable[ReadChange]) -> None:
        self._plain = None if shelf.stories.by_key else list(changes)
        self.settled: dict[int, BitMap] = {}
        if self._plain is None:
            self._gather(shelf, changes)

    def _gather(self, shelf: Shelf, changes: Iterable[ReadChange]) -> None:
        self._subs = shelf.subs
        self._add: dict[int, BitMap] = {}
        self._remove: dict[int, BitMap] = {}
        for change in changes:
            add, remove = self._of(change.feed_id)
            add |= change.add
            add -= change.remove
            remove -= change.add
            remove |= change.remove
        for feed_id in list(self._add):
            self._spread(feed_id)
        self.settled = self._unsettled()

    def _of(self, feed_id: int) -> tuple[BitMap, BitMap]:
        return self._add.setdefault(feed_id, BitMap()), self._remove.setdefault(feed_id, BitMap())

    def _spread(self, feed_id: int) -> None:
        """To all copies of the stories, also those that were taken back."""
        state = self._subs.get(feed_id)
        if state is None or state.told is None:
            return
        for story in state.told.among(self._add[feed_id]):
            for copy in story.copies:
                self._of(copy.feed_id)[0].add(copy.seq)
        for story in state.told.among(self._remove[feed_id]):
            for copy in story.copies:
                self._of(copy.feed_id)[1].add(copy.seq)

    def _unsettled(self) -> dict[int, BitMap]:
        out = {}
        for feed_id, state in self._subs.items():
            if state.told is not None and state.told.met:
                seqs = (state.told.met & visible(state.mark)) - self._remove.get(feed_id, BitMap())
                seqs -= self._add.get(feed_id, BitMap())
                if seqs:
                    out[feed_id] = seqs
        return out

    def changes(self) -> list[ReadChange]:
        """For the store."""
        if self._plain is not None:
            return self._plain
        out = []
        for feed_id in self._add.keys() | self.settled.keys():
            add = self._add.get(feed_id, BitMap()) | self.settled.get(feed_id, BitMap())
            out.append(ReadChange(feed_id, add, self._remove.get(feed_id, BitMap())))
        return out

    def meant(self, applied: Sequence[ReadChange]) -> tuple[ReadChange, ...]:
        """What of the changes that the store made was asked for."""
        if not self.settled:
            return tuple(applied)
        out = []
        for change in applied:
            settled = self.settled.get(change.feed_id)
            add = change.add if settled is None else change.add - settled
            if add or change.remove:
                out.append(ReadChange(change.feed_id, add, change.remove))
        return tuple(out)
