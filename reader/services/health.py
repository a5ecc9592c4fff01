"""Why a feed is quiet: its schedule in words, its last pulls, its rhythm over the hours of the day."""

from __future__ import annotations

from dataclasses import dataclass

from reader.gateways.feeds import FeedFacts
from reader.models.feed import Feed, Pull, Schedule
from reader.models.reading import FeedRow

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Health:
    """``hours``: forecast seconds between entries for each UTC hour. ``grid``: ten days × 24 hours, oldest day first,
    None where nothing was measured. ``sentence`` says when the next check is and why."""

    feed: Feed
    row: FeedRow
    schedule: Schedule
    pulls: list[Pull]
    readers: int
    entries: int
    newest_at: float | None
    hours: list[float]
    grid: list[list[float | None]]
    hour_now: int
    sentence: str
    now: float


def health_of(row: FeedRow, facts: FeedFacts) -> Health:
    return Health(
        feed=facts.feed,
        row=row,
        schedule=facts.schedule,
        pulls=facts.pulls,
        readers=facts.readers,
        entries=row.total,
        newest_at=facts.newest_at,
        hours=facts.hours,
        grid=facts.grid,
        hour_now=int(facts.now // HOUR % 24),
        sentence=sentence_of(facts.schedule, facts.feed, facts.now),
        now=facts.now,
    )


def sentence_of(schedule: Schedule, feed: Feed, now: float) -> str:
    """ "The next check is in 5 minutes. Between 11 and 12 …"."""
    if feed.state == "gone":
        return f"Evantr no longer checks this feed. {schedule.error or schedule.reason}".strip()
    if schedule.lease_until > now:
        return "Evantr is checking this feed now."
    wait = schedule.next_pull_at - now
    when = "The next check is due now" if wait < 30 else f"The next check is in {duration(wait)}"
    return f"{when}. {schedule.reason}".strip()


def duration(seconds: float) -> str:
    """ "5 minutes", "3 hours", "2 days": one unit, rounded."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * 0.95:
            number = max(1, round(seconds / size))
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{max(1, round(seconds))} seconds"
