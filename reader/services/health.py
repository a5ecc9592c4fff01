"""Why a feed is quiet: its schedule in words, its last pulls, its rhythm over the hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reader.gateways.feeds import FeedFacts
from reader.ingest.reasons import in_words
from reader.models.feed import Feed, FeedMove, Pull, Schedule
from reader.models.reading import FeedRow

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Health:
    """``hours``: forecast seconds between entries for each UTC hour; ``checks``: seconds between checks. ``grid``: ten
    days × 24 hours of seconds between entries, oldest day first, None where nothing was measured. ``week``: times the
    mean rate that (working days, weekends) have; (1, 1) without a weekly rhythm. ``sentence`` says when the next check
    is and why, in hours of the zone that was asked for."""

    feed: Feed
    row: FeedRow
    schedule: Schedule
    pulls: list[Pull]
    readers: int
    entries: int
    newest_at: float | None
    hours: list[float]
    checks: list[float]
    week: tuple[float, float]
    grid: list[list[float | None]]
    hour_now: int
    sentence: str
    now: float
    moves: list[FeedMove]


def health_of(row: FeedRow, facts: FeedFacts, zone: str | None = None) -> Health:
    return Health(
        feed=facts.feed,
        row=row,
        schedule=facts.schedule,
        pulls=facts.pulls,
        readers=facts.readers,
        entries=row.total,
        newest_at=facts.newest_at,
        hours=facts.hours,
        checks=facts.checks,
        week=facts.week,
        grid=facts.grid,
        hour_now=int(facts.now // HOUR % 24),
        sentence=sentence_of(facts.schedule, facts.feed, facts.now, zone),
        now=facts.now,
        moves=facts.moves,
    )


def sentence_of(schedule: Schedule, feed: Feed, now: float, zone: str | None) -> str:
    """ "The next check is in 5 minutes. Between 11 and 12 …"."""
    why = in_words(schedule.reason, _offset(zone, now))
    if feed.state == "gone":
        return f"Evantr no longer checks this feed. {schedule.error or why}".strip()
    if schedule.lease_until > now:
        return "Evantr is checking this feed now."
    wait = schedule.next_pull_at - now
    when = "The next check is due now" if wait < 30 else f"The next check is in {duration(wait)}"
    return f"{when}. {why}".strip()


def _offset(zone: str | None, now: float) -> int | None:
    """Seconds that a zone's clock is ahead of UTC; None where no zone was named, or one that this machine lacks."""
    if not zone or zone == "UTC":
        return None
    try:
        offset = datetime.fromtimestamp(now, ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return None if offset is None else int(offset.total_seconds())


def duration(seconds: float) -> str:
    """ "5 minutes", "3 hours", "2 days": one unit, rounded."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * 0.95:
            number = max(1, round(seconds / size))
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{max(1, round(seconds))} seconds"
