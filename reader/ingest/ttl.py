"""When to pull a feed next, and why. Pure: times come in as seconds since 1970 (UTC).

For each of the 24 hours of the last ten days a rhythm keeps the TTL: the mean distance in seconds between the
entries of that hour, from 2 minutes to 1 hour (SPEC B). The forecast follows from those ten days, the pause from
the forecast, and what a server asks for bounds the pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from reader.ingest.headers import DAY
from reader.ingest.pause import PACE, pause
from reader.ingest.reasons import Reason
from reader.ingest.rhythm import LEAST, MOST, Rates, Rhythm, observe, ttl_of
from reader.ingest.season import DAYS, HOURS, UNKNOWN

__all__ = ["DAYS", "HOURS", "LEAST", "MOST", "Plan", "Rhythm", "checks", "forecast", "grid", "next_pull", "observe"]

UNREAD_MOST = 6 * 3600
PUSHED = DAY  # only to see whether the hub keeps something to itself
BACKOFF = 120
HINT_MOST = 3600
HINT_CONTRADICTED = 900
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """``at``: time of the next pull, None for never again; ``reason``: why, as reasons.Reason packs it."""

    at: float | None
    reason: str


def forecast(rhythm: Rhythm, now: float) -> list[float]:
    """The TTL in seconds that is expected in each hour of the day (UTC): the mean over ten days, where hours that are
    little known lean on their neighbours and on the whole day."""
    rates = Rates(rhythm, now)
    return [ttl_of(rates.of(hour)) for hour in range(HOURS)]


def checks(rhythm: Rhythm, now: float, *, readers: int = 1, pushed: bool = False) -> list[float]:
    """Seconds between checks to be expected in each hour of the day (UTC), by the rates of the coming 24 hours."""
    rates, current = Rates(rhythm, now), int(now // 3600)
    patience = 2 * PACE.patience * 3600 / max(1.0, rhythm.batch)
    hours = (current + (hour - current) % HOURS for hour in range(HOURS))
    pauses = (min(PACE.most, max(PACE.least, sqrt(patience / rates.at(hour)))) for hour in hours)
    return [_rarely(each, readers, pushed)[0] for each in pauses]


def grid(rhythm: Rhythm, now: float) -> list[list[float | None]]:
    """The TTLs of ten days of 24 UTC hours, oldest day first; None for hours never observed or to come."""
    today = int(now // 3600) // HOURS
    known = range(rhythm.hour - DAYS * HOURS + 1, rhythm.hour + 1) if rhythm.hour >= 0 else range(0)
    days = []
    for day in range(today - DAYS + 1, today + 1):
        cells = rhythm.counts[day % DAYS * HOURS :][:HOURS]
        days.append(
            [ttl_of(n) if n != UNKNOWN and day * HOURS + hour in known else None for hour, n in enumerate(cells)]
        )
    return days


def next_pull(
    *,
    rhythm: Rhythm,
    now: float,
    errors: int = 0,
    hint_seconds: int | None = None,
    retry_after: int | None = None,
    readers: int = 1,
    jitter: float = 0.5,
    status_gone: bool = False,
    pushed: bool = False,
) -> Plan:
    """Plan the next pull.

    ``errors``: failures in a row; ``hint_seconds``: wish of Cache-Control or ttl; ``retry_after``: what a 429 or
    503 asked; ``readers``: how many read the feed; ``jitter``: a random number from 0 to 1, spread over ±10 %;
    ``status_gone``: the last answer was 410; ``pushed``: a hub tells about new entries.
    """
    if status_gone:
        return Plan(None, Reason("gone").pack())
    delay, reason = _wish(rhythm, now, errors, hint_seconds, readers, pushed)
    delay = _spread(delay, min(1.0, max(0.0, jitter)), reason.kind)
    if retry_after is not None and min(retry_after, DAY) >= delay:
        # Sooner than asked would be rude, so the jitter goes upwards only.
        delay = min(retry_after, DAY) * (1 + JITTER * jitter)
        reason = Reason("asked", (min(retry_after, DAY),))
    return Plan(now + delay, reason.pack())


def _spread(delay: float, jitter: float, kind: str) -> float:
    """Spread by chance, so that what was pulled together does not stay together. What would leave the bounds is
    mirrored at them; what a server asked for is not undercut, unless that would take more than an hour."""
    up = kind == "hint"
    spread = delay * (1 + JITTER * (jitter if up else 2 * jitter - 1))
    if spread < LEAST:
        return 2 * LEAST - spread
    if delay <= MOST < spread:
        return 2 * MOST - spread
    return spread


def _wish(
    rhythm: Rhythm, now: float, errors: int, hint: int | None, readers: int, pushed: bool
) -> tuple[float, Reason]:
    if errors > 0:
        delay = float(min(DAY, BACKOFF * 2 ** min(errors - 1, 20)))
        return delay, Reason("failed", (errors, round(delay)))
    hour = int(now // 3600)
    distance = 3600 / Rates(rhythm, now).at(hour)
    delay = pause(rhythm, now)
    reason = Reason("rhythm", (hour % HOURS, round(min(distance, DAY)), round(delay))) if rhythm.last else Reason("new")
    slow, kind = _rarely(delay, readers, pushed)
    if slow > delay:
        delay, reason = slow, Reason(kind, (round(slow),))
    wish = _bounded_hint(hint, distance, readers)
    if wish > delay:
        delay, reason = wish, Reason("hint", (round(hint or wish),))
    return delay, reason


def _rarely(delay: float, readers: int, pushed: bool) -> tuple[float, str]:
    """A longer pause for what a hub tells about, and for what nobody reads."""
    kind = ""
    if pushed and delay < PUSHED:
        delay, kind = float(PUSHED), "pushed"
    if readers <= 0 and delay < UNREAD_MOST:
        delay, kind = min(float(UNREAD_MOST), max(delay * 6, float(MOST))), "unread"
    return delay, kind


def _bounded_hint(hint: int | None, distance: float, readers: int) -> float:
    """How far a server's wish counts: an hour at most, a day when nobody reads. A wish that its own entries
    contradict (they come more often than twice in it) counts a quarter of an hour: many servers send a constant."""
    if hint is None or hint <= 0:
        return 0.0
    if readers <= 0:
        return float(min(hint, DAY))
    return float(min(hint, HINT_MOST if distance >= min(hint, HINT_MOST) / 2 else HINT_CONTRADICTED))
