"""Contract for feeds, their schedule and their pulls. Every write under a lease token is refused once fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from reader.models.feed import Feed, FeedKind, FeedMove, FeedState, Icon, Identity, Pull, Schedule


@dataclass(frozen=True, slots=True)
class FeedMark:
    """What lists and counters need to know of a feed, and can keep in memory until its rev moves.

    A feed's rev moves with any of these.
    """

    feed_id: int
    rev: int
    seq: int
    floor: int
    title: str
    url: str
    site_url: str | None
    icon: str | None
    state: FeedState
    error: str | None = None
    format: str | None = None
    kind: FeedKind = "site"
    withdrawn: bytes = b""  # serialized bitmap of the seqs that were taken back; empty for none
    copies_rev: int = 0  # higher each time its rows in copy changed; 0: it has none


@dataclass(frozen=True, slots=True)
class PullState:
    """Whether a feed's pull waits, runs or is over, and how the last one ended."""

    feed_id: int
    last_pull_at: float | None
    next_pull_at: float
    lease_until: float
    state: FeedState
    error: str | None
    new: int  # by the last pull
    updated: int
    status: int | None


@dataclass(frozen=True, slots=True)
class FeedMeta:
    """What a parsed document says of its feed. None leaves what is stored (only title, format … that are set)."""

    title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    format: str | None = None


NO_META = FeedMeta()


@dataclass(frozen=True, slots=True)
class PullResult:
    """How a pull ended; written in one go by record_pull, which also ends the lease. ``identity`` None leaves it."""

    pull: Pull
    state: FeedState
    next_pull_at: float
    reason: str
    errors: int
    error: str | None
    etag: str | None = None
    last_modified: str | None = None
    body_digest: bytes | None = None
    rhythm: bytes = b""
    hint_seconds: int | None = None
    moved_to: str | None = None
    moved_count: int = 0
    moved_since: float | None = None
    identity: Identity | None = None
    meta: FeedMeta = NO_META


@dataclass(frozen=True, slots=True)
class Begun:
    """What a pull needs to know at its start; schedule.lease_token is the fence of all its writes."""

    feed: Feed
    schedule: Schedule
    readers: int  # 0: nobody; else at least 1
    pushed: bool = False  # a hub that is trusted tells what is new (models.websub.HubLease.holds)


class Due(NamedTuple):
    """A feed that wants to be pulled: since when, and how many read it."""

    feed_id: int
    url: str
    due_at: float
    readers: int


class FeedMapper(Protocol):
    async def create(
        self,
        url: str,
        *,
        title: str,
        site_url: str | None,
        description: str | None,
        now: float,
        format: str | None = None,
    ) -> tuple[Feed, bool]:
        """The feed at this canonical URL (or at an alias of that name); True if it was made by this call.

        A new feed is due at once (next_pull_at = now), state "new", seq = floor = 0. ``format`` is stored for a new one
        whose kind must be known before its first pull (a generated feed).
        """
        ...

    async def get(self, feed_id: int) -> Feed | None: ...
    async def by_url(self, url: str) -> Feed | None:
        """By canonical URL or alias."""
        ...

    async def add_alias(self, feed_id: int, url: str) -> None:
        """Another address of the same feed. An alias that is taken already is left alone."""
        ...

    async def page(self, *, after: int, limit: int) -> list[Feed]:
        """All feeds in order of id, those above ``after``."""
        ...

    async def in_state(self, state: FeedState, *, after: int, limit: int) -> list[tuple[Feed, Schedule]]:
        """Feeds of one state in order of id, those above ``after``."""
        ...

    async def search(self, words: str, limit: int) -> list[Feed]:
        """Feeds whose title, URL or site contains every word, without regard to case; most read first."""
        ...

    async def rev(self) -> int:
        """The highest rev given out so far."""
        ...

    async def marks(self, feed_ids: Sequence[int]) -> list[FeedMark]: ...
    async def marks_since(self, rev: int, limit: int) -> list[FeedMark]:
        """Marks with a rev above ``rev``, in order of rev, at most ``limit``."""
        ...

    async def readers(self, feed_id: int) -> int: ...

    async def schedule(self, feed_id: int) -> Schedule | None: ...
    async def due(self, now: float, limit: int, *, after: tuple[float, int] = (0.0, 0)) -> list[Due]:
        """Feeds that are due and not leased at ``now``, the longest due first (by ``due_at``, then id), from behind
        ``after`` on. Never "gone" ones. Each costs the same, however many feeds there are."""
        ...

    async def next_due_at(self) -> float | None: ...
    async def due_stats(self, now: float, limit: int) -> tuple[int, float]:
        """(how many are due and not leased, counted up to ``limit``; seconds that the longest due one is late)."""
        ...

    async def from_the_future(self, now: float) -> bool:
        """Whether feeds were pulled after ``now``, as far as the plans that reach farthest tell: then the clock was
        set back since. Constant cost."""
        ...

    async def set_back(self, now: float, longest: float, *, after: int, limit: int) -> int | None:
        """Brings plans that were made by a clock ahead of ``now`` back to it, for ``limit`` feeds with ids above
        ``after``: what was pulled "later" than now keeps its interval, counted from now; what is planned more than
        ``longest`` seconds ahead is due now, except what rests for good (state "gone", or set aside: next pull 4e9
        or later); leases that reach so far end. Pauses of hosts likewise. Idempotent.

        Returns the last id seen, None behind the last feed.
        """
        ...

    async def make_due(self, feed_id: int, now: float) -> None:
        """A person asks for a check: due now; a "gone" feed becomes "failing" again."""
        ...

    async def lease(self, feed_id: int, now: float, until: float, holder: str = "") -> int | None:
        """A new fence token, or None while somebody else holds the lease at ``now``.

        The feed's ``lost`` + 1 when the lease before was never ended: its process died, or hung until it ran out.
        """
        ...

    async def begin(self, feed_id: int, now: float, until: float, holder: str = "") -> Begun | None:
        """lease(), and what the pull needs, in one round trip. None as lease()."""
        ...

    async def beat(self, held: Sequence[tuple[int, int]], until: float) -> list[int]:
        """Extends leases of (feed_id, token) until then; returns the feeds whose lease is lost."""
        ...

    async def holders(self, now: float) -> list[str]:
        """Who holds leases of due feeds at ``now``, those without a name left out."""
        ...

    async def free(self, holder: str, now: float, *, counts: bool = True) -> int:
        """Ends the leases of a dead holder, ``lost`` + 1 for each of their feeds if it ``counts``; how many."""
        ...

    async def pull_states(self, feed_ids: Sequence[int]) -> list[PullState]:
        """Of those feeds that are there, in no order."""
        ...

    async def states(self) -> dict[str, int]:
        """State → number of feeds in it."""
        ...

    async def set_aside(self, feed_id: int, until: float, reason: str) -> None:
        """No pull before ``until``, state "failing", error and reason as given; make_due brings it back."""
        ...

    async def release(self, feed_id: int, token: int) -> None:
        """Ends the lease without a result; the feed stays due."""
        ...

    async def record_pull(self, feed_id: int, token: int, result: PullResult) -> bool:
        """Schedule, meta and pull log in one atomic write; the log keeps the newest 50 a feed, and some more.

        False, and nothing written, when ``token`` is fenced.
        """
        ...

    async def pulls(self, feed_id: int, limit: int) -> list[Pull]:
        """Newest first."""
        ...

    async def defer(self, feed_id: int, token: int, until: float, reason: str) -> bool:
        """Ends the lease without a pull: due again at ``until``, for this reason. False when fenced."""
        ...

    async def pause_host(self, host: str, until: float, reason: str, *, now: float) -> None:
        """The host asked to be left alone: none of its feeds is due before ``until``, and Schedule tells of the pause.

        A pause that ends later already stays as it is. Forgets pauses that ended before ``now``.
        """
        ...

    async def moves(self, feed_id: int, limit: int) -> list[FeedMove]:
        """Newest first."""
        ...

    async def undo_move(self, feed_id: int, now: float) -> str | None:
        """Gives the feed the URL back that it had before its newest move that was not undone; the other one becomes
        an alias, and the feed does not move there again. Returns the URL, None when there is no such move (or another
        feed stands at that URL). The feed is due at ``now``.
        """
        ...

    async def move(self, feed_id: int, token: int, url: str, *, now: float) -> int | None:
        """Stores a new canonical URL (the old one becomes an alias) and remembers the move.

        If another feed stands at ``url`` this one is merged into it: subscriptions move over (folder and own
        title kept; where a reader has both, the union), seqs read are carried over by uid, else by link
        and title (models: twin), stars and read-later too, aliases follow, this feed is removed. A feed at ``url`` that
        has no entries yet takes this one's as they are; else what only a star or read-later keeps stays findable by
        id, with seq 0, outside all lists.
        Returns the id of the feed that is left; None when fenced.
        """
        ...

    async def set_icon(self, feed_id: int, icon: Icon | None, now: float) -> None:
        """Stores the icon by digest (once) and points the feed to it; None notes that there is none."""
        ...

    async def icon(self, digest: str) -> Icon | None: ...
    async def stats(self, now: float) -> dict[str, int]:
        """{"feeds", "due", "failing", "gone", "entries", "subscriptions", "users"} for metrics and logs."""
        ...
