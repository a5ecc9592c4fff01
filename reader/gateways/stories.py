"""Met once: stories of which one reader has several copies (decision 0013).

A story is read as soon as one copy is in a read set of the reader, also one that is gone since. It is listed where its
main copy stands: the one with the lowest entry id that lists may show. The others are its shadows: never unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from pyroaring import BitMap

from reader.gateways.copies import CopyBook
from reader.models.share import Copy

if TYPE_CHECKING:
    from reader.gateways.states import SubState

States = Mapping[int, "SubState"]


class Story:
    """``copies``: all in feeds of this reader, lowest entry id first, also those that no list shows."""

    __slots__ = ("copies", "key", "main", "read")

    def __init__(self, key: bytes, copies: tuple[Copy, ...]) -> None:
        self.key = key
        self.copies = copies
        self.main: Copy | None = None
        self.read = False


class Told:
    """What stories say about the seqs of one feed."""

    __slots__ = ("met", "seqs", "shadows", "stories")

    def __init__(self) -> None:
        self.stories: dict[int, Story] = {}
        self.seqs = BitMap()  # the keys of stories
        self.shadows = BitMap()  # another copy stands for them
        self.met = BitMap()  # not in the read set, but their story was read

    def put(self, seq: int, story: Story) -> None:
        self.stories[seq] = story
        self.seqs.add(seq)

    def drop(self, seq: int) -> None:
        self.stories.pop(seq, None)
        for seqs in (self.seqs, self.shadows, self.met):
            seqs.discard(seq)

    def among(self, seqs: BitMap | None) -> list[Story]:
        """The stories at these seqs (None: all)."""
        wanted = self.seqs if seqs is None else self.seqs & seqs
        return [self.stories[seq] for seq in wanted]


def judge(
    copies: Iterable[Copy], is_read: Callable[[Copy], bool], may_stand: Callable[[Copy], bool]
) -> tuple[Copy | None, bool]:
    """The main copy, None where all are gone, and whether the story was read."""
    main, read = None, False
    for copy in copies:
        read = read or is_read(copy)
        if main is None and may_stand(copy):
            main = copy
    return main, read


def may_stand(state: SubState, seq: int) -> bool:
    """Whether this copy can stand for its story."""
    return not state.sub.muted and state.shows(seq)


def tell(story: Story, states: States) -> bool:
    """Works out a story anew, and what it means for each of its feeds. True if another copy stands for it now.

    The caller splits the feeds' parts again.
    """
    before = story.main
    story.main, story.read = judge(
        story.copies,
        lambda copy: states[copy.feed_id].has_read(copy.seq),
        lambda copy: may_stand(states[copy.feed_id], copy.seq),
    )
    for copy in story.copies:
        state = states[copy.feed_id]
        if state.told is not None:
            _put(state.told.shadows, copy.seq, story.main is not None and copy != story.main)
            _put(state.told.met, copy.seq, story.read and not state.has_read(copy.seq))
    return story.main != before


def _put(seqs: BitMap, seq: int, inside: bool) -> None:
    (seqs.add if inside else seqs.discard)(seq)


def beside(states: Iterable[SubState], shadows: Callable[[SubState], BitMap]) -> dict[int, BitMap]:
    """Shadows that a list of these feeds leaves out: all but the first copy of a story that can stand in it."""
    inside = {state.mark.feed_id: state for state in states}

    def stands(copy: Copy) -> bool:
        return copy.feed_id in inside and may_stand(inside[copy.feed_id], copy.seq)

    out: dict[int, BitMap] = {}
    for state in inside.values():
        if state.told is None:
            continue
        left = BitMap()
        for seq in shadows(state):
            story = state.told.stories[seq]
            first = next(filter(stands, story.copies), None)
            if first is not None and (first.feed_id, first.seq) != (state.mark.feed_id, seq):
                left.add(seq)
        if left:
            out[state.mark.feed_id] = left
    return out


class Stories:
    """All stories of one reader, kept up to date as subscriptions, marks of feeds and copies change."""

    def __init__(self) -> None:
        self.by_key: dict[bytes, Story] = {}
        self._revs: dict[int, int] = {}  # copies_rev of each feed that is worked in here

    def forget(self, state: SubState) -> set[bytes]:
        """A subscription goes. Returns the stories that refresh() must know of."""
        self._revs.pop(state.mark.feed_id, None)
        return {story.key for story in state.told.stories.values()} if state.told is not None else set()

    def changed(self, states: States, book: CopyBook) -> set[bytes]:
        """Stories whose copies in the feeds of this reader changed since they were asked for last."""
        keys: set[bytes] = set()
        for feed_id in book.feeds.keys() & states.keys():
            copies = book.feeds[feed_id]
            keys.update(copies.changed_since(self._revs.get(feed_id)))
            self._revs[feed_id] = copies.rev
        return keys

    def refresh(self, states: States, book: CopyBook, keys: set[bytes], stories: Iterable[Story]) -> bool:
        """Groups the copies of ``keys`` anew and works out ``stories``; splits what that changes.

        True if another copy may stand for one of them.
        """
        touched: dict[int, SubState] = {}
        moved = bool(keys) and self._group(states, book, keys, touched)
        for story in set(stories):
            if self.by_key.get(story.key) is story:
                moved = tell(story, states) or moved
                touched.update({copy.feed_id: states[copy.feed_id] for copy in story.copies})
        for state in touched.values():
            if state.told is not None and not state.told.stories:
                state.told = None
            state.split()
        return moved

    def _group(self, states: States, book: CopyBook, keys: set[bytes], touched: dict[int, SubState]) -> bool:
        found = book.gather(states.keys(), keys)
        moved = False
        for key in keys:
            old = self.by_key.pop(key, None)
            copies = found.get(key, ())
            if old is None and len(copies) < 2:
                continue
            moved = True
            for copy in old.copies if old is not None else ():
                state = states.get(copy.feed_id)
                if state is not None and state.told is not None:
                    state.told.drop(copy.seq)
                    touched[copy.feed_id] = state
            if len(copies) > 1:
                self._add(Story(key, tuple(sorted(copies, key=lambda copy: copy.entry_id))), states, touched)
        return moved

    def _add(self, story: Story, states: States, touched: dict[int, SubState]) -> None:
        self.by_key[story.key] = story
        for copy in story.copies:
            state = touched[copy.feed_id] = states[copy.feed_id]
            if state.told is None:
                state.told = Told()
            state.told.put(copy.seq, story)
        tell(story, states)
