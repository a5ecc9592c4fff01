"""address: "url" → {"verdict": "public" | "refused", "reason"}; nothing is looked up."""

from __future__ import annotations

from reader.errors import Invalid, Upstream
from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.address import canonical, check_url

    url = task.text("url")
    try:
        check_url(url, ())
        check_url(canonical(url), ())  # what would be asked for in the end
    except (Invalid, Upstream) as error:
        return {"verdict": "refused", "reason": str(error)}
    return {"verdict": "public", "reason": None}
