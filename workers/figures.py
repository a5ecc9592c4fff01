"""What a manager did: counts, rates, the last jobs with their story, the figures of five minutes."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from dataclasses import asdict, dataclass, field

from reader.jobs import NO_IDENTITY, Payload, PullFeed
from reader.models.operations import TOOK_SECONDS, JobStory, QueueFigures

STORIES_KEPT = 50
RATE_SECONDS = 60.0


@dataclass(slots=True)
class Counts:
    """Jobs done and failed since the manager started, per queue."""

    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


class Figures:
    """Kept by one manager; all of it is bounded."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._stories: deque[JobStory] = deque(maxlen=STORIES_KEPT)
        self._marks: deque[tuple[float, Counter[str], Counter[str]]] = deque()
        self._bucket = Counts()
        self._took: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self.mark()

    def ended(self, queue: str, *, well: bool) -> None:
        (self.counts.done if well else self.counts.failed)[queue] += 1

    def tell(self, story: JobStory) -> None:
        """Keep how a job went, and count how long it took."""
        self._stories.append(story)
        counts = self._took.setdefault(story.queue, [0] * (len(TOOK_SECONDS) + 1))
        counts[bisect_left(TOOK_SECONDS, story.seconds)] += 1
        self._seconds[story.queue] += story.seconds

    def took(self, queue: str) -> tuple[tuple[int, ...], float]:
        """(runs by TOOK_SECONDS and longer, seconds of all of them) since the start."""
        return tuple(self._took.get(queue, ())), self._seconds[queue]

    @property
    def stories(self) -> tuple[JobStory, ...]:
        """The newest first."""
        return tuple(reversed(self._stories))

    def mark(self) -> None:
        """Called every few seconds: rates are measured between marks."""
        now = time.monotonic()
        self._marks.append((now, self.counts.done.copy(), self.counts.failed.copy()))
        while len(self._marks) > 1 and now - self._marks[1][0] >= RATE_SECONDS:
            self._marks.popleft()

    def per_minute(self, queue: str) -> tuple[float, float]:
        """(done, failed) over the last minute, or since the start if that is less."""
        at, done, failed = self._marks[0]
        minutes = max(1.0, time.monotonic() - at) / 60
        return (self.counts.done[queue] - done[queue]) / minutes, (self.counts.failed[queue] - failed[queue]) / minutes

    def current(self, queue: str) -> tuple[int, int]:
        """(done, failed) since the last call of since_last()."""
        before = self._bucket
        return self.counts.done[queue] - before.done[queue], self.counts.failed[queue] - before.failed[queue]

    def since_last(self) -> dict[str, QueueFigures]:
        """Done and failed since the last call: a bucket of the history."""
        done, failed, before = self.counts.done, self.counts.failed, self._bucket
        made = {
            queue: QueueFigures(done[queue] - before.done[queue], failed[queue] - before.failed[queue])
            for queue in done | failed
        }
        self._bucket = Counts(self.counts.done.copy(), self.counts.failed.copy())
        return made


def in_words(payload: Payload) -> str:
    """A job's arguments in a line."""
    if isinstance(payload, PullFeed):
        return f"feed {payload.feed_id}"
    args = {name: value for name, value in asdict(payload).items() if name not in NO_IDENTITY and value != ""}
    return ", ".join(f"{name[:-3]} {value}" if name.endswith("_id") else str(value) for name, value in args.items())
