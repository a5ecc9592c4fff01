"""Decisions of a pull that need neither database nor network."""

from __future__ import annotations

import hashlib

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical
from reader.ingest.fetch import Fetched, FetchFailed
from reader.ingest.headers import PAUSE_MOST
from reader.models.feed import Feed, FeedState, Schedule

DAY = 86_400
FULL_EVERY = 8 * DAY
MOVES_TO_BELIEVE = 3
KNOWN_LEAST, KNOWN_MOST = 1000, 10_000
PAUSE = 600
FAR_FUTURE = 4_102_444_800.0  # 2100: a feed that is gone has no next pull


def validators(schedule: Schedule, feed_id: int, now: float) -> tuple[str | None, str | None]:
    """(etag, last_modified) to send. None once in eight days: some servers answer 304 for ever."""
    shift = feed_id * 977 % FULL_EVERY  # spread, so that not all feeds are fetched in full on one day
    if (
        schedule.last_pull_at is not None
        and (now + shift) // FULL_EVERY != (schedule.last_pull_at + shift) // FULL_EVERY
    ):
        return None, None
    return schedule.etag, schedule.last_modified


def compared(body: bytes) -> int:
    """With how many of the newest entries a document is compared before it is cleaned: three times as many as it seems
    to have, so that a feed of many thousands costs what its document does. The store finds the others by their uids."""
    entries = body.count(b"<item") + body.count(b"<entry") + body.count(b'"id"')
    return min(KNOWN_MOST, max(KNOWN_LEAST, 3 * entries))


def body_digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def moved_target(fetched: Fetched, stored: str, refused: str | None = None) -> str | None:
    """Where the feed has moved for good: the end of the permanent redirects that its address begins with. None for a
    way from https to http, and for ``refused``, which a person took back."""
    if fetched.moved_to is None:
        return None
    try:
        target = canonical(fetched.moved_to)
    except Invalid:
        return None
    weaker = stored.startswith("https:") and not target.startswith("https:")
    return None if weaker or target in (stored, refused) else target


def moves(schedule: Schedule, target: str | None) -> int:
    """How many pulls in a row, this one included, were redirected to ``target``."""
    if target is None:
        return 0
    return schedule.moved_count + 1 if schedule.moved_to == target else 1


def believes_move(schedule: Schedule, count: int, since: float, now: float) -> bool:
    """A new feed moves at once; an established one after three pulls over at least a day, since a portal's login page
    or a broken proxy may redirect for an afternoon."""
    if schedule.last_ok_at is None:
        return count > 0
    return count >= MOVES_TO_BELIEVE and now - since >= DAY


def pause_left(schedule: Schedule, now: float) -> float:
    """Seconds that the feed's host is still to be left alone. A pause longer than any that is granted was written by a
    clock that has been set back since: it counts no more."""
    left = (schedule.paused_until or 0.0) - now
    return left if 0 < left <= PAUSE_MOST else 0.0


def pause_of(error: Upstream) -> int | None:
    """Seconds that the host of a failure is to be left alone: what it asks for with 429 and 503, ten minutes after a
    429 that does not say. None: the failure is the feed's alone."""
    if error.status not in (429, 503):
        return None
    return error.retry_after or (PAUSE if error.status == 429 else None)


def is_gone(error: Upstream) -> bool:
    """410 from the feed's own address, or from where it moved for good."""
    if error.status != 410:
        return False
    return not isinstance(error, FetchFailed) or all(hop.permanent for hop in error.redirects)


def state_after_error(feed: Feed, error: Upstream) -> FeedState:
    if is_gone(error):
        return "gone"
    if error.status == 429 and feed.state == "active":
        return "active"  # we were too eager; nothing is wrong with the feed
    return "failing"
