"""clean: the document is a fragment of HTML → {"html"}."""

from __future__ import annotations

from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.clean import clean

    return {"html": clean(task.body().decode("utf-8", "replace"), base=task.url)}
