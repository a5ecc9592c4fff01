"""Where entries stand: positions, and the limits that lists are cut at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import inf

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import PLACE, key, position_of
from reader.mappers.mongo.feed_documents import bounds
from reader.models.entry import Position

RANGES_AT_ONCE = 1000  # clauses of one query
PROBES_AT_ONCE = 4000  # places looked at in one round trip of limits()
MOST_PROBES = 64  # of one feed


async def positions(engine: Engine, ranges: Sequence[tuple[int, int, int]]) -> dict[int, list[Position]]:
    """See EntryMapper.positions. Two round trips: what is visible of the feeds, then the places, from one index."""
    out: dict[int, list[Position]] = {feed_id: [] for feed_id, _, _ in ranges}
    if not ranges:
        return out
    visible = await bounds(engine, list(out))
    wanted = [
        {"feed_id": feed_id, "seq": {"$gte": max(low, visible[feed_id][0] + 1), "$lte": min(high, visible[feed_id][1])}}
        for feed_id, low, high in ranges
        if feed_id in visible
    ]
    clauses = [each for each in wanted if each["seq"]["$gte"] <= each["seq"]["$lte"]]  # type: ignore[index]
    parts = [clauses[at : at + RANGES_AT_ONCE] for at in range(0, len(clauses), RANGES_AT_ONCE)]
    for found in await asyncio.gather(*(_places(engine, part) for part in parts)):
        for stored in found:
            out[stored["feed_id"]].append(position_of(stored))
    return {feed_id: sorted(set(found)) for feed_id, found in out.items()}


async def _places(engine: Engine, clauses: list[Document]) -> list[Document]:
    query = clauses[0] if len(clauses) == 1 else {"$or": clauses}
    return await engine.db.entry.find(query, PLACE, batch_size=ALL).to_list()


async def limits(engine: Engine, feed_ids: Sequence[int], max_id: int | None, before: float | None) -> dict[int, int]:
    """See EntryMapper.limits.

    Id and sort_at both rise with seq, so a limit is found by narrowing the range it is in. Each round trip asks for
    some places of every feed that is still open, by their ``_id``: 64 of one feed, 4 of each of a thousand. So a feed
    of 4,000 entries takes four round trips, a thousand feeds of 1,000 each at most seven, and what is read is at most
    PROBES_AT_ONCE small documents each time, however many entries there are. Most limits are near the newest entry,
    where two round trips do.
    """
    visible = await bounds(engine, list(feed_ids))
    if max_id is None and before is None:
        return {feed_id: seq if seq > floor else 0 for feed_id, (floor, seq) in visible.items()}
    highest, latest = (inf if max_id is None else max_id), (inf if before is None else before)
    spans = {feed_id: (floor, seq) for feed_id, (floor, seq) in visible.items()}
    at_top = True  # most limits are at the newest entry, or near it
    while unsettled := [feed_id for feed_id, (low, high) in spans.items() if low < high]:
        share = max(1, min(MOST_PROBES, PROBES_AT_ONCE // len(unsettled)))
        probes = {feed_id: _probes(*spans[feed_id], share, at_top) for feed_id in unsettled}
        at_top = False
        for feed_id, found in (await _look(engine, probes)).items():
            spans[feed_id] = _narrowed(spans[feed_id], probes[feed_id], found, highest, latest)
    return {feed_id: low if low > visible[feed_id][0] else 0 for feed_id, (low, _) in spans.items()}


def _probes(low: int, high: int, count: int, at_top: bool) -> list[int]:
    """Up to ``count`` seqs above ``low`` up to ``high``, rising: evenly spread, or ever closer towards the top."""
    if high - low <= count:
        return list(range(low + 1, high + 1))
    if at_top:
        steps = [high - (1 << n) + 1 for n in range(count)]
        return sorted(seq for seq in steps if seq > low)
    return sorted({low + max(1, (high - low) * n // (count + 1)) for n in range(1, count + 1)})


async def _look(engine: Engine, probes: dict[int, list[int]]) -> dict[int, dict[int, Document]]:
    """Feed → seq → place of what is there."""
    places = [key(feed_id, seq) for feed_id, seqs in probes.items() for seq in seqs]
    found = engine.db.trace.find({"_id": {"$in": places}, "feed_id": {"$in": list(probes)}}, PLACE, batch_size=ALL)
    out: dict[int, dict[int, Document]] = {feed_id: {} for feed_id in probes}
    for stored in await found.to_list():
        out[stored["feed_id"]][stored["seq"]] = stored
    return out


def _narrowed(
    span: tuple[int, int], probes: list[int], found: dict[int, Document], highest: float, latest: float
) -> tuple[int, int]:
    """The answer is at ``low`` or above, up to ``high``. A place that holds nothing counts as too new."""
    low, high = span
    for seq in probes:
        at = found.get(seq)
        if at is not None and at["id"] <= highest and at["sort_at"] < latest:
            low = max(low, seq)
        else:
            return low, min(high, seq - 1)
    return low, high
