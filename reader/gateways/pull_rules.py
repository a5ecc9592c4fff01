"""Decisions of a pull that need neither database nor network."""

from __future__ import annotations

import hashlib

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical
from reader.ingest.fetch import Fetched, FetchFailed
from reader.models.feed import Feed, FeedState, Schedule

DAY = 86_400
FULL_EVERY = 8 * DAY
MOVES_TO_BELIEVE = 3
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


def body_digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def moved_target(fetched: Fetched, stored: str) -> str | None:
    """Where the feed has moved for good: only if every redirect on the way said so."""
    if not fetched.redirects or not all(hop.permanent for hop in fetched.redirects):
        return None
    try:
        target = canonical(fetched.final_url)
    except Invalid:
        return None
    return None if target == stored else target


def moves(schedule: Schedule, target: str | None) -> int:
    """How many pulls in a row, this one included, were redirected to ``target``."""
    if target is None:
        return 0
    return schedule.moved_count + 1 if schedule.moved_to == target else 1


def believes_move(schedule: Schedule, count: int) -> bool:
    """A new feed moves at once; an established one after three pulls, since a portal's login page or a broken proxy
    may redirect for an afternoon."""
    return count >= MOVES_TO_BELIEVE or (count > 0 and schedule.last_ok_at is None)


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
