"""Which feed an entry is of, as this process has seen it lately: entries lie on the shard of their feed.

Bounded memory, never the truth: an entry's feed changes when feeds are merged, and who does not find it there asks
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reader.models.entry import Position

MOST = 100_000


class Whereabouts:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._feeds: dict[int, int] = {}

    def learn(self, feed_id: int, positions: Iterable[Position]) -> None:
        self.note({at.id: feed_id for at in positions})

    def note(self, feeds: dict[int, int]) -> None:
        """Entry → feed. When memory is full, the older half is forgotten."""
        if len(self._feeds) + len(feeds) > self._most:
            self._feeds = dict(list(self._feeds.items())[len(self._feeds) // 2 :])
            feeds = dict(list(feeds.items())[-self._most // 2 :])
        self._feeds.update(feeds)

    def sort_out(self, ids: Sequence[int]) -> tuple[dict[int, int], list[int]]:
        """Those whose feed is known, and the others."""
        known = {entry_id: self._feeds[entry_id] for entry_id in ids if entry_id in self._feeds}
        return known, [entry_id for entry_id in ids if entry_id not in known]
