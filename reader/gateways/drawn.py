"""Lists that were drawn earlier, as they were then (decision 0001).

What is certain of then: the seqs read (from the journal), the entries there were, the subscriptions. Which copy stands
for a story is worked out anew from those: so a copy that became one since is left out where it would show a story
twice, and where the main copy has gone since, the next one takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyroaring import BitMap

from reader.gateways.merge import Run
from reader.gateways.shelf import Left, Shelf, View
from reader.gateways.states import SubState, rewound, visible
from reader.gateways.stories import Story, beside, judge, may_stand
from reader.models.reading import Scope
from reader.models.share import Copy
from reader.models.subscription import ReadChange

EMPTY = BitMap()


class Drawn:
    """The state of one reader at a revision. ``journal``: the marks made since, newest first."""

    def __init__(self, shelf: Shelf, rev: int, journal: Sequence[ReadChange]) -> None:
        self._subs = shelf.subs
        self._rev = rev
        self._changes: dict[int, list[ReadChange]] = {}
        for change in journal:
            self._changes.setdefault(change.feed_id, []).append(change)
        self._read: dict[int, BitMap] = {}
        self._shadows: dict[int, BitMap] = {}
        self._met: dict[int, BitMap] = {}
        self._affected = self._judge_again() if shelf.stories.by_key else False

    def there(self, state: SubState) -> bool:
        """Whether it was subscribed to before the list was drawn."""
        return state.sub.created_rev <= self._rev

    def runs(self, scope: Scope, view: View, limits: Mapping[int, int]) -> tuple[list[Run], list[Run]]:
        """What the list showed above and below the horizon. ``limits``: highest seq that was there, where entries came
        since."""
        above: list[Run] = []
        below: list[Run] = []
        left = self._left(scope, view)
        for state in view.subs:
            feed_id = state.mark.feed_id
            # Not of a subscription that another request learned to be gone, after the view was made.
            if not self.there(state) or self._subs.get(feed_id) is not state:
                continue
            if feed_id in limits or feed_id in self._changes or feed_id in self._shadows:
                unread, seen = self._parts(state, limits.get(feed_id))
            else:
                unread, seen = state.unread, state.seen
            if feed_id in left:
                seen = seen - left[feed_id]
            if unread:
                above.append(Run(feed_id, unread))
            if seen:
                below.append(Run(feed_id, seen))
        return above, below

    def _parts(self, state: SubState, limit: int | None) -> tuple[BitMap, BitMap]:
        """What was unread, and what was read."""
        shown = visible(state.mark)
        if limit is not None:
            shown.remove_range(limit + 1, state.mark.seq + 1)
        if state.sub.muted:
            return EMPTY, shown
        unread = shown - self._bits(state.mark.feed_id) - self._shadows_of(state) - self._met_of(state)
        return unread, shown - unread

    def _bits(self, feed_id: int) -> BitMap:
        """The seqs that were read."""
        if feed_id not in self._changes:
            return self._subs[feed_id].read
        if feed_id not in self._read:
            self._read[feed_id] = rewound(self._subs[feed_id].read, self._changes[feed_id])
        return self._read[feed_id]

    def _had_read(self, copy: Copy) -> bool:
        return copy.seq > self._subs[copy.feed_id].mark.floor and copy.seq in self._bits(copy.feed_id)

    def _shadows_of(self, state: SubState) -> BitMap:
        own = self._shadows.get(state.mark.feed_id)
        return own if own is not None else state.told.shadows if state.told is not None else EMPTY

    def _met_of(self, state: SubState) -> BitMap:
        own = self._met.get(state.mark.feed_id)
        return own if own is not None else state.told.met if state.told is not None else EMPTY

    def _judge_again(self) -> bool:
        """Works out the stories that marks or subscriptions made since have changed; whether there are any."""
        stories: set[Story] = set()
        for feed_id, changes in self._changes.items():
            state = self._subs.get(feed_id)
            if state is not None and state.told is not None:
                for change in changes:
                    stories.update(state.told.among(change.add | change.remove))
        for state in self._subs.values():
            if state.told is not None and not self.there(state):
                stories.update(state.told.among(None))
        for story in stories:
            self._judge(story)
        return bool(stories)

    def _judge(self, story: Story) -> None:
        # Another request may have learned a moment ago that a subscription is gone, and not yet sorted the stories.
        mine = [copy for copy in story.copies if copy.feed_id in self._subs]
        copies = [copy for copy in mine if self.there(self._subs[copy.feed_id])]
        main, read = judge(
            copies,
            self._had_read,
            lambda copy: may_stand(self._subs[copy.feed_id], copy.seq),
        )
        for copy in copies:
            shadows, met = self._own(self._subs[copy.feed_id])
            shadows.discard(copy.seq)
            met.discard(copy.seq)
            if main is not None and copy != main:
                shadows.add(copy.seq)
            if read and not self._had_read(copy):
                met.add(copy.seq)

    def _own(self, state: SubState) -> tuple[BitMap, BitMap]:
        """What differs from now is written into sets of our own."""
        feed_id = state.mark.feed_id
        if feed_id not in self._shadows and state.told is not None:
            self._shadows[feed_id] = BitMap(state.told.shadows)
            self._met[feed_id] = BitMap(state.told.met)
        return self._shadows[feed_id], self._met[feed_id]

    def _left(self, scope: Scope, view: View) -> Left:
        if not self._affected or scope.kind == "feed":
            return view.left
        subs = [state for state in view.subs if self.there(state)]
        if scope.kind != "folder":
            shadows = {state.mark.feed_id: self._shadows_of(state) for state in subs}
            return {feed_id: seqs for feed_id, seqs in shadows.items() if seqs}
        return beside(subs, self._shadows_of)
