"""What ten days of hourly counts tell about a feed's day and week. Pure.

``counts[hour since 1970 % 240]``: moments of publication in that hour, UNKNOWN where nothing was seen of it.
"""

from __future__ import annotations

from math import exp, log

DAYS = 10
HOURS = 24
CELLS = DAYS * HOURS
UNKNOWN = 255
BLANK = bytes([UNKNOWN]) * CELLS

SHAPE_LEAST, SHAPE_MOST, SHAPE_PRIOR = 0.7, 40.0, 2.0
CLUMP_PRIOR, SHAPE_EVIDENCE = 5.0, 10.0  # in moments
WEEK_SURE = 10.83  # chi-squared with one degree of freedom, p = 0.001: the question is asked every day
WEEK_LEAST, WEEKEND_HOURS, SIDE_HOURS = 12, 36, 20
WEEK_PRIOR = 2.0  # in moments


def is_weekend(hour: int) -> bool:
    """Whether an hour counted from 1970 (a Thursday) is of a Saturday or Sunday, UTC."""
    return (hour // HOURS + 3) % 7 >= 5


def spread(counts: bytes) -> tuple[float, float]:
    """(shape, clumps) by the method of moments.

    ``shape``: how alike the hours of the day are, as the parameter of a gamma prior around them, in moments; small
    where they differ much. ``clumps``: variance of the same hour from day to day against that of chance, at least 1.
    """
    hours = [[count for count in counts[hour::HOURS] if count != UNKNOWN] for hour in range(HOURS)]
    totals = [(sum(hour), len(hour), sum(count * count for count in hour)) for hour in hours if hour]
    moments, known = sum(total for total, _, _ in totals), sum(days for _, days, _ in totals)
    if moments < 3 or known < 2 * HOURS:
        return SHAPE_PRIOR, 1.0
    mean, days = moments / known, known / len(totals)
    within = sum(squares - total * total / n for total, n, squares in totals)
    expected = moments * (known - len(totals)) / known
    clumps = max(1.0, (within + CLUMP_PRIOR) / (expected + CLUMP_PRIOR))
    # Variance between the means of the hours, less what the noise of the counts brings.
    between = sum(n * (total / n - mean) ** 2 for total, n, _ in totals) / max(1, len(totals) - 1) / days
    excess = between - clumps * mean / days
    found = min(SHAPE_MOST, max(SHAPE_LEAST, mean * mean / excess)) if excess > 0 else SHAPE_MOST
    weight = moments / (moments + SHAPE_EVIDENCE * clumps)
    return exp(weight * log(found) + (1 - weight) * log(SHAPE_PRIOR)), clumps


def week(counts: bytes, current: int) -> tuple[float, float]:
    """(workday, weekend): times the mean rate, or (1, 1) where ten days show no weekly rhythm beyond doubt.

    ``current``: the running hour, counted from 1970. A weekly rhythm is believed when a weekend and at least four
    working days were watched, the difference is no chance (likelihood ratio, p = 0.001, the evidence divided by the
    variance between like days), and it shows at least twice, from work to weekend and back: a feed that ended on a
    Friday, or began on a Saturday, has none.
    """
    days: dict[int, list[int]] = {}
    for hour in range(current - CELLS + 1, current):
        count = counts[hour % CELLS]
        if count != UNKNOWN:
            days.setdefault(hour // HOURS, []).append(count)
    ends = {day: cells for day, cells in days.items() if is_weekend(day * HOURS)}
    work = {day: cells for day, cells in days.items() if day not in ends}
    n_end, h_end = _total(ends)
    n_work, h_work = _total(work)
    if h_end < WEEKEND_HOURS or h_work < 4 * HOURS or n_end + n_work < WEEK_LEAST:
        return 1.0, 1.0
    mean = (n_end + n_work) / (h_end + h_work)
    sure = _likelihood(n_end, mean * h_end) + _likelihood(n_work, mean * h_work)
    if 2 * sure / _dispersion(ends, work) < WEEK_SURE or not _agree(days):
        return 1.0, 1.0
    return _factor(n_work, mean * h_work), _factor(n_end, mean * h_end)


def _total(days: dict[int, list[int]]) -> tuple[int, int]:
    return sum(map(sum, days.values())), sum(map(len, days.values()))


def _likelihood(found: int, expected: float) -> float:
    return found * log(found / expected) if found else 0.0


def _factor(found: int, expected: float) -> float:
    return (found + WEEK_PRIOR) / (expected + WEEK_PRIOR)


def _dispersion(*classes: dict[int, list[int]]) -> float:
    """Variance between days of the same class against that of chance, at least 1."""
    off, free = 0.0, 0
    for days in classes:
        found, hours = _total(days)
        rate = max(found, 1) / hours
        off += sum((sum(cells) - rate * len(cells)) ** 2 / (rate * len(cells)) for cells in days.values())
        free += len(days) - 1
    return max(1.0, (off + 1) / (free + 1))


def _agree(days: dict[int, list[int]]) -> bool:
    """Whether working days and weekends in a row, three stretches at least, always differ the same way."""
    stretches: list[tuple[bool, list[int]]] = []
    for day in sorted(days):
        end = is_weekend(day * HOURS)
        if not stretches or stretches[-1][0] != end:
            stretches.append((end, []))
        stretches[-1][1].extend(days[day])
    rates = [(end, sum(cells) / len(cells)) for end, cells in stretches if len(cells) >= SIDE_HOURS]
    ends, work = [rate for end, rate in rates if end], [rate for end, rate in rates if not end]
    if len(rates) < 3 or not ends or not work:
        return False
    return min(work) > 1.5 * max(ends) or max(work) * 1.5 < min(ends)
