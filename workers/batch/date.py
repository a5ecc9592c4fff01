"""date: "text" → {"utc"}."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from workers.batch.task import Task


def rfc3339(at: float | None) -> str | None:
    """UTC seconds since 1970 as RFC 3339, whole seconds; None stays None."""
    return None if at is None else datetime.fromtimestamp(math.floor(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one(task: Task) -> dict[str, object]:
    from reader.ingest.parse.dates import parse_date

    return {"utc": rfc3339(parse_date(task.text("text")))}
